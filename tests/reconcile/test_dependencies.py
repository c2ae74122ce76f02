"""Plug-ins that need each other: who waits, who wakes whom, and what no change of a neighbour may do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.view import children, condition, verdict
from tests.reconcile.world import World

Json = dict[str, Any]


def needs(*others: str) -> dict[str, Any]:
    """`needs("db ^1")`"""
    pairs = (other.partition(" ") for other in others)
    return {"dependsOn": [{"plugin": name} | ({"version": text} if text else {}) for name, _, text in pairs]}


def service(name: str, *others: str, version: str = "1.0.0") -> Json:
    """A Service that needs these."""
    made = samples.simple(name, image=f"{name}:{version}", **(needs(*others) if others else {}))
    made["spec"]["version"] = version
    return made


def ready(world: World, name: str) -> str:
    return verdict(world.user.get("Plugin", name))


async def test_a_chain_starts_from_its_end_whatever_the_order_of_creation(world: World) -> None:
    for obj in (service("a", "b ^1"), service("b", "c"), service("c")):
        world.user.create(obj)
    await world.settle()

    assert [ready(world, name) for name in "abc"] == ["True Available"] * 3
    made = [c.ref.name for c in world.store.changes if c.ref.kind == "Deployment" and c.type == "ADDED"]
    assert made == ["plg-c", "plg-b", "plg-a"]
    assert world.user.get("Plugin", "c")["status"]["neededBy"] == ["b"]


async def test_nothing_of_one_that_waits_is_made(world: World) -> None:
    world.user.create(service("a", "b"))
    await world.settle()

    assert children(world) == {}
    assert ready(world, "a") == "False DependencyMissing"
    assert verdict(world.user.get("Plugin", "a"), "Reconciling") == "True DependencyMissing"
    mark = len(world.log)
    await asyncio.sleep(4000)
    assert world.log.writes(since=mark) == []


async def test_it_waits_until_the_other_is_available_not_only_there(world: World) -> None:
    world.cluster.image("b:1.0.0", Behaviour(start=100))
    world.user.create(service("b"))
    world.user.create(service("a", "b"))
    await world.settle()
    assert ready(world, "a") == "False DependencyNotReady"

    await world.settle(quiet=200)
    assert ready(world, "a") == "True Available"


async def test_one_that_runs_runs_on_when_its_neighbour_goes_and_says_so(world: World) -> None:
    world.user.create(service("b"))
    world.user.create(service("a", "b"))
    await world.settle()

    world.user.delete("Plugin", "b")
    await world.settle()

    assert ready(world, "a") == "True Available"
    assert verdict(world.user.get("Plugin", "a"), "DependenciesReady") == "False DependencyMissing"


async def test_a_version_that_leaves_the_range_of_a_dependant_waits_for_the_dependant(world: World) -> None:
    world.user.create(service("b"))
    world.user.create(service("a", "b ^1"))
    await world.settle()

    world.user.edit("Plugin", "b", lambda o: o.update(spec=service("b", version="2.0.0")["spec"]))
    await world.settle()
    assert ready(world, "b") == "False DependantOutOfRange"
    assert verdict(world.user.get("Plugin", "b"), "Available") == "True Available"

    world.user.edit("Plugin", "a", lambda o: o["spec"].update(needs("b >=1 <3")))
    await world.settle()
    assert [ready(world, name) for name in "ab"] == ["True Available"] * 2
    assert world.user.get("Plugin", "b")["status"]["revisions"]["active"] == "b-r2"


async def test_no_rollback_goes_to_a_version_that_a_dependant_does_not_accept(world: World) -> None:
    for version in ("1.0.0", "2.0.0"):
        if world.user.find("Plugin", "b"):
            world.user.edit("Plugin", "b", lambda o: o.update(spec=service("b", version="2.0.0")["spec"]))
        else:
            world.user.create(service("b", version=version))
        await world.settle()
    world.user.create(service("a", "b ^2"))
    await world.settle()

    world.user.annotate("Plugin", "b", **{"rollback-to": "r1"})
    await world.settle()

    plugin = world.user.get("Plugin", "b")
    assert verdict(plugin) == "True Available"
    assert "a needs b ^2, and 1.0.0 is outside of it" in condition(plugin, "RolledBack")["message"]


@pytest.mark.parametrize("broken", ["a", "b", "c"])
async def test_a_circle_is_named_by_each_of_its_members_and_opens_at_any(world: World, broken: str) -> None:
    for name, other in ("ab", "bc", "ca"):
        world.user.create(service(name, other))
    await world.settle()
    for name in "abc":
        assert "a → b → c → a" in condition(world.user.get("Plugin", name), "Ready")["message"]

    world.user.edit("Plugin", broken, lambda o: o["spec"].pop("dependsOn"))
    await world.settle()
    assert [ready(world, name) for name in "abc"] == ["True Available"] * 3


async def test_a_rolled_back_neighbour_that_serves_is_good_enough(world: World) -> None:
    world.user.create(service("b"))
    await world.settle()
    world.cluster.image("b:1.1.0", Behaviour(service="crash"))
    world.user.edit("Plugin", "b", lambda o: o.update(spec=service("b", version="1.1.0")["spec"]))
    await world.settle()
    assert ready(world, "b") == "False RolledBack"

    world.user.create(service("a", "b ~1.0"))
    await world.settle()

    assert ready(world, "a") == "True Available"


async def test_a_restarted_operator_writes_nothing_when_all_dependencies_are_met(world: World) -> None:
    for obj in (service("a", "b"), service("b")):
        world.user.create(obj)
    await world.settle()
    mark = len(world.log)

    await world.restart()
    await world.settle()

    assert world.log.writes(since=mark) == []
