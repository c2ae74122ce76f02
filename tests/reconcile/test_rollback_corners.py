"""Corners of versions: reset, suspension, refused requests, old crashes, old releases, stale answers, long circles."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from greffon.engine.cache import Cache
from greffon.engine.queue import Key, Queue
from greffon.kube import kinds
from greffon.reconcile.intake import Intake
from greffon.reconcile.neighbours import Neighbours
from greffon.reconcile.seen import Seen
from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.view import verdict
from tests.reconcile.world import World

Json = dict[str, Any]
CRASHES = Behaviour(service="crash")


def _history(world: World, name: str) -> list[str]:
    entries = world.user.get("Plugin", name)["status"].get("history", [])
    return [f"{entry['action']} r{entry['revision']}" for entry in reversed(entries)]


def _image(world: World, tag: int, name: str = "web") -> None:
    change = {"version": f"{tag}.0.0", "source": {"image": {"ref": f"{name}:{tag}"}}}
    world.user.edit("Plugin", name, lambda o: o["spec"].update(change))


async def _run(world: World, name: str) -> Json:
    world.user.create(samples.run(name))
    await world.settle(quiet=60)
    return cast("Json", world.user.get("PluginRun", name)["status"])


async def _job_fallen_back(world: World) -> None:
    """A Job whose second version has failed three times."""
    world.cluster.image("task:2", Behaviour(exit_code=1))
    world.user.create(samples.job(image="task:1"))
    await world.settle()
    await _run(world, "first")
    _image(world, 2, "task")
    await world.settle()
    for name in "abc":
        await _run(world, name)
    assert verdict(world.user.get("Plugin", "task")) == "False RolledBack"


async def test_runs_from_before_a_reset_do_not_undo_it(world: World) -> None:
    await _job_fallen_back(world)
    world.cluster.image("task:2", Behaviour())

    world.user.annotate("Plugin", "task", reset="now")
    await world.settle()
    world.user.annotate("Plugin", "task", reconcile="1")
    await world.settle()

    assert _history(world, "task")[-1] == "Reset r2"
    assert (await _run(world, "d"))["revision"] == "task-r2"


async def test_a_refused_request_does_not_stop_the_runs_of_what_was_gone_back_to(world: World) -> None:
    await _job_fallen_back(world)

    world.user.annotate("Plugin", "task", **{"rollback-to": "r2"})
    await world.settle()

    assert verdict(world.user.get("Plugin", "task"), "RolledBack") == "True RolledBack"
    assert (await _run(world, "d"))["revision"] == "task-r1"


async def test_crashes_of_other_days_do_not_condemn_what_one_goes_back_to(world: World) -> None:
    world.cluster.image("web:3", CRASHES)
    world.user.create(samples.simple("web", image="web:1"))
    await world.settle()
    _image(world, 2)
    await world.settle()
    await asyncio.sleep(5000)
    ((pod, _),) = world.store.all("Pod")
    last = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": world.store.timestamp()}}
    world.user.edit(
        "Pod",
        pod.name,
        lambda o: o["status"]["containerStatuses"][0].update(restartCount=3, lastState=last),
        sub="status",
    )
    await world.settle(quiet=200)

    _image(world, 3)
    await world.settle(quiet=200)

    assert _history(world, "web")[-2:] == ["Quarantined r3", "RolledBack r2"]


async def test_suspending_what_was_pinned_is_told_once(world: World) -> None:
    world.user.create(samples.simple("web", image="web:1"))
    await world.settle()
    _image(world, 2)
    await world.settle()
    world.user.annotate("Plugin", "web", **{"rollback-to": "r1"})
    await world.settle()
    world.user.edit("Plugin", "web", lambda o: o["spec"].update(suspend=True))
    await world.settle()
    before = _history(world, "web")
    for turn in range(4):
        world.user.annotate("Plugin", "web", reconcile=str(turn))
        await world.settle()

    assert _history(world, "web") == before
    assert before[-1] == "Deactivated r1"


async def test_what_was_gone_back_to_is_told_again_after_a_suspension(world: World) -> None:
    world.cluster.image("web:2", CRASHES)
    world.user.create(samples.simple("web", image="web:1"))
    await world.settle()
    _image(world, 2)
    await world.settle(quiet=200)
    for suspended in (True, False):
        world.user.respec("web", suspend=suspended)
        await world.settle()

    assert _history(world, "web")[-3:] == ["RolledBack r1", "Deactivated r1", "Activated r1"]


async def test_a_plug_in_of_a_release_without_history_goes_back_to_its_last_good_revision(world: World) -> None:
    def forget(obj: Json) -> None:
        del obj["status"]["history"]

    world.cluster.image("web:2", CRASHES)
    world.user.create(samples.simple("web", image="web:1"))
    await world.settle()
    await world.kill()
    world.user.edit("Plugin", "web", forget, sub="status")
    _image(world, 2)
    await world.start()
    await world.settle(quiet=200)

    assert verdict(world.user.get("Plugin", "web")) == "False RolledBack"


async def test_a_number_never_means_two_contents(world: World) -> None:
    world.user.create(samples.simple("web", image="web:1", rollback={"historyLimit": 1}))
    await world.settle()
    for tag in (2, 1, 3):
        _image(world, tag)
        await world.settle()
        for ref, obj in list(world.store.all("PluginRevision")):
            if obj["status"]["state"] != "Active":
                world.user.delete("PluginRevision", ref.name)
        await world.settle()

    images = {
        (change.ref.name, change.obj["spec"]["plugin"]["source"]["image"]["ref"])
        for change in world.store.changes
        if change.ref.kind == "PluginRevision"
    }
    assert len({name for name, _ in images}) == len(images)


async def test_a_circle_among_those_that_run_is_told_to_all_its_members(world: World) -> None:
    for name, needs in {"a": "b", "b": "c", "c": "d", "d": ""}.items():
        spec: dict[str, Any] = {"dependsOn": [{"plugin": needs}]} if needs else {}
        world.user.create(samples.simple(name, **spec))
    await world.settle()

    world.user.edit("Plugin", "d", lambda o: o["spec"].update(dependsOn=[{"plugin": "a"}]))
    await world.settle()

    found = {name: verdict(world.user.get("Plugin", name), "DependenciesReady") for name in "abcd"}
    assert found == dict.fromkeys("abcd", "False DependencyCycle")
    assert {verdict(world.user.get("Plugin", name)) for name in "abc"} == {"True Available"}


def test_an_older_answer_does_not_overwrite_what_a_newer_event_said_of_dependencies() -> None:
    cache: Cache[Seen] = Cache()
    near = Neighbours(cache)
    intake = Intake(cache, Queue(), near)

    def stored(version: int, *needs: str) -> Json:
        spec: dict[str, Any] = {"dependsOn": [{"plugin": name} for name in needs]} if needs else {}
        obj = samples.simple("a", **spec)
        obj["metadata"] |= {"namespace": "n", "uid": "u", "resourceVersion": str(version), "generation": 1}
        return obj

    intake.sink(kinds.PLUGIN, "ADDED", stored(1))
    intake.sink(kinds.PLUGIN, "MODIFIED", stored(3, "b"))
    intake.remember(kinds.PLUGIN, stored(2))

    assert near.around(Key("Plugin", "n", "a")) == {Key("Plugin", "n", "b")}
