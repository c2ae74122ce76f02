"""A version of a Job whose runs fail gives way to the one before; what runs already ends as it began."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.fake.store import Ref
from tests.reconcile.view import condition, verdict
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
FAILS, WORKS = Behaviour(exit_code=1), Behaviour()


async def _versions(world: World, **spec: Any) -> None:
    """A Job whose first version has run well; the second one is in place."""
    world.user.create(samples.job(image="task:1", **spec))
    await world.settle()
    await _run(world, "first")
    world.user.edit("Plugin", "task", lambda o: o["spec"].update(version="2.0.0", source={"image": {"ref": "task:2"}}))
    await world.settle()


async def _run(world: World, name: str) -> Json:
    world.user.create(samples.run(name))
    await world.settle(quiet=60)
    status: Json = world.user.get("PluginRun", name)["status"]
    return status


def _actions(world: World) -> list[str]:
    history = world.user.get("Plugin", "task")["status"]["history"]
    return [f"{entry['action']} r{entry['revision']}" for entry in reversed(history)]


async def test_three_failing_runs_of_a_new_version_lead_back_and_the_next_run_is_of_the_old_one(world: World) -> None:
    world.cluster.image("task:2", FAILS)
    await _versions(world)
    for name in ("a", "b", "c"):
        assert (await _run(world, name))["revision"] == "task-r2"

    plugin = world.user.get("Plugin", "task")
    assert verdict(plugin) == "False RolledBack"
    assert verdict(plugin, "Available") == "True Available"
    assert "3 runs in a row failed, the last one, c: ended with exit code 1" in condition(plugin, "Ready")["message"]
    assert plugin["status"]["revisions"]["active"] == "task-r1"

    after = await _run(world, "d")
    assert (after["outcome"], after["revision"]) == ("Succeeded", "task-r1")
    job = next(obj for ref, obj in world.store.all("Job") if ref.name == after["job"])
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == "task:1"
    assert _actions(world) == ["Activated r1", "Activated r2", "Quarantined r2", "RolledBack r1"]


async def test_a_schedule_goes_back_too(world: World) -> None:
    world.cluster.image("task:2", FAILS)
    await _versions(world, triggers=samples.CRON)
    ((cron, _),) = world.store.all("CronJob")
    for number in (1, 2, 3):
        world.cluster.jobs.fire(NAMESPACE, cron.name, number)
        await world.settle(quiet=60)

    live = world.store.get(Ref("CronJob", NAMESPACE, cron.name))
    assert live is not None
    pod = live["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "task:1"


async def test_a_success_in_between_starts_the_count_anew(world: World) -> None:
    world.cluster.image("task:2", FAILS)
    await _versions(world)
    await _run(world, "a")
    await _run(world, "b")
    world.cluster.image("task:2", WORKS)
    await _run(world, "c")
    world.cluster.image("task:2", FAILS)
    await _run(world, "d")
    await _run(world, "e")

    assert verdict(world.user.get("Plugin", "task")) == "False RunFailed"
    assert (await _run(world, "f"))["revision"] == "task-r2"


async def test_a_first_version_that_fails_can_still_be_run(world: World) -> None:
    world.cluster.image("task:1", FAILS)
    world.user.create(samples.job(image="task:1"))
    for name in ("a", "b", "c", "d"):
        assert (await _run(world, name))["revision"] == "task-r1"

    assert verdict(world.user.get("Plugin", "task")) == "False RunFailed"


async def test_a_run_in_flight_ends_on_its_own_revision(world: World) -> None:
    world.cluster.image("task:2", Behaviour(start=3000.0))
    await _versions(world, concurrency="Allow", run={"timeoutSeconds": 86000})
    world.user.create(samples.run("slow"))
    await world.settle()
    world.cluster.image("task:2", FAILS)
    for name in ("a", "b", "c"):
        await _run(world, name)
    assert verdict(world.user.get("Plugin", "task")) == "False RolledBack"
    assert world.user.get("PluginRun", "slow")["status"]["revision"] == "task-r2"

    await world.settle(quiet=4000)

    status = world.user.get("PluginRun", "slow")["status"]
    assert (status["outcome"], status["revision"]) == ("Failed", "task-r2")


@pytest.mark.parametrize("token", ["task-r1", "1"])
async def test_a_person_goes_back_by_hand_and_runs_follow(world: World, token: str) -> None:
    await _versions(world)
    world.user.annotate("Plugin", "task", **{"rollback-to": token})
    await world.settle()

    assert (await _run(world, "a"))["revision"] == "task-r1"

    world.user.annotate("Plugin", "task", **{"rollback-to": None})
    await world.settle()
    assert (await _run(world, "b"))["revision"] == "task-r2"


async def test_runs_that_never_reached_the_plug_in_do_not_count(world: World) -> None:
    world.cluster.image("task:2", Behaviour(start=10_000.0))
    await _versions(world, run={"timeoutSeconds": 10})
    for name in ("a", "b", "c"):
        world.user.create(samples.run(name))
        await world.settle(quiet=300)
        assert world.user.get("PluginRun", name)["status"]["outcome"] == "TimedOut"

    assert verdict(world.user.get("Plugin", "task")) == "False RunFailed"


async def test_a_version_that_ran_well_long_ago_is_not_left_when_the_world_fails(world: World) -> None:
    await _versions(world, rollback={"watchSeconds": 600})
    assert (await _run(world, "good"))["outcome"] == "Succeeded"
    await asyncio.sleep(2 * 86_400)  # runs are removed after a day
    world.user.annotate("Plugin", "task", reconcile="1")
    await world.settle()
    assert world.user.find("PluginRun", "good") is None

    world.cluster.image("task:2", FAILS)
    for name in ("a", "b", "c", "d"):
        assert (await _run(world, name))["revision"] == "task-r2"

    plugin = world.user.get("Plugin", "task")
    assert verdict(plugin) == "False RunFailed"
    assert plugin["status"]["revisions"] == {"desired": "task-r2", "active": "task-r2", "lastGood": "task-r2"}


async def test_a_version_that_has_not_run_yet_is_in_place_but_not_good(world: World) -> None:
    await _versions(world)

    revisions = world.user.get("Plugin", "task")["status"]["revisions"]
    assert revisions == {"desired": "task-r2", "active": "task-r2", "lastGood": "task-r1"}
