"""May a spec run here? Each refusal names field, cause and remedy, and no spec can hurt the operator."""

from dataclasses import replace
from typing import Any

import pytest

from greffon.model.conditions import Reason
from greffon.reconcile.admit import CONFIG_LIMIT, Refusal, admit
from greffon.resources.context import Context
from greffon.resources.effective import effective
from greffon.security.ceiling import read
from tests.unit.resources.samples import (
    CONTAINER_JOB,
    CONTEXT,
    JOB,
    NAMES,
    SERVICE,
    WEBHOOK,
    Json,
    golden_plugin,
    spec_of,
    with_run,
)


def verdict(wire: Json, context: Context = CONTEXT) -> Refusal | None:
    """What becomes of a spec."""
    spec = spec_of(wire)
    return admit(spec, effective(spec, context), context)


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_plugins_may_run(name: str) -> None:
    assert verdict(golden_plugin(name)["spec"]) is None


def trigger(**what: Any) -> Json:
    """A job with one trigger."""
    return JOB | {"triggers": [{"name": "t", **what}]}


def config(values: Any = None, schema: Any = None) -> Json:
    """A job with that configuration."""
    given_parts = {"values": values, "schema": schema}
    return JOB | {"config": {name: part for name, part in given_parts.items() if part is not None}}


EGRESS = {"fqdn": "vault.test", "ports": [{"port": 443}]}
UNBUILT: dict[str, tuple[Json, Reason, str]] = {
    "egress by host name": (
        JOB | {"permissions": {"egress": [EGRESS]}},
        Reason.FQDN_UNSUPPORTED,
        "spec.permissions.egress",
    ),
    "a newer Kubernetes": (
        JOB | {"compatibility": {"kubernetes": ">=1.99"}},
        Reason.INCOMPATIBLE,
        "spec.compatibility.kubernetes: needs >=1.99, but this is v1.36.3-vendor.1",
    ),
    "an older Greffon": (
        JOB | {"compatibility": {"greffon": "<0.1"}},
        Reason.INCOMPATIBLE,
        "needs <0.1, but this is 0.1.0",
    ),
    "a range that cannot be read": (
        JOB | {"compatibility": {"greffon": "1.x.3"}},
        Reason.INVALID_SPEC,
        "spec.compatibility.greffon: ",
    ),
    "a published topic": (
        JOB | {"events": {"publishes": [{"topic": "a.b"}]}},
        Reason.FEATURE_UNAVAILABLE,
        "spec.events",
    ),
    "a trigger by event": (trigger(event={"topic": "a.b"}), Reason.FEATURE_UNAVAILABLE, "spec.triggers: event"),
    "a trigger by watch": (
        trigger(watch={"apiVersion": "v1", "kind": "Secret"}),
        Reason.FEATURE_UNAVAILABLE,
        "spec.triggers: watch",
    ),
    "a trigger by http": (trigger(http={"path": "/x"}), Reason.FEATURE_UNAVAILABLE, "spec.triggers: http"),
    "a script without a runner": (JOB | {"type": "Go"}, Reason.UNSUPPORTED_TYPE, "Go"),
    "two Secrets in one place": (
        with_run(
            JOB,
            secrets=[
                {"name": "a", "mountPath": "/var/run/greffon/secrets/x"},
                {"name": "b", "mountPath": "/var/run/greffon/secrets/x"},
            ],
        ),
        Reason.INVALID_SPEC,
        "spec.run.secrets",
    ),
    "a Secret in the default place of another": (
        with_run(JOB, secrets=[{"name": "a"}, {"name": "b", "mountPath": "/var/run/greffon/secrets/a"}]),
        Reason.INVALID_SPEC,
        "spec.run.secrets",
    ),
}


@pytest.mark.parametrize(("wire", "reason", "field"), UNBUILT.values(), ids=UNBUILT)
def test_refused(wire: Json, reason: Reason, field: str) -> None:
    only_python = Context(runner_images={"Python": "x"}, kubernetes_version="v1.36.3-vendor.1")
    refusal = verdict(wire, only_python)
    assert refusal is not None
    assert refusal.reason is reason
    assert field in refusal.message


