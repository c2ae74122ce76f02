"""The operator dies before or after each single write, and again while it recovers: the end is always the same.

Each act is first played without a crash; its children, its statuses and its number of writes are the measure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.faults import Fault, by_operator, sometimes
from tests.reconcile.fake.request import Request
from tests.reconcile.view import children, story, verdict
from tests.reconcile.world import World

Json = dict[str, Any]
When = Literal["before", "after"]


def _widen(obj: Json) -> None:
    obj["spec"]["version"] = "2.0.0"
    obj["spec"]["config"] = {"values": {"level": "debug"}}
    obj["spec"]["permissions"]["rules"] = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]


def _narrow(obj: Json) -> None:
    del obj["spec"]["permissions"]
    obj["spec"]["run"] = {"mode": "Job"}


ACTS: dict[str, tuple[Json, Callable[[World], Any]]] = {
    "create": (samples.job("other"), lambda w: w.user.create(samples.full("web"))),
    "change everything": (samples.full("web"), lambda w: w.user.edit("Plugin", "web", _widen)),
    "become a Job": (samples.full("web"), lambda w: w.user.edit("Plugin", "web", _narrow)),
    "suspend": (samples.full("web"), lambda w: w.user.edit("Plugin", "web", lambda o: o["spec"].update(suspend=True))),
    "run": (samples.job("web"), lambda w: w.user.create(samples.run("run-1", "web"))),
}
WRITES = {"create": 9, "change everything": 6, "become a Job": 8, "suspend": 2, "run": 5}
POINTS = [
    (act, number, when) for act, count in WRITES.items() for number in range(count) for when in ("before", "after")
]


def _is_write(request: Request) -> bool:
    return by_operator()(request) and request.writes and request.resource.kind != "Event"


async def _play(act: str, crashes: list[tuple[int, When]]) -> tuple[dict[str, Json], dict[str, str], World]:
    """The children and verdicts at the end. Each crash is at the so-manieth write since the start before it."""
    first, then = ACTS[act]
    async with World.open() as world:
        world.user.create(first)
        await world.settle()
        world.log.entries.clear()
        for count, (number, when) in enumerate(crashes):
            world.server.faults.requests[:] = [sometimes(Fault(crash=when), _is_write, skip=number)]
            if count == 0:
                then(world)
            await world.settle()
            world.server.faults.calm()
            await world.restart()
        if not crashes:
            then(world)
        await world.settle()
        verdicts = {f"{ref.kind} {ref.name}": verdict(obj) for ref, obj in world.store.all("Plugin")}
        verdicts |= {f"{ref.kind} {ref.name}": verdict(obj) for ref, obj in world.store.all("PluginRun")}
        mark = len(world.log)
        await asyncio.sleep(400)
        assert world.log.writes(since=mark) == []
        return children(world), verdicts, world


_measures: dict[str, tuple[dict[str, Json], dict[str, str]]] = {}


async def _measure(act: str) -> tuple[dict[str, Json], dict[str, str]]:
    """The end of an act without a crash."""
    if act not in _measures:
        _measures[act] = (await _play(act, []))[:2]
    return _measures[act]


@pytest.mark.parametrize("act", ACTS)
async def test_the_measure_itself(act: str) -> None:
    _, _, world = await _play(act, [])

    assert len(world.log.writes()) == WRITES[act], world.log.show(world.log.writes())


@pytest.mark.parametrize(("act", "number", "when"), POINTS)
async def test_a_crash_at_any_write_changes_nothing_in_the_end(act: str, number: int, when: When) -> None:
    got = await _play(act, [(number, when)])

    assert got[:2] == await _measure(act)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("second", [0, 1])
async def test_a_crash_while_recovering_from_a_crash(act: str, second: int) -> None:
    got = await _play(act, [(2, "after"), (second, "before"), (0, "after")])

    assert got[:2] == await _measure(act)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(5))
async def test_a_run_never_gets_a_second_job(number: int, when: When) -> None:
    _, verdicts, world = await _play("run", [(number, when), (0, when)])

    made = [change.ref.name for change in world.store.changes if change.ref.kind == "Job" and change.type == "ADDED"]
    assert len(made) == 1
    assert verdicts["PluginRun run-1"] == "True Completed"


async def test_two_operators_at_once_end_like_one(world: World) -> None:
    await world.start()
    for obj in (samples.full("web"), samples.job("task"), samples.cron("clock")):
        world.user.create(obj)
    await world.settle()
    world.user.create(samples.run("a"))
    world.user.edit("Plugin", "web", _widen)
    await world.settle()

    jobs = [change for change in world.store.changes if change.ref.kind == "Job" and change.type == "ADDED"]
    assert len(jobs) == 1
    assert verdict(world.user.get("PluginRun", "a")) == "True Completed"
    assert story(world.store, "Plugin", "web") == ["Unknown Pending", "True Available"]
    mark = len(world.log)
    await asyncio.sleep(4000)
    assert world.log.writes(since=mark) == []
