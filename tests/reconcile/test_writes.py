"""Exactly which writes each act of a user costs, and that nothing is written when nothing happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.reconcile import samples
from tests.reconcile.view import children, verdict
from tests.reconcile.world import World

Json = dict[str, Any]
_SIMPLE = {
    "PluginRevision apply": 1,
    "ServiceAccount apply": 1,
    "NetworkPolicy apply": 1,
    "Deployment apply": 1,
    "Plugin/status apply": 1,
}
_JOB = {"PluginRevision apply": 1, "ServiceAccount apply": 1, "NetworkPolicy apply": 1, "Plugin/status apply": 1}
_FULL = _SIMPLE | {"Role apply": 1, "RoleBinding apply": 1, "ConfigMap apply": 1, "Service apply": 1}

CREATED = [
    pytest.param(samples.simple("web"), _SIMPLE, "True Available", id="a container as a Service: five"),
    pytest.param(samples.full("web"), _FULL, "True Available", id="with source, port, rules and network: nine"),
    pytest.param(
        samples.simple("web", run={"replicas": 3}),
        _SIMPLE | {"PodDisruptionBudget apply": 1},
        "True Available",
        id="three replicas: six, one of them for the disruption budget",
    ),
    pytest.param(samples.job("web"), _JOB, "True Idle", id="a Job: four, and no workload before somebody runs it"),
    pytest.param(samples.cron("web"), _JOB | {"CronJob apply": 1}, "True Scheduled", id="a Job with a schedule: five"),
    pytest.param(
        samples.webhook("web"),
        {"PluginRevision apply": 1, "Plugin/status apply": 1},
        "True DeliveryUnavailable",
        id="a webhook: two, it has no pod to confine",
    ),
    pytest.param(
        samples.simple("web", suspend=True),
        _SIMPLE,
        "False Suspended",
        id="a suspended Service: five, at zero replicas",
    ),
]


@pytest.mark.parametrize(("obj", "writes", "ready"), CREATED)
async def test_a_new_plug_in_costs_exactly_these_writes(
    world: World, obj: Json, writes: dict[str, int], ready: str
) -> None:
    world.user.create(obj)
    await world.settle()

    assert world.log.count() == writes
    assert world.log.refused() == []
    assert verdict(world.user.get("Plugin", "web")) == ready


def _version(obj: Json) -> None:
    obj["spec"]["version"] = "1.0.1"
    obj["spec"]["source"]["image"]["ref"] = "web:1.0.1"


def _spec(**changes: Any) -> Callable[[Json], None]:
    return lambda obj: obj["spec"].update(changes)


def _run(**changes: Any) -> Callable[[Json], None]:
    return lambda obj: obj["spec"]["run"].update(changes)


_NEW_REVISION = {
    "PluginRevision apply": 1,
    "Deployment apply": 1,
    "Plugin/status apply": 1,
    "PluginRevision/status apply": 1,
}
_DEPLOYMENT = {"Deployment apply": 1, "Plugin/status apply": 1}
_TO_ZERO = {"Deployment apply": 1, "Plugin/status apply": 1}
"""One status, when the last pod has gone: until then the grace time covers it."""
_ROLE = {"Role apply": 1, "RoleBinding apply": 1}
CHANGED = [
    pytest.param(samples.simple("web"), _version, _NEW_REVISION, id="a new image: revision, Deployment, two statuses"),
    pytest.param(
        samples.full("web"),
        _spec(config={"values": {"level": "debug"}}),
        _NEW_REVISION | {"ConfigMap apply": 1},
        id="a new configuration: the same and a ConfigMap of another name",
    ),
    pytest.param(samples.simple("web"), _spec(suspend=True), _TO_ZERO, id="suspend: no new revision"),
    pytest.param(samples.simple("web", suspend=True), _spec(suspend=False), _DEPLOYMENT, id="resume"),
    pytest.param(samples.simple("web"), _run(replicas=0), _TO_ZERO, id="scale to zero: no new revision"),
    pytest.param(
        samples.simple("web"),
        _run(replicas=2),
        _DEPLOYMENT | {"PodDisruptionBudget apply": 1},
        id="scale to two: a disruption budget comes along",
    ),
    pytest.param(
        samples.simple("web", run={"replicas": 2}),
        _run(replicas=1),
        _DEPLOYMENT | {"PodDisruptionBudget delete": 1},
        id="scale to one: the disruption budget goes",
    ),
    pytest.param(
        samples.simple("web"),
        _spec(about={"author": "Team A"}),
        {"Plugin/status apply": 1},
        id="a word about the author: the status only, which names the new generation",
    ),
    pytest.param(
        samples.simple("web"),
        _spec(permissions={"rules": samples.RULES}),
        _NEW_REVISION | _ROLE,
        id="rules: Role, RoleBinding, and a pod with a token",
    ),
    pytest.param(
        samples.simple("web", permissions={"rules": samples.RULES}),
        lambda obj: obj["spec"].pop("permissions"),
        _NEW_REVISION | {"Role delete": 1, "RoleBinding delete": 1},
        id="rules taken back: Role and RoleBinding are deleted",
    ),
    pytest.param(
        samples.cron("web"),
        _spec(suspend=True),
        {"CronJob apply": 1, "Plugin/status apply": 1},
        id="suspend a schedule",
    ),
]


@pytest.mark.parametrize(("obj", "change", "writes"), CHANGED)
async def test_a_change_costs_exactly_these_writes(
    world: World, obj: Json, change: Callable[[Json], None], writes: dict[str, int]
) -> None:
    world.user.create(obj)
    await world.settle()
    mark = len(world.log)

    world.user.edit("Plugin", "web", change)
    await world.settle()

    assert world.log.count(since=mark) == writes, world.log.show(world.log.writes(since=mark))
    status = world.user.get("Plugin", "web")["status"]
    assert status["observedGeneration"] == 2


ALL = [samples.simple(), samples.full(), samples.job(), samples.cron(), samples.webhook()]


async def _fill(world: World) -> dict[str, Json]:
    for obj in ALL:
        world.user.create(obj)
    world.user.create(samples.run("once", "task"))
    await world.settle()
    return children(world)


async def test_an_hour_with_sweeps_resyncs_and_reconnects_writes_nothing(world: World) -> None:
    before = await _fill(world)
    mark = len(world.log)

    await asyncio.sleep(3600)

    assert world.log.writes(since=mark) == []
    assert world.log.refused(since=mark) == []
    assert children(world) == before


async def test_a_restart_with_everything_unchanged_writes_nothing(world: World) -> None:
    before = await _fill(world)
    mark = len(world.log)

    await world.restart()
    await world.settle()

    assert world.log.writes(since=mark) == []
    assert world.log.refused(since=mark) == []
    assert children(world) == before


async def test_an_orderly_stop_writes_nothing_and_leaves_everything_running(world: World) -> None:
    before = await _fill(world)
    mark = len(world.log)

    await world.stop()

    assert world.log.writes(since=mark) == []
    assert children(world) == before


async def test_a_reconcile_token_costs_one_status_that_echoes_it(world: World) -> None:
    world.user.create(samples.simple())
    await world.settle()
    mark = len(world.log)

    world.user.annotate("Plugin", "web", reconcile="now-1")
    await world.settle()

    assert world.log.count(since=mark) == {"Plugin/status apply": 1}
    assert world.user.get("Plugin", "web")["status"]["handled"] == {"reconcile": "now-1"}


async def test_going_back_to_an_earlier_content_takes_up_its_revision_again(world: World) -> None:
    world.user.create(samples.simple())
    await world.settle()
    world.user.edit("Plugin", "web", _version)
    await world.settle()

    world.user.edit("Plugin", "web", lambda obj: obj.update(spec=samples.simple()["spec"]))
    await world.settle()

    states = {name: obj["status"]["state"] for name, obj in children(world).items() if "Revision" in name}
    assert states == {"PluginRevision web-r1": "Active", "PluginRevision web-r2": "Standby"}
    assert world.user.get("Plugin", "web")["status"]["revisions"]["active"] == "web-r1"


async def test_deleting_a_plug_in_leaves_nothing_and_costs_no_write(world: World) -> None:
    await _fill(world)
    mark = len(world.log)

    for obj in ALL:
        world.user.delete("Plugin", obj["metadata"]["name"])
    await world.settle()

    assert world.log.writes(since=mark) == []
    assert [f"{ref.kind} {ref.name}" for ref, _ in world.store.all() if ref.kind != "Event"] == []
