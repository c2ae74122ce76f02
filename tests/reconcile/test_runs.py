"""A PluginRun from wish to result."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour, report
from tests.reconcile.fake.store import Ref
from tests.reconcile.view import condition, story, verdict
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
IMAGE = "task:1.0.0"


def _jobs(world: World) -> list[Json]:
    return [obj for _, obj in world.store.all("Job")]


async def _run(world: World, plugin: Json, run: Json, behaviour: Behaviour) -> Json:
    """The run's status after everything has come to rest."""
    world.cluster.image(IMAGE, behaviour)
    world.user.create(plugin)
    await world.settle()
    world.user.create(run)
    await world.settle(quiet=60)
    status: Json = world.user.get("PluginRun", "run-1")["status"]
    return status


async def test_a_run_costs_its_owner_its_job_and_two_statuses(world: World) -> None:
    world.user.create(samples.job())
    await world.settle()
    mark = len(world.log)

    world.user.create(samples.run())
    await world.settle()

    assert world.log.count(since=mark) == {
        "PluginRun apply": 1,
        "Job apply": 1,
        "PluginRun/status apply": 2,
        "Plugin/status apply": 1,  # the last run
    }
    assert story(world.store, "PluginRun", "run-1") == ["Unknown Pending", "False Running", "True Completed"]


ENDINGS: list[Any] = [
    pytest.param(
        Behaviour(message=report(output={"rotated": 3}, tail="done")),
        {"outcome": "Succeeded", "reason": "Completed", "exitCode": 0, "output": {"rotated": 3}, "tail": "done"},
        id="success with a result",
    ),
    pytest.param(
        Behaviour(exit_code=3, message=report(exit_code=3, tail="boom")),
        {"outcome": "Failed", "reason": "Failed", "exitCode": 3, "tail": "boom"},
        id="failure with the last lines",
    ),
    pytest.param(
        Behaviour(exit_code=137, reason="OOMKilled"),
        {"outcome": "Failed", "reason": "OOMKilled", "exitCode": 137},
        id="killed for its memory",
    ),
    pytest.param(
        Behaviour(exit_code=124, message=report(exit_code=124)),
        {"outcome": "TimedOut", "reason": "TimedOut", "exitCode": 124},
        id="stopped by the runner when its time was up",
    ),
    pytest.param(
        Behaviour(start=1e6), {"outcome": "TimedOut", "reason": "TimedOut"}, id="stopped by the cluster: it never ended"
    ),
    pytest.param(
        Behaviour(message=report(truncated=True)),
        {"outcome": "Succeeded", "exitCode": 0, "truncated": True},
        id="a result too large to keep",
    ),
    pytest.param(
        Behaviour(message="plain last words"),
        {"outcome": "Succeeded", "exitCode": 0, "tail": "plain last words"},
        id="a container that knows nothing of the contract",
    ),
    pytest.param(Behaviour(message='{"contract": "v1", '), {"outcome": "Succeeded"}, id="a result cut in the middle"),
    pytest.param(
        Behaviour(message='{"contract":"v1","output":[1],"tail":7}'), {"output": [1], "tail": "7"}, id="odd types"
    ),
]


@pytest.mark.parametrize(("behaviour", "expected"), ENDINGS)
async def test_how_a_run_ends(world: World, behaviour: Behaviour, expected: Json) -> None:
    plugin = samples.job(run={"timeoutSeconds": 5})
    world.cluster.image(IMAGE, behaviour)
    world.user.create(plugin)
    await world.settle()
    world.user.create(samples.run())
    await world.settle(quiet=120)

    status = world.user.get("PluginRun", "run-1")["status"]
    assert {key: status.get(key) for key in expected} == expected
    assert status["revision"] == "task-r1"
    assert status["completionTime"] >= status["startTime"]
    assert condition(world.user.get("PluginRun", "run-1"), "Succeeded")["status"] == str(
        status["outcome"] == "Succeeded"
    )
    assert len(_jobs(world)) == 1


async def test_input_and_time_limit_of_a_run_reach_its_pod(world: World) -> None:
    await _run(world, samples.job(), samples.run(input={"a": 1}, timeoutSeconds=7), Behaviour())

    template = _jobs(world)[0]["spec"]["template"]
    assert template["metadata"]["annotations"] == {"internal.greffon.dev/event": '{"a":1}'}
    assert {"name": "GREFFON_TIMEOUT_SECONDS", "value": "7"} in template["spec"]["containers"][0]["env"]


async def test_attempts_are_made_as_often_as_declared(world: World) -> None:
    status = await _run(world, samples.job(run={"retries": 2}), samples.run(), Behaviour(exit_code=1))

    assert status["outcome"] == "Failed"
    assert len(list(world.store.all("Pod"))) == 3


