"""A Job whose new version fails gives way, and a run in flight ends as it began (promise 6).

Run by pytest on the real cluster; the same promises on the in-memory API server are in `tests/reconcile`.
"""

from __future__ import annotations

from functools import partial

import pytest

from tests.e2e.test_rollback import actions
from tests.e2e.world import Json, World, script

pytestmark = pytest.mark.timeout(600)
WORKS, FAILS, SLOW = "echo '{}'", "exit 7", "sleep 45; echo '{}'"


def task(version: str, text: str, concurrency: str = "Forbid") -> Json:
    """A Job plug-in; versions differ by their script."""
    return script("task", text, version=version, run={"concurrency": concurrency})


def start(world: World, name: str) -> None:
    """Ask for a run without waiting for its end."""
    spec = {"pluginRef": {"name": "task"}}
    world.apply({"apiVersion": "greffon.dev/v1alpha1", "kind": "PluginRun", "metadata": {"name": name}, "spec": spec})


def run_status(world: World, name: str) -> Json:
    status: Json = world.get("pluginrun", name).get("status") or {}
    return status


def takes_over(world: World, obj: Json, revision: str) -> None:
    """Apply a version and wait until the next run would be of it."""
    world.apply(obj)
    world.kubectl("wait", "plugin/task", f"--for=jsonpath={{.status.revisions.active}}={revision}", "--timeout=60s")


def revision_of_running_pod(world: World, name: str) -> str:
    """The revision that the running pod of a run is labelled with; empty while there is none."""
    pods = world.items("pods", f"greffon.dev/run={name}")
    return next(
        (p["metadata"]["labels"]["greffon.dev/revision"] for p in pods if p["status"]["phase"] == "Running"), ""
    )


def outcome(world: World, name: str) -> str:
    return str(run_status(world, name).get("outcome", ""))


def test_three_failing_runs_of_a_new_version_lead_back(world: World) -> None:
    takes_over(world, task("1.0.0", WORKS), "task-r1")
    assert world.run("task", "before")["status"]["outcome"] == "Succeeded"
    takes_over(world, task("2.0.0", FAILS), "task-r2")

    for name in ("a", "b", "c"):
        ended = world.run("task", name)["status"]
        assert (ended["outcome"], ended["revision"]) == ("Failed", "task-r2")

    message = world.wait_reason("task", "RolledBack", 60)
    assert "3 runs in a row failed, the last one, c: ended with exit code 7" in message
    assert world.condition("task", "Available")["status"] == "True"
    (bad,) = world.get("plugin", "task")["status"]["quarantined"]
    assert (bad["revision"], bad["cause"]) == ("task-r2", "RunFailed")
    assert world.get("pluginrevision", "task-r2")["status"]["state"] == "Quarantined"
    assert actions(world, "task") == ["Activated r1", "Activated r2", "Quarantined r2", "RolledBack r1"]
    after = world.run("task", "after")["status"]
    assert (after["outcome"], after["revision"]) == ("Succeeded", "task-r1")


def test_a_run_in_flight_ends_on_its_own_version(world: World) -> None:
    takes_over(world, task("1.0.0", SLOW, "Allow"), "task-r1")
    start(world, "slow")
    world.eventually("the slow run runs", partial(revision_of_running_pod, world, "slow"))

    takes_over(world, task("2.0.0", WORKS, "Allow"), "task-r2")
    assert world.run("task", "quick")["status"]["revision"] == "task-r2"
    assert revision_of_running_pod(world, "slow") == "1"

    world.eventually("the slow run has ended", partial(outcome, world, "slow"), 90)
    ended = run_status(world, "slow")
    assert (ended["outcome"], ended["revision"]) == ("Succeeded", "task-r1")


# How the old version's run ends, and what the new version's run does while the old one's still runs.
POLICIES = {"Forbid": ("Succeeded", "waits"), "Replace": ("Replaced", "replaces"), "Allow": ("Succeeded", "overtakes")}


@pytest.mark.parametrize("policy", POLICIES)
def test_a_concurrency_policy_holds_across_a_change_of_version(world: World, policy: str) -> None:
    end, manner = POLICIES[policy]
    takes_over(world, task("1.0.0", SLOW, policy), "task-r1")
    start(world, "old")
    world.eventually("the old run runs", partial(revision_of_running_pod, world, "old"))
    takes_over(world, task("2.0.0", WORKS, policy), "task-r2")

    start(world, "new")
    if manner == "waits":
        world.eventually("the new run waits", lambda: "waits until old has ended" in str(run_status(world, "new")))
        assert revision_of_running_pod(world, "old") == "1"
    if manner == "overtakes":
        world.eventually("the new run has ended", partial(outcome, world, "new"))
        assert outcome(world, "old") == ""

    for name in ("old", "new"):
        world.eventually(f"{name} has ended", partial(outcome, world, name), 120)
    old, new = run_status(world, "old"), run_status(world, "new")
    assert (old["outcome"], old["revision"]) == (end, "task-r1")
    assert (new["outcome"], new["revision"]) == ("Succeeded", "task-r2")
