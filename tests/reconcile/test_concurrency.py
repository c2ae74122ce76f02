"""Forbid, Allow and Replace: how many runs of a plug-in are under way at once, whoever comes when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.fake.faults import Fault, by_operator, sometimes
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
SECONDS = 20.0
ORDERS = [
    pytest.param(["a", "b", "c"], 1.5, id="one after the other"),
    pytest.param(["a", "b", "c"], 0.0, id="in the same second"),
    pytest.param(["c", "b", "a"], 0.0, id="in the same second, names against the order of creation"),
    pytest.param(["c", "b", "a"], 0.0011, id="while the first one's Job is being made"),
    pytest.param(["c", "b", "a"], 0.0042, id="while the first one's status is being written"),
]


async def _start(world: World, concurrency: str, names: list[str], gap: float) -> None:
    world.cluster.image("task:1.0.0", Behaviour(start=SECONDS))
    world.user.create(samples.job(concurrency=concurrency))
    await world.settle()
    await asyncio.sleep(0.1)
    for name in names:
        world.user.create(samples.run(name))
        await asyncio.sleep(gap)


def _outcomes(world: World) -> dict[str, str]:
    return {ref.name: obj["status"].get("outcome", "") for ref, obj in world.store.all("PluginRun")}


def _most_at_once(world: World) -> int:
    """The largest number of unfinished Jobs at any moment."""
    active: set[str] = set()
    most = 0
    for change in world.store.changes:
        if change.ref.kind == "Job":
            ended = change.type == "DELETED" or (change.obj.get("status") or {}).get("conditions")
            (active.discard if ended else active.add)(change.ref.name)
            most = max(most, len(active))
    return most


@pytest.mark.parametrize(("names", "gap"), ORDERS)
async def test_forbid_runs_them_one_by_one(world: World, names: list[str], gap: float) -> None:
    await _start(world, "Forbid", names, gap)
    await world.settle()

    assert _most_at_once(world) == 1
    assert set(_outcomes(world).values()) == {"Succeeded"}
    assert len(list(world.store.all("Job"))) == 3


@pytest.mark.parametrize(("names", "gap"), ORDERS)
async def test_allow_runs_them_together(world: World, names: list[str], gap: float) -> None:
    await _start(world, "Allow", names, gap)
    await world.settle()

    assert _most_at_once(world) == 3
    assert set(_outcomes(world).values()) == {"Succeeded"}


@pytest.mark.parametrize(("names", "gap"), ORDERS)
async def test_replace_lets_only_the_newest_end(world: World, names: list[str], gap: float) -> None:
    await _start(world, "Replace", names, gap)
    await world.settle()

    assert _most_at_once(world) == 1
    assert sorted(_outcomes(world).values()) == ["Replaced", "Replaced", "Succeeded"]


@pytest.mark.parametrize("concurrency", ["Forbid", "Replace"])
@pytest.mark.parametrize("lost", ["request", "answer"])
async def test_answers_that_are_lost_start_no_second_run(world: World, concurrency: str, lost: Any) -> None:
    world.server.faults.requests.append(sometimes(Fault(lose=lost), by_operator("apply", "Job"), times=6))

    await _start(world, concurrency, ["c", "b", "a"], 0.002)
    await world.settle(quiet=400)

    assert _most_at_once(world) == 1
    assert "" not in _outcomes(world).values()


async def test_a_run_waits_for_the_job_of_a_schedule(world: World) -> None:
    world.cluster.image("task:1.0.0", Behaviour(start=SECONDS))
    world.user.create(samples.cron("task", concurrency="Forbid"))
    await world.settle()
    world.cluster.jobs.fire(NAMESPACE, next(ref.name for ref, _ in world.store.all("CronJob")))
    await asyncio.sleep(1)

    world.user.create(samples.run("a"))
    await world.settle()

    assert _most_at_once(world) == 1
    assert _outcomes(world) == {"a": "Succeeded"}


async def test_a_restart_in_the_middle_keeps_the_order(world: World) -> None:
    await _start(world, "Forbid", ["c", "b", "a"], 0.0)
    for _ in range(5):
        await asyncio.sleep(7)
        await world.restart()
    await world.settle()

    assert _most_at_once(world) == 1
    assert set(_outcomes(world).values()) == {"Succeeded"}
    assert len(list(world.store.all("Job"))) == 3


async def test_what_waits_for_a_run_that_is_deleted_goes_on(world: World) -> None:
    await _start(world, "Forbid", ["a", "b"], 1.5)

    world.user.delete("PluginRun", "a")
    await world.settle()

    assert _outcomes(world) == {"b": "Succeeded"}


async def test_an_unreadable_run_holds_up_nobody(world: World) -> None:
    world.user.create(samples.job())
    made = world.user.create(samples.run("a"))
    broken = {**made, "spec": {"pluginRef": {"name": "task"}, "timeoutSeconds": "soon"}}
    await world.kill()
    ref = next(ref for ref, _ in world.store.all("PluginRun"))
    world.store.put(ref, broken, "an older release")
    await world.start()

    world.user.create(samples.run("b"))
    await world.settle()

    assert _outcomes(world)["b"] == "Succeeded"
