"""No configuration and no schema can hurt the operator, and every refusal fits into a status."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greffon.model.conditions import Reason
from greffon.reconcile.admit import CONFIG_LIMIT
from tests.unit.reconcile.test_admit import config, verdict
from tests.unit.resources.samples import (
    Json,
)

LONGEST_CONDITION = 4096


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
