"""The command line on a real cluster: what a person sees and what becomes of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.world import World, plugin, script

ROOT = Path(__file__).parents[2]
ADDER = 'read -r event\necho working\necho "$event" | jq -c "{sum: (.a + .b)}"'
SECONDS = 180


@dataclass(frozen=True)
class Terminal:
    """Somebody with `greffon`, in the namespace of a test."""

    world: World
    kubeconfig: Path

    def greffon(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        place = ["-n", self.world.namespace, "--kubeconfig", str(self.kubeconfig)]
        return subprocess.run(
            [sys.executable, "-m", "greffon.cli.main", *words, *place],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=os.environ | {"PYTHONPATH": str(ROOT / "operator")},
            check=False,
        )

    def fine(self, *words: str) -> str:
        """What it prints, when all is well."""
        done = self.greffon(*words)
        assert done.returncode == 0, f"greffon {' '.join(words)} ended with {done.returncode}: {done.stderr}"
        return done.stdout


@pytest.fixture
def terminal(world: World) -> Terminal:
    """With the rights of an admin."""
    return Terminal(world, world.cluster.kubeconfig)


def service(version: str, text: str = "cat") -> dict[str, Any]:
    """A Python service whose revisions differ by their text."""
    return script("web", text, mode="Service", type_="Python", version=version)


def test_list_and_get_say_what_is_wrong(world: World, terminal: Terminal) -> None:
    image = {"image": {"ref": "localhost/no-such-image:1"}}
    world.apply(script("good", "echo hi"), plugin("typo", type="Container", source=image, run={"mode": "Service"}))
    world.wait_ready("good")
    world.wait_reason("typo", "ImagePullFailed", 60)

    rows = [row.split() for row in terminal.fine("list").splitlines()]
    assert rows[0] == ["NAME", "TYPE", "VERSION", "READY", "REASON", "ACTIVE", "AGE"]
    assert [row[:6] for row in rows[1:]] == [
        ["good", "Bash", "1.0.0", "True", "Idle", "good-r1"],
        ["typo", "Container", "1.0.0", "False", "ImagePullFailed", "-"],
    ]
    assert terminal.fine("list", "-o", "name") == "plugin.greffon.dev/good\nplugin.greffon.dev/typo\n"
    assert json.loads(terminal.fine("get", "good", "-o", "json"))["spec"]["type"] == "Bash"
    told = terminal.fine("get", "typo")
    assert "NOT READY  ImagePullFailed" in told
    assert "image localhost/no-such-image:1 cannot be pulled; check its name" in told
    assert "Runs       nothing" in told


def test_a_run_gives_log_result_and_exit_code(world: World, terminal: Terminal) -> None:
    world.apply(script("adder", ADDER), script("loser", "echo about to fail >&2; exit 7"))
    world.wait_ready("adder")
    world.wait_ready("loser")

    added = terminal.greffon("run", "adder", "--input", "-", stdin='{"a": 1, "b": 2}')
    lost = terminal.greffon("run", "loser")

    assert (added.returncode, json.loads(added.stdout)) == (0, {"sum": 3}), added.stderr
    assert "working" in added.stderr.splitlines()
    assert (lost.returncode, lost.stdout) == (7, ""), lost.stderr
    assert "about to fail" in lost.stderr
    assert [row.split()[1:4] for row in terminal.fine("runs", "loser").splitlines()[1:]] == [["Failed", "Failed", "7"]]
    assert "about to fail" in terminal.fine("logs", "loser")


def test_back_to_an_older_revision_and_forward_again(world: World, terminal: Terminal) -> None:
    world.apply(service("1.0.0"))
    world.wait_ready("web", 90)
    world.apply(service("2.0.0", "print(2)"))
    world.eventually("revision 2 runs", lambda: _active(world) == "web-r2", 120)

    compared = terminal.greffon("diff", "web", "r1", "r2")
    assert compared.returncode == 1, compared.stderr
    assert "version     1.0.0 → 2.0.0" in compared.stdout
    assert "+version: 2.0.0" in compared.stdout

    assert "handled" in terminal.fine("rollback", "web")
    world.eventually("revision 1 runs", lambda: _active(world) == "web-r1", 120)
    assert world.get("plugin", "web")["spec"]["version"] == "2.0.0", "the spec is the user's"
    assert "greffon rollback web --undo" in terminal.fine("get", "web")

    assert "handled" in terminal.fine("rollback", "web", "--undo")
    world.eventually("revision 2 runs again", lambda: _active(world) == "web-r2", 120)
    assert "web-r1" in terminal.fine("history", "web")


def test_the_history_names_who_wrote_the_spec_and_who_asked(world: World, terminal: Terminal) -> None:
    """People are impersonated; the annotations about them come from the API server, whatever a manifest says."""
    forged = {"greffon.dev/author": "somebody"}
    for version, text, author in (("1.0.0", "cat", "team-a"), ("2.0.0", "print(2)", "team-b")):
        made = service(version, text)
        made["metadata"]["annotations"] = forged
        world.kubectl("apply", f"--as={author}", "--as-group=system:masters", "-f", "-", stdin=yaml.safe_dump(made))
        world.eventually(f"{version} runs", partial(_runs, world, f"web-r{version[0]}"), 120)
    request = ("annotate", "plugin/web", "greffon.dev/rollback-to=web-r1")
    world.kubectl(*request, "--as=on-call", "--as-group=system:masters")
    world.eventually("revision 1 runs", lambda: _active(world) == "web-r1", 120)

    world.eventually("the history has three entries", lambda: len(_history(world)) == 3, 60)
    assert [(entry["action"], entry.get("by")) for entry in _history(world)] == [
        ("ManualRollback", "on-call"),
        ("Activated", "team-b"),
        ("Activated", "team-a"),
    ]
    rows = [row.split() for row in terminal.fine("history", "web").splitlines()]
    assert rows[1] == ["AGO", "REVISION", "VERSION", "ACTION", "BY", "CAUSE"]
    assert rows[2][1:5] == ["r1", "1.0.0", "ManualRollback", "on-call"]


def _history(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get("plugin", "web")["status"].get("history", [])
    return found


def test_restart_makes_new_pods(world: World, terminal: Terminal) -> None:
    world.apply(service("1.0.0"))
    world.wait_ready("web", 90)
    before = _pods(world)

    assert "handled" in terminal.fine("restart", "web", "--timeout", "90s")

    world.eventually("new pods run", lambda: (now := _pods(world)) and not now & before, 120)


def test_suspend_and_resume(world: World, terminal: Terminal) -> None:
    world.apply(service("1.0.0"))
    world.wait_ready("web", 90)

    terminal.fine("suspend", "web")
    world.wait_reason("web", "Suspended", 90)
    assert "greffon resume web" in terminal.fine("get", "web")

    terminal.fine("resume", "web")
    world.wait_ready("web", 90)


def test_kubectl_finds_it(world: World, terminal: Terminal, tmp_path: Path) -> None:
    world.apply(script("good", "echo hi"))
    world.wait_ready("good")
    found = tmp_path / "kubectl-greffon"
    found.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT / "operator"} exec {sys.executable} -m greffon.cli.main "$@"\n')
    found.chmod(0o755)

    done = subprocess.run(
        [world.cluster.kubectl, "greffon", "list", "-n", world.namespace, "-o", "name"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "KUBECONFIG": str(terminal.kubeconfig)},
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "plugin.greffon.dev/good\n"), done.stderr


def test_what_cannot_be_done_is_explained(world: World, terminal: Terminal, tmp_path: Path) -> None:
    world.apply(script("cert-watcher", "echo hi"))
    stranger = Terminal(world, _without_rights(world, tmp_path))

    wrong_name = terminal.greffon("get", "cert-wacher")
    no_right = stranger.greffon("list")

    assert (wrong_name.returncode, no_right.returncode) == (2, 2)
    assert "did you mean cert-watcher?" in wrong_name.stderr
    assert f"you have no right to list plugins in namespace {world.namespace}" in no_right.stderr
    assert "Traceback" not in wrong_name.stderr + no_right.stderr


def _without_rights(world: World, folder: Path) -> Path:
    """A kubeconfig of a service account that may do nothing."""
    world.kubectl("create", "serviceaccount", "stranger")
    token = world.kubectl("create", "token", "stranger").strip()
    config = yaml.safe_load(world.cluster.kubeconfig.read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    made = folder / "stranger"
    made.write_text(yaml.safe_dump(config))
    return made


def _runs(world: World, revision: str) -> bool:
    return _active(world) == revision


def _active(world: World) -> str:
    return str((world.get("plugin", "web")["status"].get("revisions") or {}).get("active", ""))


def _pods(world: World) -> set[str]:
    """Names of the pods that are not ending."""
    found = world.items("pods", "greffon.dev/plugin=web")
    return {pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]}
