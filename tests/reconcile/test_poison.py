"""Objects that cannot be read: each is reported where it can be, and none delays the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.store import Ref
from tests.reconcile.view import condition, verdict
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
GOOD = [f"good-{number}" for number in range(12)]


def _nested(depth: int) -> Json:
    made: Json = {}
    for _ in range(depth):
        made = {"a": made}
    return made


def _bent(change: Json) -> Json:
    obj = samples.simple("poison")
    obj["spec"] = {key: value for key, value in (obj["spec"] | change).items() if value is not None}
    return obj


PLUGINS: list[Any] = [
    pytest.param(_bent({"type": "Cobol"}), "spec.type", id="a type of a newer release"),
    pytest.param(_bent({"source": None}), "spec.source", id="no source"),
    pytest.param(_bent({"run": {"mode": "Service", "replicas": "many"}}), "spec.run.replicas", id="a wrong type"),
    pytest.param(_bent({"triggers": [{"name": 5}]}), "spec.triggers[0].name", id="a wrong type deep inside"),
    pytest.param(_bent({"config": {"values": _nested(300)}}), "spec", id="nested three hundred deep"),
    pytest.param(
        _bent({"run": {"mode": "Service", "resources": {"limits": {"cpu": "lots"}}}}), "resources", id="no quantity"
    ),
    pytest.param(_bent({}) | {"spec": {}}, "spec", id="nothing in the spec"),
    pytest.param(_bent({"version": "\u202e\x1b[31m1.0.0\x00"}), "", id="control characters in a text"),
]


def _stored(world: World, obj: Json) -> None:
    """An object as an older release of the schema, or no schema at all, let it in."""
    ref = Ref(obj["kind"], NAMESPACE, obj["metadata"]["name"])
    meta = obj["metadata"] | world.store.identity(ref) | {"generation": 1}
    world.store.put(ref, obj | {"metadata": meta, "status": {}}, "an older release")


@pytest.mark.parametrize(("poison", "text"), PLUGINS)
async def test_a_plug_in_that_cannot_be_read_delays_nobody(world: World, poison: Json, text: str) -> None:
    _stored(world, poison)
    for name in GOOD:
        world.user.create(samples.simple(name))

    await asyncio.sleep(9)

    assert {verdict(world.user.get("Plugin", name)) for name in GOOD} == {"True Available"}


@pytest.mark.parametrize(("poison", "text"), PLUGINS[:7])
async def test_a_plug_in_that_cannot_be_read_says_so_once(world: World, poison: Json, text: str) -> None:
    _stored(world, poison)
    await world.settle()

    plugin = world.user.get("Plugin", "poison")
    assert verdict(plugin) == "False InvalidSpec"
    assert verdict(plugin, "Stalled") == "True InvalidSpec"
    assert text in condition(plugin, "Ready")["message"]
    mark = len(world.log)
    await asyncio.sleep(2000)
    assert world.log.writes(since=mark) == []


RUNS: list[Any] = [
    pytest.param(samples.run("poison", timeoutSeconds="soon"), id="a wrong type"),
    pytest.param(samples.run("poison", input=_nested(300)), id="input nested three hundred deep"),
    pytest.param(samples.run("poison") | {"spec": {}}, id="no plug-in named"),
]


@pytest.mark.parametrize("poison", RUNS)
async def test_a_run_that_cannot_be_read_delays_nobody(world: World, poison: Json) -> None:
    world.user.create(samples.job(concurrency="Forbid"))
    await world.settle()
    _stored(world, poison)
    world.user.create(samples.run("good"))

    await world.settle()
    world.defects.clear()

    assert world.user.get("PluginRun", "good")["status"]["outcome"] == "Succeeded"
    assert verdict(world.user.get("Plugin", "task")) == "True Idle"


CHILDREN: list[Any] = [
    pytest.param("PluginRevision", {"spec": {}}, id="a revision without a number"),
    pytest.param(
        "PluginRevision", {"spec": {"revision": "seven", "contentHash": 5}}, id="a revision with a word for it"
    ),
    pytest.param(
        "Deployment", {"spec": {"replicas": "x"}, "status": {"conditions": "none"}}, id="a Deployment of nonsense"
    ),
    pytest.param("Job", {"spec": {}, "status": {"conditions": [{}]}}, id="a Job whose condition has no type"),
    pytest.param("Pod", {"spec": {}, "status": {"containerStatuses": [5]}}, id="a pod whose container is a number"),
]


@pytest.mark.parametrize(("kind", "body"), CHILDREN)
async def test_an_object_that_claims_to_be_a_child_and_is_nonsense_delays_nobody(
    world: World, kind: str, body: Json
) -> None:
    made = world.user.create(samples.simple("web"))
    await world.settle()
    labels = {
        "app.kubernetes.io/managed-by": "greffon",
        "greffon.dev/plugin": "web",
        "greffon.dev/plugin-uid": made["metadata"]["uid"],
    }
    meta = {"name": "nonsense", "labels": labels | {"pod-template-hash": ""}}
    _stored(world, {"apiVersion": "v1", "kind": kind, "metadata": meta} | body)
    world.user.edit("Plugin", "web", lambda o: o["spec"]["source"]["image"].update(ref="web:2.0.0"))

    await world.settle()
    world.defects.clear()

    assert verdict(world.user.get("Plugin", "web")) == "True Available"
    assert world.user.get("Plugin", "web")["status"]["observedGeneration"] == 2
