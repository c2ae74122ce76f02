"""May a spec run here? Each refusal names field, cause and remedy, and no spec can hurt the operator."""

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    "a setting that is called like a word of schemas": config(
        {"id": "x", "$ref": "y"}, {"properties": {"id": {}, "$ref": {}}}
    ),
    "a schema of an older draft": config({"a": 1}, {"$schema": "http://json-schema.org/draft-07/schema#"}),
    "almost too large": config({"a": "x" * (CONFIG_LIMIT - 100)}),
}


@pytest.mark.parametrize("wire", ADMITTED.values(), ids=ADMITTED)
def test_admitted(wire: Json) -> None:
    assert verdict(wire) is None


def shared(levels: int, name: str = "#/$defs/a{}", **words: str) -> Json:
    """A schema of a few lines that a validator walks 2^levels times; `words` give each part its name."""
    defs: Json = {
        f"a{n}": {word: text.format(n) for word, text in words.items()}
        | ({"allOf": [{"$ref": name.format(n + 1)}] * 2} if n < levels else {})
        for n in range(levels + 1)
    }
    return {"$defs": defs, "$ref": name.format(0)}


def circling(levels: int) -> Json:
    """The same, in a circle."""
    defs: Json = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{(n + 1) % levels}"}] * 2} for n in range(levels)}
    return {"$defs": defs, "$ref": "#/$defs/a0"}


ITSELF_TWICE: Json = {
    "$defs": {"n": {"additionalProperties": {"allOf": [{"$ref": "#/$defs/n"}, {"$ref": "#/$defs/n"}]}}},
    "$ref": "#/$defs/n",
}


def nested(levels: int) -> Json:
    """An object in an object in an object."""
    made: Json = {}
    for _ in range(levels):
        made = {"a": made}
    return made


BAD_VALUES: dict[str, Json] = {
    "a value that does not fit": config({"maxAge": 5}, {"properties": {"maxAge": {"type": "string"}}}),
    "a value that is missing": config({}, {"required": ["maxAge"]}),
    "no values where some are asked for": config(schema={"required": ["maxAge"]}),
    "too large": config({"a": "x" * CONFIG_LIMIT}),
    "a key of five thousand characters": config({"k" * 5000: 1}, {"additionalProperties": {"type": "string"}}),
    "a deep value that does not fit": config({"a": nested(200)}, {"additionalProperties": {"maxProperties": 0}}),
    "a rule with a long name": config({"a": 1}, {"properties": {"a": {"allOf": [{"not": {}}] * 50}}}),
}
BAD_SCHEMAS: dict[str, Json] = {
    "a schema that is none": config({}, {"type": "objekt"}),
    "a schema with a broken pattern": config({"a": "x"}, {"properties": {"a": {"pattern": "("}}}),
    "a reference to the network": config({"a": 1}, {"$ref": "http://169.254.169.254/latest"}),
    "a reference to a file": config({"a": 1}, {"$ref": "file:///etc/passwd"}),
    "a reference to nothing": config({"a": 1}, {"$ref": "#/$defs/missing"}),
    "a schema of a draft that nobody knows": config({"a": 1}, {"$schema": "https://evil.test/schema"}),
    "a schema that doubles with each line": config({}, shared(24)),
    "a schema that doubles by anchors": config({}, shared(18, "#a{}", **{"$anchor": "a{}"})),
    "a schema that doubles by dynamic anchors": config({}, shared(18, "#a{}", **{"$dynamicAnchor": "a{}"})),
    "a schema that doubles by identifiers": config({}, shared(18, "urn:a{}", **{"$id": "urn:a{}"})),
    "a schema that doubles by encoded references": config({}, shared(18, "#/%24defs/a{}")),
    "a schema that doubles in a circle": config({}, circling(18)),
    "a schema that doubles with each level of the value": config(nested(18), ITSELF_TWICE),
    "a schema that refers to itself": config({"a": {}}, {"type": "object", "properties": {"a": {"$ref": "#"}}}),
    "a part with an identifier of its own": config({}, {"properties": {"a": {"$id": "urn:x", "$ref": "#/$defs/y"}}}),
    "a reference that is made while it is followed": config({}, {"$dynamicRef": "#x"}),
    "many parts for many values": config({"a": [1] * 9000}, {"properties": {"a": {"items": {"allOf": [{}] * 3000}}}}),
    "a pattern that can backtrack": config(
        {"a": ["a" * 30 + "!"]}, {"properties": {"a": {"items": {"pattern": r"^(a*)*\1$"}}}}
    ),
}
BAD_CONFIGS = {
    **{name: (wire, "values") for name, wire in BAD_VALUES.items()},
    **{name: (wire, "schema") for name, wire in BAD_SCHEMAS.items()},
}


@pytest.mark.parametrize(("wire", "field"), BAD_CONFIGS.values(), ids=BAD_CONFIGS)
def test_a_configuration_is_refused_in_words_that_fit_into_a_status(wire: Json, field: str) -> None:
    start = time.monotonic()
    refusal = verdict(wire)
    assert refusal is not None
    assert refusal.reason is Reason.INVALID_CONFIG
    assert refusal.message.startswith(f"spec.config.{field}")
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
    "values nested two hundred times": config(nested(200), {"type": "object"}),
    "a schema nested two hundred times": config({}, {"properties": nested(200)}),
    "a schema of four thousand parts": config(
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


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(max_size=4), JSON, max_size=3), st.dictionaries(st.text(max_size=6), JSON, max_size=3))
def test_any_configuration_is_judged_without_a_crash(values: Json, schema: Json) -> None:
    for candidate in (schema, {"properties": schema}, {"allOf": [schema]}):
        refusal = verdict(config(values, candidate))
        assert refusal is None or refusal.reason is Reason.INVALID_CONFIG


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
        "hooks": {"preActivate": ["x"]},
        "dependsOn": [{"plugin": "x"}],
        "config": {"schema": {"type": "?"}},
    }
    refusal = verdict(wire)
    assert refusal is not None
    assert refusal.reason is Reason.FEATURE_UNAVAILABLE
    assert "spec.hooks, spec.dependsOn" in refusal.message
