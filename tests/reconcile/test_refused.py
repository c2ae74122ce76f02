"""A spec that may not run changes nothing for the better either: what ran before stays confined, and can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from greffon.security.registry_errors import ImageNotFound
from tests.reconcile import samples
from tests.reconcile.view import condition, verdict
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]


def a_feature_that_is_not_there(world: World) -> None:
    world.user.respec("web", permissions={"egress": [{"fqdn": "api.example", "ports": [{"port": 443}]}]})


def an_image_that_is_in_no_registry(world: World) -> None:
    world.registry.error = ImageNotFound("registry.example has no team/nowhere:1.0.0")
    world.user.respec("web", source={"image": {"ref": "registry.example/team/nowhere:1.0.0"}})


def a_dependency_that_is_not_there(world: World) -> None:
    world.user.respec("web", version="2.0.0", dependsOn=[{"plugin": "store"}])


REFUSALS = {
    "a feature that is not there": a_feature_that_is_not_there,
    "an image that is in no registry": an_image_that_is_in_no_registry,
    "a dependency that is not there": a_dependency_that_is_not_there,
}
Refuse = Callable[[World], None]


async def refused(world: World, refuse: Refuse) -> None:
    """A plug-in that runs, and then wants what it may not."""
    world.user.create(samples.simple("web"))
    await world.settle()
    assert verdict(world.user.get("Plugin", "web")) == "True Available"
    refuse(world)
    await world.settle()
    assert verdict(world.user.get("Plugin", "web")).startswith("False ")


def child(world: World, kind: str, name: str = "plg-web") -> Json | None:
    return next((obj for ref, obj in world.store.all(kind, namespace=NAMESPACE) if ref.name == name), None)


@pytest.mark.parametrize("refuse", REFUSALS.values(), ids=REFUSALS)
async def test_the_isolation_of_what_runs_on_is_repaired(world: World, refuse: Refuse) -> None:
    await refused(world, refuse)
    (policy,) = [ref for ref, _ in world.store.all("NetworkPolicy", namespace=NAMESPACE)]
    world.user.delete("NetworkPolicy", policy.name)
    await world.settle()

    assert child(world, "NetworkPolicy", policy.name)
    assert condition(world.user.get("Plugin", "web"), "Available")["status"] == "True"


@pytest.mark.parametrize("refuse", REFUSALS.values(), ids=REFUSALS)
async def test_it_can_be_suspended_all_the_same(world: World, refuse: Refuse) -> None:
    await refused(world, refuse)
    world.user.respec("web", suspend=True)
    await world.settle()

    deployment = child(world, "Deployment")
    assert deployment
    assert deployment["spec"]["replicas"] == 0


@pytest.mark.parametrize("refuse", REFUSALS.values(), ids=REFUSALS)
async def test_of_what_may_not_run_there_is_never_more(world: World, refuse: Refuse) -> None:
    await refused(world, refuse)
    live = world.user.get("Plugin", "web")
    world.user.respec("web", run={**live["spec"]["run"], "replicas": 5})
    await world.settle()

    deployment = child(world, "Deployment")
    assert deployment
    assert deployment["spec"]["replicas"] == 1


async def test_the_refused_spec_writes_nothing_of_its_own(world: World) -> None:
    await refused(world, a_feature_that_is_not_there)
    before = len(world.store.changes)
    await world.settle(quiet=700)

    assert len(world.store.changes) == before
