"""Whatever somebody does to a child is undone, and nothing else is touched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.reconcile import samples
from tests.reconcile.view import children, verdict
from tests.reconcile.world import World

Json = dict[str, Any]
_PORTS = [{"name": "http", "port": 8080}]
_SERVICE = samples.full("web", run={"mode": "Service", "replicas": 2, "ports": _PORTS})
_CRON = samples.cron("web")
_OF_SERVICE = (
    "NetworkPolicy",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Service",
    "PodDisruptionBudget",
    "PluginRevision",
    "Deployment",
)
KINDS = [*((kind, _SERVICE) for kind in _OF_SERVICE), ("CronJob", _CRON)]
_CHANGES: dict[str, Callable[[Json], Any]] = {
    "NetworkPolicy": lambda o: o["spec"].update(egress=[{}]),
    "ServiceAccount": lambda o: o.update(automountServiceAccountToken=True),
    "Role": lambda o: o["rules"][0]["verbs"].append("delete"),
    "RoleBinding": lambda o: o["subjects"].append({"kind": "Group", "name": "everyone"}),
    "Service": lambda o: o["spec"].update(selector={"app": "mine"}),
    "PodDisruptionBudget": lambda o: o["spec"].update(maxUnavailable=2),
    "Deployment": lambda o: o["spec"]["template"]["spec"]["containers"][0].update(image="evil:1"),
    "CronJob": lambda o: o["spec"].update(schedule="* * * * *"),
}


_ADDITIONS: dict[str, tuple[Json, Callable[[Json], Any]]] = {
    "a second container": (
        _SERVICE,
        lambda o: o["spec"]["template"]["spec"]["containers"].append({"name": "guest", "image": "guest:1"}),
    ),
    "a variable": (
        _SERVICE,
        lambda o: o["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "LD_PRELOAD", "value": "x"}),
    ),
    "a field that we leave to the default": (
        _SERVICE,
        lambda o: o["spec"]["template"]["spec"].update(hostAliases=[{"ip": "198.18.0.1", "hostnames": ["a"]}]),
    ),
}


async def _settled(world: World, plugin: Json, kind: str) -> tuple[dict[str, Json], str]:
    """Children, and the name of the one of this kind."""
    world.user.create(plugin)
    await world.settle()
    before = children(world)
    name = next(key.split()[1] for key in before if key.startswith(f"{kind} "))
    return before, name


async def _repaired(world: World, before: dict[str, Json], mark: int, writes: dict[str, int]) -> None:
    await world.settle()

    assert children(world) == before
    assert world.log.count(since=mark) == writes, world.log.show(world.log.writes(since=mark))
    assert verdict(world.user.get("Plugin", "web")).startswith("True")
    mark = len(world.log)
    await asyncio.sleep(2000)
    assert world.log.writes(since=mark) == []


@pytest.mark.parametrize(("kind", "plugin"), KINDS)
async def test_a_deleted_child_is_made_again(world: World, kind: str, plugin: Json) -> None:
    before, name = await _settled(world, plugin, kind)
    mark = len(world.log)

    world.user.delete(kind, name)

    await _repaired(world, before, mark, {f"{kind} apply": 1})


@pytest.mark.parametrize(("plugin", "add"), _ADDITIONS.values(), ids=_ADDITIONS)
async def test_what_somebody_adds_is_taken_away(world: World, plugin: Json, add: Callable[[Json], Any]) -> None:
    before, name = await _settled(world, plugin, "Deployment")
    mark = len(world.log)

    world.user.edit("Deployment", name, add)

    await _repaired(world, before, mark, {"Deployment apply": 1, "Deployment patch": 1})


@pytest.mark.parametrize(("kind", "plugin"), [pair for pair in KINDS if pair[0] in _CHANGES])
async def test_a_changed_field_is_changed_back_with_one_write(world: World, kind: str, plugin: Json) -> None:
    before, name = await _settled(world, plugin, kind)
    mark = len(world.log)

    world.user.edit(kind, name, _CHANGES[kind])

    await _repaired(world, before, mark, {f"{kind} apply": 1})


LABELS = ["app.kubernetes.io/managed-by", "greffon.dev/plugin", "greffon.dev/plugin-uid", "app.kubernetes.io/name"]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(("kind", "plugin"), KINDS)
async def test_a_label_that_was_removed_comes_back(world: World, kind: str, plugin: Json, label: str) -> None:
    before, name = await _settled(world, plugin, kind)
    mark = len(world.log)

    world.user.edit(kind, name, lambda o: o["metadata"]["labels"].pop(label))

    await _repaired(world, before, mark, {f"{kind} apply": 1})


@pytest.mark.parametrize(("kind", "plugin"), KINDS)
async def test_an_owner_reference_that_was_removed_comes_back(world: World, kind: str, plugin: Json) -> None:
    before, name = await _settled(world, plugin, kind)
    mark = len(world.log)

    world.user.edit(kind, name, lambda o: o["metadata"].pop("ownerReferences"))

    await _repaired(world, before, mark, {f"{kind} apply": 1})


OPENED: list[Any] = [
    pytest.param(lambda o: o["spec"].update(ingress=[{}]), id="everything may come in, where nothing was declared"),
    pytest.param(lambda o: o["spec"].setdefault("egress", []).append({}), id="everything may go out"),
    pytest.param(lambda o: o["spec"].update(policyTypes=["Ingress"]), id="egress is no longer looked at"),
    pytest.param(lambda o: o["spec"].update(podSelector={}), id="another selector"),
]


@pytest.mark.parametrize("change", OPENED)
@pytest.mark.parametrize("plugin", [samples.simple("web"), _SERVICE], ids=["nothing declared", "rules and network"])
async def test_a_policy_that_was_opened_is_closed(world: World, change: Callable[[Json], Any], plugin: Json) -> None:
    before, name = await _settled(world, plugin, "NetworkPolicy")
    mark = len(world.log)

    world.user.edit("NetworkPolicy", name, change)

    await _repaired(world, before, mark, {"NetworkPolicy apply": 1})


async def test_what_changed_while_no_operator_ran_is_repaired_after_the_start(world: World) -> None:
    before, name = await _settled(world, _SERVICE, "Role")
    await world.kill()
    world.user.edit("Role", name, _CHANGES["Role"])
    world.user.delete("NetworkPolicy", "plg-web")
    mark = len(world.log)

    await world.start()

    await _repaired(world, before, mark, {"Role apply": 1, "NetworkPolicy apply": 1})


async def test_what_vanished_while_the_watches_were_away_is_made_again(world: World) -> None:
    before, name = await _settled(world, _SERVICE, "Role")
    world.server.cut_streams(compact=True)
    world.user.delete("Role", name)
    mark = len(world.log)

    await _repaired(world, before, mark, {"Role apply": 1})


async def test_drift_is_told_in_an_event(world: World) -> None:
    await _settled(world, _SERVICE, "Role")
    mark = len(world.log)

    world.user.delete("Role", "plg-web")
    await world.settle()

    assert world.log.events(since=mark) == ["DriftRepaired"]


async def test_fields_that_the_operator_never_applied_are_left_to_others(world: World) -> None:
    before, name = await _settled(world, _SERVICE, "Service")
    mark = len(world.log)

    world.user.edit("Service", name, lambda o: o["metadata"].update(annotations={"prometheus.io/scrape": "true"}))
    await world.settle()

    assert world.log.writes(since=mark) == []
    assert world.user.get("Service", name)["metadata"]["annotations"] == {"prometheus.io/scrape": "true"}
    assert children(world).keys() == before.keys()
