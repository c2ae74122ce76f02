"""What a status says, at every moment: no verdict that is taken back, no version that runs ahead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.view import condition, story, verdict
from tests.reconcile.world import World

Json = dict[str, Any]
NEVER_BEFORE = "Unknown Pending"


def _image(ref: str) -> Callable[[Json], None]:
    return lambda obj: obj["spec"]["source"]["image"].update(ref=ref)


STORIES: list[Any] = [
    pytest.param(1.0, 9.0, [NEVER_BEFORE, "True Available"], id="ready within the grace: one verdict"),
    pytest.param(
        30.0,
        60.0,
        [NEVER_BEFORE, "False Progressing", "True Available"],
        id="ready after the grace: progress, then ready",
    ),
]


@pytest.mark.parametrize(("start", "wait", "told"), STORIES)
async def test_a_start_tells_this_and_nothing_else(world: World, start: float, wait: float, told: list[str]) -> None:
    world.cluster.image("web:1.0.0", Behaviour(start=start))
    world.user.create(samples.simple("web", run={"replicas": 3}))
    await world.settle(quiet=wait)

    assert story(world.store, "Plugin", "web") == told


async def test_a_good_change_is_never_unready(world: World) -> None:
    world.user.create(samples.simple("web"))
    await world.settle()

    world.user.edit("Plugin", "web", _image("web:2.0.0"))
    await world.settle()

    assert story(world.store, "Plugin", "web") == [NEVER_BEFORE, "True Available"]
    assert story(world.store, "Plugin", "web", "Available")[-1] == "True Available"


async def test_a_restart_says_nothing_new(world: World) -> None:
    world.user.create(samples.simple("web"))
    world.user.create(samples.job())
    await world.settle()
    world.user.create(samples.run())
    for _ in range(3):
        await asyncio.sleep(0.3)
        await world.restart()
    await world.settle()

    assert story(world.store, "Plugin", "web") == [NEVER_BEFORE, "True Available"]
    assert story(world.store, "Plugin", "task") == [NEVER_BEFORE, "True Idle"]
    assert story(world.store, "PluginRun", "run-1") == [NEVER_BEFORE, "False Running", "True Completed"]


FAILURES: list[Any] = [
    pytest.param(Behaviour(service="pull"), "ImagePullFailed", "web:2.0.0", None, id="a registry that does not answer"),
    pytest.param(Behaviour(service="unknown"), "ImagePullFailed", "web:2.0.0", "ImagePullFailed", id="no such image"),
    pytest.param(Behaviour(service="crash", exit_code=7), "RolledBack", "exit code 7", "CrashLoop", id="exits"),
    pytest.param(Behaviour(service="oom"), "RolledBack", "its own limit", "OOMKilled", id="needs too much memory"),
    pytest.param(Behaviour(service="secret"), "SecretNotFound", "run.secrets", "SecretNotFound", id="no such Secret"),
    pytest.param(
        Behaviour(service="unschedulable"), "Unschedulable", "Insufficient memory", None, id="no node takes it"
    ),
    pytest.param(Behaviour(service="never"), "RolledBack", "300 s", "NotReady", id="never ready"),
]


@pytest.mark.parametrize(("behaviour", "reason", "text", "quarantined"), FAILURES)
async def test_a_bad_change_is_told_while_the_old_revision_serves(
    world: World, behaviour: Behaviour, reason: str, text: str, quarantined: str | None
) -> None:
    world.user.create(samples.simple("web"))
    await world.settle()
    world.cluster.image("web:2.0.0", behaviour)

    world.user.edit("Plugin", "web", _image("web:2.0.0"))
    await world.settle(quiet=400)

    plugin = world.user.get("Plugin", "web")
    told = [verdict for verdict in story(world.store, "Plugin", "web") if verdict != "False Progressing"]
    assert told[1] == "True Available"
    assert told[2] == f"False {reason}"
    assert text in str([change.obj["status"] for change in world.store.changes if change.ref.kind == "Plugin"])
    assert verdict(plugin, "Available") == "True Available"
    assert condition(plugin, "Available")["message"] == "revision r1 serves"
    assert plugin["status"]["revisions"] == {"desired": "web-r2", "active": "web-r1", "lastGood": "web-r1"}
    assert [found["cause"] for found in plugin["status"].get("quarantined", [])] == (
        [quarantined] if quarantined else []
    )
    assert verdict(plugin) == ("False RolledBack" if quarantined else f"False {reason}")


@pytest.mark.parametrize(("behaviour", "reason", "text", "quarantined"), FAILURES)
async def test_a_bad_start_heals_when_the_image_does(
    world: World, behaviour: Behaviour, reason: str, text: str, quarantined: str | None
) -> None:
    world.cluster.image("web:1.0.0", behaviour)
    world.user.create(samples.simple("web"))
    await world.settle(quiet=400)
    assert verdict(world.user.get("Plugin", "web"), "Available").startswith("False")

    world.user.edit("Plugin", "web", _image("web:1.0.1"))
    await world.settle()

    assert verdict(world.user.get("Plugin", "web")) == "True Available"
    assert story(world.store, "Plugin", "web")[-1] == "True Available"


async def test_the_generation_observed_never_runs_ahead_and_never_falls(world: World) -> None:
    world.user.create(samples.full("web"))
    for number in range(1, 7):
        await asyncio.sleep(0.01 * number)
        version = f"1.0.{number}"
        world.user.respec("web", version=version)
    await world.settle()

    seen = 0
    for change in world.store.changes:
        if change.ref.kind == "Plugin":
            observed = change.obj["status"].get("observedGeneration", 0)
            assert seen <= observed <= change.obj["metadata"]["generation"]
            seen = observed
    assert seen == 7


async def test_ready_means_that_the_children_are_those_of_the_spec(world: World) -> None:
    """At every moment at which the status says Ready for the newest generation, the Deployment has its image."""
    world.user.create(samples.simple("web"))
    for image in ("web:2.0.0", "web:3.0.0", "web:2.0.0"):
        await asyncio.sleep(1.3)
        world.user.edit("Plugin", "web", _image(image))
    await world.settle()

    image, checked = "", 0
    for change in world.store.changes:
        if change.ref.kind == "Deployment":
            image = change.obj["spec"]["template"]["spec"]["containers"][0]["image"]
        current = change.obj.get("status", {}).get("observedGeneration") == change.obj["metadata"].get("generation")
        if change.ref.kind == "Plugin" and current and verdict(change.obj).startswith("True"):
            assert change.obj["spec"]["source"]["image"]["ref"] == image
            checked += 1
    assert checked


async def test_a_transition_time_moves_only_with_the_verdict(world: World) -> None:
    world.user.create(samples.simple("web"))
    await world.settle()
    before = condition(world.user.get("Plugin", "web"), "Ready")["lastTransitionTime"]
    await asyncio.sleep(100)

    world.user.edit("Plugin", "web", lambda o: o["spec"].update(about={"author": "A"}))
    await world.settle()
    after = condition(world.user.get("Plugin", "web"), "Ready")

    assert after["lastTransitionTime"] == before
    assert after["observedGeneration"] == 2


async def test_a_status_that_somebody_forges_is_corrected(world: World) -> None:
    world.user.create(samples.simple("web"))
    await world.settle()
    before = world.user.get("Plugin", "web")["status"]
    forged = {"observedGeneration": 9, "revisions": {"active": "web-r99"}, "conditions": [], "history": []}

    world.user.edit("Plugin", "web", lambda o: o.update(status=forged), sub="status")
    await world.settle()

    after = world.user.get("Plugin", "web")["status"]
    assert [(c["type"], c["status"]) for c in after["conditions"]] == [
        (c["type"], c["status"]) for c in before["conditions"]
    ]
    assert (after["observedGeneration"], after["revisions"]) == (1, before["revisions"])