WAITS: list[Any] = [
    pytest.param(None, samples.job(), "False PluginNotFound", id="no such plug-in: it is created later"),
    pytest.param(
        samples.job(suspend=True), samples.job(), "False PluginSuspended", id="suspended: it is resumed later"
    ),
    pytest.param(
        samples.job(events={"publishes": [{"topic": "a.b"}]}),
        samples.job(),
        "False PluginNotReady",
        id="refused: corrected later",
    ),
]


@pytest.mark.parametrize(("first", "then", "waiting"), WAITS)
async def test_a_run_waits_for_its_plug_in(world: World, first: Json | None, then: Json, waiting: str) -> None:
    if first:
        world.user.create(first)
    world.user.create(samples.run())
    await world.settle()
    assert verdict(world.user.get("PluginRun", "run-1")) == waiting
    assert _jobs(world) == []

    if first:
        world.user.edit("Plugin", "task", lambda o: o.update(spec=then["spec"]))
    else:
        world.user.create(then)
    await world.settle()

    assert world.user.get("PluginRun", "run-1")["status"]["outcome"] == "Succeeded"


async def test_a_run_of_a_service_is_refused(world: World) -> None:
    world.user.create(samples.simple("task"))
    await world.settle()

    world.user.create(samples.run())
    await world.settle()

    status = world.user.get("PluginRun", "run-1")["status"]
    assert (status["outcome"], status["reason"]) == ("Refused", "PluginNotRunnable")
    assert _jobs(world) == []


async def test_a_job_that_somebody_deletes_is_lost_and_not_made_again(world: World) -> None:
    world.cluster.image(IMAGE, Behaviour(start=100))
    world.user.create(samples.job())
    await world.settle()
    world.user.create(samples.run())
    await asyncio.sleep(20)

    world.user.delete("Job", _jobs(world)[0]["metadata"]["name"])
    await world.settle(quiet=200)

    status = world.user.get("PluginRun", "run-1")["status"]
    assert (status["outcome"], status["reason"]) == ("Failed", "JobLost")
    assert _jobs(world) == []


TTL: list[Any] = [
    pytest.param(samples.run(ttlSecondsAfterFinished=100), 0, 90, 120, id="as long as it says"),
    pytest.param(samples.run(ttlSecondsAfterFinished=0), 0, 0, 30, id="not at all"),
]


@pytest.mark.parametrize(("run", "restarts", "still", "gone"), TTL)
async def test_a_finished_run_is_kept_as_long_as_it_says(
    world: World, run: Json, restarts: int, still: float, gone: float
) -> None:
    world.user.create(samples.job())
    await world.settle()
    world.user.create(run)
    await asyncio.sleep(still)
    assert world.store.get(Ref("PluginRun", NAMESPACE, "run-1"))

    await asyncio.sleep(gone - still)
    await world.settle()

    assert [ref.kind for ref, _ in world.store.all() if ref.kind in ("PluginRun", "Job", "Pod")] == []


async def test_a_finished_run_is_kept_over_a_restart_and_then_goes(world: World) -> None:
    world.user.create(samples.job())
    await world.settle()
    world.user.create(samples.run(ttlSecondsAfterFinished=100))
    await asyncio.sleep(50)
    await world.restart()
    await asyncio.sleep(30)
    assert world.store.get(Ref("PluginRun", NAMESPACE, "run-1"))

    await asyncio.sleep(60)

    assert world.store.get(Ref("PluginRun", NAMESPACE, "run-1")) is None


async def test_deleting_the_plug_in_takes_its_runs_along(world: World) -> None:
    await _run(world, samples.job(), samples.run(), Behaviour())

    world.user.delete("Plugin", "task")
    await world.settle()

    assert [ref.kind for ref, _ in world.store.all() if ref.kind != "Event"] == []


async def test_the_last_run_is_the_plug_in_s_health(world: World) -> None:
    await _run(world, samples.job(), samples.run(), Behaviour(exit_code=9))
    plugin = world.user.get("Plugin", "task")
    assert verdict(plugin) == "False RunFailed"
    assert plugin["status"]["lastRun"]["exitCode"] == 9

    world.cluster.image(IMAGE, Behaviour())
    world.user.create(samples.run("run-2", ttlSecondsAfterFinished=60))
    await world.settle(quiet=200)

    assert world.store.get(Ref("PluginRun", NAMESPACE, "run-2")) is None
    assert verdict(world.user.get("Plugin", "task")) == "True Idle"


async def test_a_run_of_a_schedule_is_the_plug_in_s_health_too(world: World) -> None:
    world.cluster.image(IMAGE, Behaviour(exit_code=4))
    world.user.create(samples.cron("task"))
    await world.settle()
    name = next(ref.name for ref, _ in world.store.all("CronJob"))

    world.cluster.jobs.fire(NAMESPACE, name)
    await world.settle()
    assert verdict(world.user.get("Plugin", "task")) == "False RunFailed"

    world.cluster.image(IMAGE, Behaviour())
    world.cluster.jobs.fire(NAMESPACE, name, 2)
    await world.settle()
    assert verdict(world.user.get("Plugin", "task")) == "True Scheduled"
