"""From the words of the command line over a kubeconfig and a real socket, and back to an exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from greffon.cli.main import main
from greffon.kube.kinds import POD
from tests.unit.cli.http_cluster import HttpCluster, Json
from tests.unit.cli.objects import healthy, plugin, pod


@pytest.fixture
def cluster() -> Iterator[HttpCluster]:
    with HttpCluster.open() as made:
        yield made


def greffon(cluster: HttpCluster, folder: Path, *words: str) -> int:
    """The program, in this process."""
    return main([*words, "--kubeconfig", str(cluster.kubeconfig(folder))])


def test_the_namespace_of_the_context_is_used_and_the_writer_is_named(
    cluster: HttpCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.create(healthy())

    assert greffon(cluster, tmp_path, "list", "-o", "json") == 0

    assert [item["metadata"]["name"] for item in json.loads(capsys.readouterr().out)["items"]] == ["web"]
    assert {agent.partition("/")[0] for agent in cluster.agents} == {"greffon-cli"}


def test_a_verb_waits_by_a_watch_for_the_operator(
    cluster: HttpCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def echo(obj: Json) -> None:
        token = (obj["metadata"].get("annotations") or {}).get("greffon.dev/restart")
        if token and (obj["status"].get("handled") or {}).get("restart") != token:
            cluster.set_status("Plugin", "web", {"handled": {"restart": token}})

    cluster.create(healthy())
    cluster.when_written("Plugin", echo)

    assert greffon(cluster, tmp_path, "restart", "web", "--timeout", "20s") == 0

    assert capsys.readouterr().out.startswith("web: handled; runs web-r2; Ready True Available")


def test_a_run_shows_its_log_and_gives_its_result_and_exit_code(
    cluster: HttpCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(obj: Json) -> None:
        if "outcome" in obj["status"]:
            return
        name = obj["metadata"]["name"]
        made = pod("a-pod", {"greffon.dev/run": name})
        cluster.server.do("kubelet", "POST", POD, "team-a", body=made)
        cluster.set_status("Pod", "a-pod", made["status"])
        ended = {"outcome": "Failed", "exitCode": 4, "output": {"half": "done"}, "message": "exit code 4"}
        cluster.set_status("PluginRun", name, ended)

    cluster.log = b"one\n\n\x1b[31mtwo\nlast line without an end"
    cluster.create(plugin("adder", mode="Job"))
    cluster.when_written("PluginRun", work)

    assert greffon(cluster, tmp_path, "run", "adder", "--input", '{"a": 1}') == 4

    seen = capsys.readouterr()
    assert seen.out == '{"half": "done"}\n'
    assert "one\n\n\\x1b[31mtwo\nlast line without an end\n" in seen.err


def test_credentials_that_the_cluster_does_not_know_are_called_so(
    cluster: HttpCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = cluster.kubeconfig(tmp_path)
    file.write_text(file.read_text().replace("secret-token", "another"))

    assert main(["list", "--kubeconfig", str(file)]) == 2

    assert "does not know you: Unauthorized; renew the credentials of this context" in capsys.readouterr().err
