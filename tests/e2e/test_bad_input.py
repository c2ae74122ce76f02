"""What the schema cannot know is reported in a condition with field, reason and remedy; nobody else waits (promise 10).

The manifests that the API server refuses by itself are in `tests/contract/test_crds_on_api_server.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.world import Json, World, plugin, script


def job(**spec: Any) -> Json:
    return script("bad", "echo hi", **spec)


REPORTED: dict[str, tuple[Json, str, tuple[str, ...]]] = {
    "a type without a runner": (
        plugin("bad", type="Go", source={"inline": {"files": {"main.go": "package main"}}}, run={"mode": "Job"}),
        "UnsupportedType",
        ("spec.type", "no runner image", "values of the Helm chart"),
    ),
    "a topic, which this release does not publish": (
        job(events={"publishes": [{"topic": "a.b"}]}),
        "FeatureUnavailable",
        ("spec.events", "remove it"),
    ),
    "a dependency that does not exist": (
        job(dependsOn=[{"plugin": "other", "version": "^1"}]),
        "DependencyMissing",
        ("needs other ^1", "create it there"),
    ),
    "a range of versions that cannot be read": (
        job(compatibility={"kubernetes": "1.x.3"}),
        "InvalidSpec",
        ("spec.compatibility.kubernetes", "1.x.3"),
    ),
    "an event trigger": (
        job(triggers=[{"name": "x", "event": {"topic": "certs.expiring"}}]),
        "FeatureUnavailable",
        ("spec.triggers", "remove it"),
    ),
    "egress by host name": (
        job(permissions={"egress": [{"fqdn": "vault.example.com", "ports": [{"port": 443}]}]}),
        "FQDNUnsupported",
        ("spec.permissions.egress", "use cidr or plugin"),
    ),
    "config that does not match its schema": (
        job(config={"values": {"days": "many"}, "schema": {"properties": {"days": {"type": "integer"}}}}),
        "InvalidConfig",
        ("spec.config.values.days", "spec.config.schema", "correct it"),
    ),
    "a schema that is none": (
        job(config={"values": {"a": 1}, "schema": {"type": "nonsense"}}),
        "InvalidConfig",
        ("spec.config.schema", "not a usable JSON Schema"),
    ),
    "a schema that wants to be fetched": (
        job(config={"values": {"a": 1}, "schema": {"$ref": "https://schemas.example.com/x.json"}}),
        "InvalidConfig",
        ("spec.config.schema", "is not followed", "write references as #/$defs/NAME"),
    ),
    "a time zone that does not exist": (
        job(triggers=[{"name": "x", "cron": "0 3 * * *", "timeZone": "Mars/Olympus"}]),
        "InvalidSchedule",
        ("spec.triggers", "Mars/Olympus", "timeZone"),
    ),
    "rights beyond the ceiling": (
        job(
            permissions={"rules": [{"apiGroups": [""], "resources": ["services"], "verbs": ["delete"], "reason": "x"}]}
        ),
        "CeilingExceeded",
        ("spec.permissions.rules", "services", "ask for less"),
    ),
    "an image that does not exist": (
        plugin("bad", type="Container", source={"image": {"ref": "localhost/nothing:1"}}, run={"mode": "Service"}),
        "ImagePullFailed",
        ("localhost/nothing:1", "check its name"),
    ),
    "a runtime class that does not exist": (
        script("bad", "cat", mode="Service", sandbox={"profile": "Isolated", "runtimeClassName": "absent"}),
        "SandboxUnavailable",
        ("sandbox.runtimeClassName",),
    ),
    "more memory than any node has": (
        script(
            "bad",
            "cat",
            mode="Service",
            run={"resources": {"requests": {"memory": "900Gi"}, "limits": {"memory": "900Gi"}}},
        ),
        "Unschedulable",
        ("run.resources", "add nodes"),
    ),
}


@pytest.mark.parametrize("what", REPORTED)
def test_a_mistake_is_reported_with_field_reason_and_remedy(world: World, what: str) -> None:
    manifest, reason, words = REPORTED[what]
    world.apply(manifest)

    message = world.wait_reason("bad", reason, 60)

    assert all(word in message for word in words), message
    assert world.condition("bad", "Ready")["status"] == "False"


def test_a_service_whose_secret_is_missing_says_which_and_recovers_when_it_comes(world: World) -> None:
    world.apply(script("reader", "cat", mode="Service", run={"secrets": [{"name": "db"}]}))
    world.eventually("the pod waits", lambda: world.items("pods"), 30)

    world.kubectl("create", "secret", "generic", "db", "--from-literal=password=canary-value-7")
    world.wait_ready("reader", 180)

    told = world.kubectl("get", "plugins,events,pluginrevisions,deployments", "-o", "yaml")
    assert "canary-value-7" not in told


def test_a_spec_that_is_refused_leaves_what_runs_alone(world: World) -> None:
    world.apply(script("steady", "cat", mode="Service"))
    world.wait_ready("steady", 60)
    before = world.get("deployment", "plg-steady")["metadata"]["generation"]

    world.apply(script("steady", "cat -n", mode="Service", events={"publishes": [{"topic": "a.b"}]}))
    world.wait_reason("steady", "FeatureUnavailable", 30)

    assert world.get("deployment", "plg-steady")["metadata"]["generation"] == before
    assert world.condition("steady", "Available")["status"] == "True"
    assert "r1" in world.condition("steady", "Available")["message"]


def test_an_object_nested_a_thousand_levels_deep_delays_nobody(world: World) -> None:
    deep = '{"a":' * 1100 + "1" + "}" * 1100
    poison = (
        '{"apiVersion":"greffon.dev/v1alpha1","kind":"Plugin","metadata":{"name":"poison"},"spec":{"type":"Bash",'
        '"version":"1.0.0","source":{"inline":{"files":{"main.sh":"echo"}}},"run":{"mode":"Job"},'
        f'"config":{{"values":{deep}}}}}}}'
    )
    path = f"/apis/greffon.dev/v1alpha1/namespaces/{world.namespace}/plugins"
    world.cluster.run_kubectl("create", "--raw", path, "-f", "-", stdin=poison)

    world.apply(script("good", "echo hi"))
    world.wait_ready("good", 30)

    world.wait_reason("poison", "InvalidSpec", 30)
    world.apply(script("after", "echo hi"))
    world.wait_ready("after", 30)
