"""May a spec run here? Each refusal names field, cause and remedy, and no spec can hurt the operator."""

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greffon.model.conditions import Reason
from greffon.reconcile.admit import CONFIG_LIMIT, Refusal, admit
from greffon.resources.context import Context
from greffon.resources.effective import effective
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

LONGEST_CONDITION = 4096


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
    "a hook": (JOB | {"hooks": {"preActivate": ["x"]}}, Reason.FEATURE_UNAVAILABLE, "spec.hooks"),
    "a dependency": (JOB | {"dependsOn": [{"plugin": "x"}]}, Reason.FEATURE_UNAVAILABLE, "spec.dependsOn"),
    "a range of versions": (
        JOB | {"compatibility": {"kubernetes": ">=1.30"}},
        Reason.FEATURE_UNAVAILABLE,
        "spec.compatibility",
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
    only_python = Context(runner_images={"Python": "x"})
    refusal = verdict(wire, only_python)
    assert refusal is not None
    assert refusal.reason is reason
    assert field in refusal.message


ADMITTED: dict[str, Json] = {
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
    "a schema that describes itself": config(
        {"child": {"child": {}}}, {"type": "object", "properties": {"child": {"$ref": "#"}}}
    ),
    "a schema of an older draft": config({"a": 1}, {"$schema": "http://json-schema.org/draft-07/schema#"}),
    "almost too large": config({"a": "x" * (CONFIG_LIMIT - 100)}),
}


@pytest.mark.parametrize("wire", ADMITTED.values(), ids=ADMITTED)
def test_admitted(wire: Json) -> None:
    assert verdict(wire) is None


def doubling(levels: int) -> Json:
    """A schema of a few lines that a validator walks 2^levels times."""
    defs: Json = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": defs | {f"a{levels}": {"type": "object"}}, "$ref": "#/$defs/a0"}


def circling(levels: int) -> Json:
    """The same, in a circle."""
    defs: Json = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{(n + 1) % levels}"}] * 2} for n in range(levels)}
    return {"$defs": defs, "$ref": "#/$defs/a0"}


def dynamic(levels: int) -> Json:
    """The same by anchors, which are references too."""
    defs: Json = {f"a{n}": {"$anchor": f"a{n}", "allOf": [{"$ref": f"#a{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": defs | {"z": {"$anchor": f"a{levels}", "type": "object"}}, "$ref": "#a0"}


def by_identity(levels: int) -> Json:
    """The same by identifiers."""
    defs: Json = {f"a{n}": {"$id": f"urn:a{n}", "allOf": [{"$ref": f"urn:a{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": defs | {"z": {"$id": f"urn:a{levels}", "type": "object"}}, "$ref": "urn:a0"}


def nested(levels: int) -> Json:
    """An object in an object in an object."""
    made: Json = {}
    for _ in range(levels):
        made = {"a": made}
    return made


BAD_CONFIGS: dict[str, Json] = {
    "a value that does not fit": config({"maxAge": 5}, {"properties": {"maxAge": {"type": "string"}}}),
    "a value that is missing": config({}, {"required": ["maxAge"]}),
    "no values where some are asked for": config(schema={"required": ["maxAge"]}),
    "too large": config({"a": "x" * CONFIG_LIMIT}),
    "a schema that is none": config({}, {"type": "objekt"}),
    "a schema with a broken pattern": config({"a": "x"}, {"properties": {"a": {"pattern": "("}}}),
    "a reference to the network": config({"a": 1}, {"$ref": "http://169.254.169.254/latest"}),
    "a reference to a file": config({"a": 1}, {"$ref": "file:///etc/passwd"}),
    "a reference to nothing": config({"a": 1}, {"$ref": "#/$defs/missing"}),
    "a schema of a draft that nobody knows": config({"a": 1}, {"$schema": "https://evil.test/schema"}),
    "a schema that doubles forty times": config({}, doubling(40)),
    "a schema that doubles by anchors": config({}, dynamic(40)),
    "a schema that doubles by identifiers": config({}, by_identity(40)),
    "a key of five thousand characters": config({"k" * 5000: 1}, {"additionalProperties": {"type": "string"}}),
    "a deep value that does not fit": config(
        {"a": nested(200)}, {"additionalProperties": {"$ref": "#/$defs/x"}, "$defs": {"x": {"maxProperties": 0}}}
    ),
    "a rule with a long name": config({"a": 1}, {"properties": {"a": {"allOf": [{"not": {}}] * 50}}}),
}


@pytest.mark.parametrize("wire", BAD_CONFIGS.values(), ids=BAD_CONFIGS)
def test_a_configuration_is_refused_in_words_that_fit_into_a_status(wire: Json) -> None:
    start = time.monotonic()
    refusal = verdict(wire)
    assert refusal is not None
    assert refusal.reason is Reason.INVALID_CONFIG
    assert refusal.message.startswith("spec.config.")
    assert len(refusal.message) <= LONGEST_CONDITION // 4
    assert "\n" not in refusal.message
    assert time.monotonic() - start < 5


def test_a_secret_in_the_values_is_never_shown() -> None:
    wire = config({"password": "hunter2-hunter2"}, {"properties": {"password": {"maxLength": 3}}})
    refusal = verdict(wire)
    assert refusal is not None
    assert "hunter2" not in refusal.message
    assert "spec.config.values.password" in refusal.message
    assert "maxLength" in refusal.message


HEAVY: dict[str, Json] = {
    "a schema that goes round in circles": config({}, circling(40)),
    "a schema that is nothing but itself": config({}, {"$ref": "#"}),
    "a pattern that backtracks": config(
        {"a": "a" * 200 + "!"}, {"properties": {"a": {"type": "string", "pattern": r"^(a*)*\1$"}}}
    ),
    "values nested two hundred times": config(nested(200), {"additionalProperties": {"$ref": "#"}}),
    "values nested five hundred times": config(nested(500)),
    "a schema nested five hundred times": config({}, {"properties": nested(500)}),
    "a schema of ten thousand parts": config(
        {"x": 1}, {"properties": {f"p{n}": {"type": "string"} for n in range(4000)}}
    ),
}


@pytest.mark.parametrize("wire", HEAVY.values(), ids=HEAVY)
def test_no_configuration_holds_the_operator_up_or_breaks_it(wire: Json) -> None:
    start = time.monotonic()
    verdict(wire)
    assert time.monotonic() - start < 5


KEYWORDS = [
    "type",
    "properties",
    "items",
    "$ref",
    "$id",
    "$defs",
    "allOf",
    "not",
    "if",
    "pattern",
    "enum",
    "const",
    "a",
]
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=4),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(KEYWORDS),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(max_size=4), JSON, max_size=3), st.dictionaries(st.text(max_size=6), JSON, max_size=3))
def test_any_configuration_is_judged_without_a_crash(values: Json, schema: Json) -> None:
    for candidate in (schema, {"properties": schema}, {"allOf": [schema]}):
        refusal = verdict(config(values, candidate))
        assert refusal is None or refusal.reason is Reason.INVALID_CONFIG


def test_the_first_refusal_wins_and_names_every_unbuilt_field() -> None:
    wire = SERVICE | {
        "hooks": {"preActivate": ["x"]},
        "dependsOn": [{"plugin": "x"}],
        "config": {"schema": {"type": "?"}},
    }
    refusal = verdict(wire)
    assert refusal is not None
    assert refusal.reason is Reason.FEATURE_UNAVAILABLE
    assert "spec.hooks, spec.dependsOn" in refusal.message
