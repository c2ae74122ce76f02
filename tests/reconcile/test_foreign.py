"""Objects of others are never touched, whatever they are called and whatever they claim."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from greffon.kube import kinds
from tests.reconcile import samples
from tests.reconcile.fake.store import Ref
from tests.reconcile.view import condition, raw, story, verdict
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
_POD = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "x", "image": "x:1"}]}}
_SPECS: dict[str, Json] = {
    "NetworkPolicy": {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
    "ServiceAccount": {},
    "Role": {"rules": []},
    "RoleBinding": {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"}},
    "Service": {"spec": {"ports": [{"port": 80, "protocol": "TCP"}]}},
    "PodDisruptionBudget": {"spec": {"maxUnavailable": 1}},
    "Deployment": {"spec": {"replicas": 0, "selector": {"matchLabels": {"app": "x"}}, "template": _POD}},
}
_SERVICE = samples.full("web", run={"mode": "Service", "replicas": 2, "ports": [{"name": "http", "port": 8080}]})


def _foreign(kind: str, name: str = "plg-web", labels: dict[str, str] | None = None) -> Json:
    meta: Json = {"name": name} | ({"labels": labels} if labels else {})
    return {"apiVersion": kinds.BY_KIND[kind].api_version, "kind": kind, "metadata": meta} | _SPECS[kind]


async def _made(world: World, obj: Json) -> Json:
    """A foreign object, after its controller has looked at it."""
    world.user.create(obj)
    await world.settle()
    return world.user.get(obj["kind"], obj["metadata"]["name"])


async def _untouched(world: World, before: Json, kind: str, name: str = "plg-web") -> None:
    await world.settle()
    await asyncio.sleep(2000)
    assert world.store.get(Ref(kind, NAMESPACE, name)) == before


@pytest.mark.parametrize("kind", _SPECS)
async def test_a_foreign_object_with_the_name_of_a_child_stays_and_is_reported(world: World, kind: str) -> None:
    before = await _made(world, _foreign(kind))

    world.user.create(_SERVICE)

    await _untouched(world, before, kind)
    plugin = world.user.get("Plugin", "web")
    assert verdict(plugin) == "False ChildConflict"
    assert verdict(plugin, "ChildConflict") == "True ChildConflict"
    assert f"{kind} plg-web" in condition(plugin, "ChildConflict")["message"]


@pytest.mark.parametrize("kind", _SPECS)
async def test_no_workload_exists_beside_a_conflict(world: World, kind: str) -> None:
    world.user.create(_foreign(kind))

    world.user.create(_SERVICE)
    await world.settle()

    ours = [obj for _, obj in world.store.all("Deployment") if obj["metadata"].get("ownerReferences")]
    assert ours == []


async def test_when_the_foreign_object_goes_the_plug_in_comes_up(world: World) -> None:
    world.user.create(_foreign("Role"))
    world.user.create(_SERVICE)
    await world.settle()

    world.user.delete("Role", "plg-web")
    await world.settle(quiet=400)

    assert verdict(world.user.get("Plugin", "web")) == "True Available"
    assert story(world.store, "Plugin", "web") == ["Unknown Pending", "False ChildConflict", "True Available"]


_CLAIMS: list[Any] = [
    pytest.param({"app.kubernetes.io/managed-by": "greffon", "greffon.dev/plugin": "web"}, id="our labels"),
    pytest.param(
        {
            "app.kubernetes.io/managed-by": "greffon",
            "greffon.dev/plugin": "web",
            "greffon.dev/plugin-uid": "00000000-0000-4000-8000-000000000000",
        },
        id="our labels and the uid of a plug-in that never was",
    ),
]


@pytest.mark.parametrize("labels", _CLAIMS)
async def test_an_object_that_only_claims_to_be_ours_is_not_adopted(world: World, labels: dict[str, str]) -> None:
    before = await _made(world, _foreign("ServiceAccount", labels=labels))

    world.user.create(samples.simple("web"))

    await _untouched(world, before, "ServiceAccount")
    assert verdict(world.user.get("Plugin", "web")) == "False ChildConflict"


async def test_an_object_with_our_labels_and_another_controller_is_never_removed(world: World) -> None:
    world.user.create(samples.simple("web"))
    await world.settle()
    labels = world.user.get("ServiceAccount", "plg-web")["metadata"]["labels"]
    owner = world.user.create(_foreign("Role", "somebody"))
    made = _foreign("PodDisruptionBudget", "budget", labels)
    made["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "Role", "name": "somebody", "uid": owner["metadata"]["uid"], "controller": True}
    ]
    before = await _made(world, made)

    await _untouched(world, before, "PodDisruptionBudget", "budget")


async def test_a_whole_life_beside_others_changes_none_of_them(world: World) -> None:
    for kind in _SPECS:
        for name in ("plg-webs", "plg-we", "plg-web-2"):
            world.user.create(_foreign(kind, name))
        elsewhere = _foreign(kind)
        elsewhere["metadata"]["namespace"] = "team-b"
        world.user.create(elsewhere)
    await world.settle()
    before = raw(world)

    world.user.create(_SERVICE)
    await world.settle()
    world.user.edit("Plugin", "web", lambda o: o["spec"].update(version="1.0.1", permissions={}))
    await world.settle()
    world.user.edit("Plugin", "web", lambda o: o["spec"].update(suspend=True))
    await world.settle()
    world.user.delete("Plugin", "web")
    await world.settle()

    assert {name: obj for name, obj in raw(world).items() if not name.startswith("Event ")} == before


async def test_a_plug_in_of_the_same_name_waits_for_the_children_of_the_one_before(world: World) -> None:
    world.user.create(_SERVICE)
    await world.settle()
    world.cluster.collector.delay = 60

    world.user.delete("Plugin", "web")
    await asyncio.sleep(5)
    made = world.user.create(_SERVICE)
    await world.settle(quiet=400)

    assert verdict(world.user.get("Plugin", "web")) == "True Available"
    owners = {obj["metadata"]["ownerReferences"][0]["uid"] for _, obj in world.store.all("Deployment")}
    assert owners == {made["metadata"]["uid"]}
    assert "True ChildConflict" not in story(world.store, "Plugin", "web", "ChildConflict")
    assert "True Stalled" not in story(world.store, "Plugin", "web", "Stalled")
