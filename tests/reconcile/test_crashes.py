"""The operator dies before or after each single write, and again while it recovers: the end is always the same.

Each act is first played without a crash; its children, its statuses and its number of writes are the measure.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, Literal

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.fake.faults import Fault, by_operator, sometimes
from tests.reconcile.fake.request import Request
from tests.reconcile.view import children, story, verdict
from tests.reconcile.world import World

Json = dict[str, Any]
When = Literal["before", "after"]
Step = Callable[[World], Any]


def _widen(obj: Json) -> None:
    obj["spec"]["version"] = "2.0.0"
    obj["spec"]["config"] = {"values": {"level": "debug"}}
    obj["spec"]["permissions"]["rules"] = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]


def _narrow(obj: Json) -> None:
    del obj["spec"]["permissions"]
    obj["spec"]["run"] = {"mode": "Job"}


def _image(tag: str) -> Step:
    return lambda w: w.user.edit("Plugin", "web", lambda o: o["spec"]["source"].update(image={"ref": f"web:{tag}"}))


def _bad(world: World) -> None:
    world.cluster.image("web:bad", Behaviour(service="crash"))


def _made(obj: Json) -> Step:
    return lambda w: w.user.create(obj)


def _failing_hook(world: World) -> None:
    world.cluster.image("web:2#postActivate", Behaviour(exit_code=1))


def _moved(world: World) -> None:
    world.registry.content[TAGGED] = "moved"


def _restart(world: World) -> None:
    world.user.annotate("Plugin", "web", restart="now")


TAGGED = "registry.example/web:1.0.0"
HOOKED = _made(samples.simple("web", hooks={"preActivate": ["a"], "postActivate": ["b"], "preDeactivate": ["c"]}))
SIMPLE, FULL = _made(samples.simple("web")), _made(samples.full("web"))
ACTS: dict[str, tuple[list[Step], Step]] = {
    "create": ([_made(samples.job("other"))], FULL),
    "change everything": ([FULL], lambda w: w.user.edit("Plugin", "web", _widen)),
    "become a Job": ([FULL], lambda w: w.user.edit("Plugin", "web", _narrow)),
    "suspend": ([FULL], lambda w: w.user.edit("Plugin", "web", lambda o: o["spec"].update(suspend=True))),
    "run": ([_made(samples.job("web"))], lambda w: w.user.create(samples.run("run-1", "web"))),
    "a good upgrade": ([SIMPLE], _image("2")),
    "a bad upgrade and its rollback": ([SIMPLE, _bad], _image("bad")),
    "a bad first version": ([_bad], _made(samples.simple("web", source={"image": {"ref": "web:bad"}}))),
    "back by hand": ([SIMPLE, _image("2")], lambda w: w.user.annotate("Plugin", "web", **{"rollback-to": "web-r1"})),
    "back by hand and forth again": (
        [SIMPLE, _image("2"), lambda w: w.user.annotate("Plugin", "web", **{"rollback-to": "web-r1"})],
        lambda w: w.user.annotate("Plugin", "web", **{"rollback-to": None}),
    ),
    "a reset after the cause is gone": (
        [SIMPLE, _bad, _image("bad"), lambda w: w.cluster.image("web:bad", Behaviour())],
        lambda w: w.user.annotate("Plugin", "web", reset="now"),
    ),
    "an upgrade with hooks": ([HOOKED], _image("2")),
    "an upgrade whose last hook fails": ([HOOKED, _failing_hook], _image("2")),
    "a restart after the tag was moved": ([_made(samples.simple("web", image=TAGGED)), _moved], _restart),
    "a restart": ([SIMPLE], lambda w: w.user.annotate("Plugin", "web", restart="now")),
}
WRITES = {
    "create": 9,
    "change everything": 6,
    "become a Job": 8,
    "suspend": 2,
    "run": 5,
    "a good upgrade": 4,
    "a bad upgrade and its rollback": 5,
    "a bad first version": 7,
    "back by hand": 5,
    "back by hand and forth again": 5,
    "a reset after the cause is gone": 5,
    "an upgrade with hooks": 8,
    "an upgrade whose last hook fails": 12,
    "a restart after the tag was moved": 5,
    "a restart": 3,
}
POINTS = [
    (act, number, when) for act, count in WRITES.items() for number in range(count) for when in ("before", "after")
]


def _is_write(request: Request) -> bool:
    return by_operator()(request) and request.writes and request.resource.kind != "Event"


async def _play(act: str, crashes: list[tuple[int, When]]) -> tuple[dict[str, Json], dict[str, str], World]:
    """The children and verdicts at the end. Each crash is at the so-manieth write since the start before it."""
    before, then = ACTS[act]
    async with World.open() as world:
        for step in before:
            step(world)
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
        verdicts |= {f"history of {ref.name}": _told(obj) for ref, obj in world.store.all("Plugin")}
        mark = len(world.log)
        await asyncio.sleep(400)
        assert world.log.writes(since=mark) == []
        return _by_meaning(children(world)), verdicts, world


def _by_meaning(found: dict[str, Json]) -> dict[str, Json]:
    """Jobs of hooks under the hook's name: their own depends on when the activation before them was."""
    made: dict[str, Json] = {}
    for key, obj in found.items():
        hook = (obj["metadata"].get("labels") or {}).get("greffon.dev/hook")
        if hook:
            revision = obj["spec"]["template"]["metadata"]["labels"]["greffon.dev/revision"]
            number = sum(name.startswith(f"{hook} r{revision}") for name in made)
            made[f"{hook} r{revision} {number}"] = obj["spec"]["template"]["spec"]
        else:
            made[key] = obj
            if message := (obj.get("status") or {}).get("message"):
                obj["status"]["message"] = re.sub("Job plg-web-[0-9a-f]{10}", "Job of the hook", message)
    return made


def _told(plugin: Json) -> str:
    """What the status remembers, without times."""
    status = plugin["status"]
    actions = [f"{entry['action']} r{entry['revision']}" for entry in status.get("history", ())]
    quarantined = [entry["revision"] for entry in status.get("quarantined", ())]
    return f"{actions} {quarantined} {status.get('handled')} {status.get('revisions')}"


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
