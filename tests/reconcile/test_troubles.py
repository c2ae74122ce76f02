"""What the API server refuses is said in the status, in documented words, and heals when the cause goes away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.request import Refused, Request
from tests.reconcile.fake.writing import Rule
from tests.reconcile.view import children, condition, story, verdict
from tests.reconcile.world import World

Json = dict[str, Any]


def _refuse(kind: str, code: int, text: str) -> Rule:
    """Every write of a kind by the operator is refused."""

    def rule(request: Request, before: Json | None, after: Json) -> Refused | None:
        refused = request.actor == "operator" and request.resource.kind == kind and not request.subresource
        return Refused(code, text) if refused else None

    return rule


_CEILING = (
    'roles.rbac "plg-web" is forbidden: user "x" is attempting to grant RBAC permissions not currently held: '
    '{APIGroups:[""], Resources:["configmaps"], Verbs:["delete"]}'
)
REFUSALS = [
    pytest.param(_refuse("Role", 403, _CEILING), "CeilingExceeded", 'Verbs:["delete"]', id="rules beyond the ceiling"),
    pytest.param(
        _refuse("Role", 403, "exceeded quota: objects, requested: count/roles=1, used: count/roles=9"),
        "QuotaExceeded",
        "count/roles",
        id="a quota that leaves no room for a Role",
    ),
    pytest.param(
        _refuse("ConfigMap", 403, "exceeded quota: objects, requested: configmaps=1, used: configmaps=9"),
        "QuotaExceeded",
        "more quota",
        id="a quota that leaves no room for a ConfigMap",
    ),
    pytest.param(
        _refuse("Deployment", 403, 'admission webhook "x" denied the request: no'),
        "Forbidden",
        "denied",
        id="admission",
    ),
    pytest.param(_refuse("Service", 422, "spec.ports: too many"), "ChildRejected", "too many", id="an invalid child"),
]


@pytest.mark.parametrize(("rule", "reason", "text"), REFUSALS)
async def test_a_refused_child_is_reported_and_nothing_runs(world: World, rule: Rule, reason: str, text: str) -> None:
    world.server.writer.rules.append(rule)

    world.user.create(samples.full("web"))
    await world.settle()

    ready = condition(world.user.get("Plugin", "web"), "Ready")
    assert (ready["status"], ready["reason"]) == ("False", reason)
    assert text in ready["message"]
    assert verdict(world.user.get("Plugin", "web"), "Stalled") == f"True {reason}"
    assert [name for name in children(world) if name.startswith("Deployment")] == []
    assert list(world.store.all("Pod")) == []


@pytest.mark.parametrize(("rule", "reason", "text"), REFUSALS)
async def test_a_refusal_is_told_once_and_heals_by_itself(world: World, rule: Rule, reason: str, text: str) -> None:
    world.server.writer.rules.append(rule)
    world.user.create(samples.full("web"))
    await world.settle()
    mark = len(world.log)

    await asyncio.sleep(1200)
    assert world.log.writes(since=mark) == []
    assert world.log.events() == [reason]
    world.server.writer.rules.clear()
    await world.settle(quiet=400)

    assert story(world.store, "Plugin", "web") == ["Unknown Pending", f"False {reason}", "True Available"]


async def test_permissions_beyond_the_ceiling_are_named_in_their_own_condition(world: World) -> None:
    world.server.writer.rules.append(_refuse("Role", 403, _CEILING))

    world.user.create(samples.full("web"))
    await world.settle()

    assert verdict(world.user.get("Plugin", "web"), "PermissionsGranted") == "False CeilingExceeded"


async def test_a_refused_change_leaves_what_runs_alone(world: World) -> None:
    world.user.create(samples.full("web"))
    await world.settle()
    deployment = children(world)["Deployment plg-web"]
    world.server.writer.rules.append(_refuse("Role", 403, _CEILING))

    rules = [samples.RULES[0] | {"verbs": ["get", "delete"]}]
    world.user.edit("Plugin", "web", lambda o: o["spec"]["permissions"].update(rules=rules))
    await world.settle()

    assert children(world)["Deployment plg-web"] == deployment
    plugin = world.user.get("Plugin", "web")
    assert verdict(plugin) == "False CeilingExceeded"
    assert verdict(plugin, "Available").startswith("True")
    assert plugin["status"]["revisions"]["active"] == "web-r1"


async def test_rules_that_were_taken_back_are_gone_even_if_the_new_workload_is_refused(world: World) -> None:
    world.user.create(samples.full("web"))
    await world.settle()
    world.server.writer.rules.append(_refuse("Deployment", 403, "denied"))

    world.user.edit("Plugin", "web", lambda o: o["spec"]["permissions"].pop("rules"))
    await world.settle()

    assert [name for name in children(world) if name.startswith("Role")] == []


async def test_pods_that_a_quota_refuses_are_reported(world: World) -> None:
    world.cluster.deployments.refusal = 'pods "plg-web-1" is forbidden: exceeded quota: compute, requested: memory=64Mi'

    world.user.create(samples.simple("web"))
    await world.settle()

    assert verdict(world.user.get("Plugin", "web")) == "False QuotaExceeded"


async def test_nothing_is_made_in_a_namespace_that_is_being_deleted_and_it_goes(world: World) -> None:
    world.user.create(samples.full("web"))
    await world.settle()
    world.server.writer.namespaces["team-a"] = "Terminating"
    mark = len(world.log)

    world.user.delete("Role", "plg-web")
    await world.settle()

    assert verdict(world.user.get("Plugin", "web")) == "False NamespaceTerminating"
    world.cluster.end_namespace("team-a")
    await world.settle(quiet=400)
    assert [ref for ref, _ in world.store.all() if ref.kind != "Event"] == []
    assert set(world.log.count(since=mark)) == {"Plugin/status apply"}


async def test_a_namespace_that_vanishes_at_once_leaves_nothing(world: World) -> None:
    for name in ("web", "dash"):
        world.user.create(samples.full(name))
    world.user.create(samples.job())
    world.user.create(samples.run())
    await asyncio.sleep(0.5)

    world.cluster.end_namespace("team-a")
    await world.settle(quiet=400)

    assert [ref for ref, _ in world.store.all() if ref.kind != "Event"] == []


REFUSED_SPECS: list[Any] = [
    pytest.param(
        {"events": {"publishes": [{"topic": "a.b"}]}}, "FeatureUnavailable", id="a field that is not acted on yet"
    ),
    pytest.param(
        {"config": {"values": {"n": "x"}, "schema": {"properties": {"n": {"type": "integer"}}}}},
        "InvalidConfig",
        id="a configuration that does not match its schema",
    ),
    pytest.param(
        {"permissions": {"egress": [{"fqdn": "a.example.com", "ports": [{"port": 443}]}]}},
        "FQDNUnsupported",
        id="egress by host name",
    ),
]


@pytest.mark.parametrize(("change", "reason"), REFUSED_SPECS)
async def test_a_spec_that_is_refused_changes_nothing_and_what_ran_runs_on(
    world: World, change: Json, reason: str
) -> None:
    world.user.create(samples.simple("web"))
    await world.settle()
    before, mark = children(world), len(world.log)

    world.user.edit("Plugin", "web", lambda o: o["spec"].update(change))
    await world.settle()

    assert children(world) == before
    assert world.log.count(since=mark) == {"Plugin/status apply": 1}
    plugin = world.user.get("Plugin", "web")
    assert verdict(plugin) == f"False {reason}"
    assert verdict(plugin, "Available") == "True Available"
    assert plugin["status"]["observedGeneration"] == 2


async def test_a_script_without_a_runner_image_is_refused(world: World) -> None:
    spec = {"type": "Go", "source": {"configMap": {"name": "src"}}, "run": {"mode": "Job"}}

    world.user.create(samples.plugin("web", spec))
    await world.settle()

    assert verdict(world.user.get("Plugin", "web")) == "False UnsupportedType"
    assert children(world) == {}