ADMITTED: dict[str, Json] = {
    "hooks": JOB | {"hooks": {"preActivate": ["x"]}},
    "an empty list of hooks": JOB | {"hooks": {}},
    "an empty compatibility": JOB | {"compatibility": {}},
    "events without topics": JOB | {"events": {"publishes": []}},
    "a webhook, which needs no image": WEBHOOK,
    "a container, which needs no runner": CONTAINER_JOB,
    "a schedule": trigger(cron="0 3 * * *", timeZone="Etc/UTC"),
    "values without a schema": config({"a": 1}),
    "a schema without values that asks for none": config(schema={"type": "object"}),
    "values that fit their schema": config({"maxAge": "30d"}, {"required": ["maxAge"]}),
    "a schema with local references": config(
        {"a": {"b": 1}},
        {"$defs": {"n": {"type": "integer"}}, "properties": {"a": {"properties": {"b": {"$ref": "#/$defs/n"}}}}},
    ),
    "a setting that is called like a word of schemas": config(
        {"id": "x", "$ref": "y"}, {"properties": {"id": {}, "$ref": {}}}
    ),
    "a schema of an older draft": config({"a": 1}, {"$schema": "http://json-schema.org/draft-07/schema#"}),
    "almost too large": config({"a": "x" * (CONFIG_LIMIT - 100)}),
}


@pytest.mark.parametrize("wire", ADMITTED.values(), ids=ADMITTED)
def test_admitted(wire: Json) -> None:
    assert verdict(wire) is None


CEILING = read(
    [
        {"apiGroups": [""], "resources": ["configmaps", "pods/log"], "verbs": ["get", "list"]},
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["db"]},
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]
)
RIGHTS: dict[str, tuple[Json, str | None]] = {
    "within the ceiling": ({"resources": ["configmaps"], "verbs": ["get", "list"]}, None),
    "another verb": ({"resources": ["configmaps"], "verbs": ["get", "delete"]}, "delete configmaps"),
    "another group": ({"apiGroups": ["apps"], "resources": ["configmaps"], "verbs": ["get"]}, "get configmaps.apps"),
    "a subresource that is named": ({"resources": ["pods/log"], "verbs": ["get"]}, None),
    "a subresource is not its resource": ({"resources": ["pods"], "verbs": ["get"]}, "get pods"),
    "any verb of a group": ({"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["deletecollection"]}, None),
    "a wildcard of the author is covered by nothing": ({"resources": ["*"], "verbs": ["get"]}, "get *"),
    "a name that is allowed": ({"resources": ["secrets"], "verbs": ["get"], "resourceNames": ["db"]}, None),
    "another name": ({"resources": ["secrets"], "verbs": ["get"], "resourceNames": ["db", "x"]}, "get secrets x"),
    "every name where one is allowed": ({"resources": ["secrets"], "verbs": ["get"]}, "get secrets"),
}


@pytest.mark.parametrize(("rule", "right"), RIGHTS.values(), ids=RIGHTS)
def test_rights_beyond_what_an_admin_lets_plug_ins_have(rule: Json, right: str | None) -> None:
    wire = JOB | {"permissions": {"rules": [{"apiGroups": [""]} | rule]}}
    refusal = verdict(wire, replace(CONTEXT, ceiling=CEILING))
    if right is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.reason is Reason.CEILING_EXCEEDED
        assert f"plug-ins have: {right};" in refusal.message


def test_no_ceiling_allows_no_right_and_an_unknown_one_leaves_it_to_the_api_server() -> None:
    wire = JOB | {"permissions": {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}}
    assert verdict(wire, replace(CONTEXT, ceiling=())) is not None
    assert verdict(wire, replace(CONTEXT, ceiling=None)) is None


def test_the_first_refusal_wins_and_names_every_unbuilt_field() -> None:
    wire = SERVICE | {
        "triggers": [{"name": "t", "http": {"path": "/t"}}],
        "events": {"publishes": [{"topic": "a.b"}]},
        "config": {"schema": {"type": "?"}},
    }
    refusal = verdict(wire)
    assert refusal is not None
    assert refusal.reason is Reason.FEATURE_UNAVAILABLE
    assert "spec.events, spec.triggers: http" in refusal.message
