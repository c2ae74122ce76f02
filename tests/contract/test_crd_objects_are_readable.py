"""Whatever a CRD's schema accepts, the models read without loss; nothing makes them crash.

Hypothesis writes objects from the schema itself. CEL rules only narrow that further, so they need not be known.
"""

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greffon.model.errors import SpecError
from tests.contract.crds import KINDS, Schema, schema, strict
from tests.contract.test_crd_models import MODELS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
QUANTITIES = st.integers(0, 2**40) | st.from_regex(r"\A[0-9]{1,5}(m|Mi|Gi)?\Z")
TIMES = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20))


def objects(node: Schema) -> st.SearchStrategy[Any]:
    """Values that the schema accepts, all fields of them now and then."""
    if node.get("x-kubernetes-int-or-string"):
        return QUANTITIES
    if node.get("x-kubernetes-preserve-unknown-fields"):
        return st.dictionaries(st.text(max_size=5), JSON, max_size=3) if node.get("type") == "object" else JSON
    if "enum" in node:
        return st.sampled_from(node["enum"])
    match node["type"]:
        case "string":
            return _strings(node)
        case "integer":
            return st.integers(node.get("minimum", -(2**31)), node.get("maximum", 2**31 - 1))
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(objects(node["items"]), min_size=node.get("minItems", 0), max_size=2)
        case _:
            return _mappings(node)


def _strings(node: Schema) -> st.SearchStrategy[str]:
    longest = min(node.get("maxLength", 24), 24)
    if node.get("format") == "date-time":
        return TIMES.filter(lambda text: text.startswith("2"))
    if "pattern" in node:
        # `$` of the API server is the end of the text, Python's also stands before a last line break.
        exact = node["pattern"].removesuffix("$") + r"\Z"
        return st.from_regex(exact).filter(lambda text: node.get("minLength", 0) <= len(text) <= node["maxLength"])
    return st.text(min_size=min(node.get("minLength", 0), 36), max_size=max(longest, node.get("minLength", 0)))


def _mappings(node: Schema) -> st.SearchStrategy[dict[str, Any]]:
    if isinstance(node.get("additionalProperties"), dict):
        return st.dictionaries(st.text(min_size=1, max_size=8), objects(node["additionalProperties"]), max_size=2)
    fields = {name: objects(child) for name, child in node.get("properties", {}).items() if name != "metadata"}
    required = set(node.get("required", []))
    return st.fixed_dictionaries(
        {name: value for name, value in fields.items() if name in required},
        optional={name: value for name, value in fields.items() if name not in required},
    )


def _without_empty(value: Any) -> Any:
    """Forget what the model does not tell apart: absent and empty, number and text of a quantity."""
    if isinstance(value, dict):
        kept = {name: _without_empty(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_an_object_that_the_crd_accepts_is_read_and_written_without_loss(kind: str, data: st.DataObject) -> None:
    parts = schema(kind)["properties"]
    spec, status = data.draw(objects(parts["spec"])), data.draw(objects(parts["status"]))
    body = {"metadata": {"name": "any"}, "spec": spec, "status": status}
    jsonschema_rs.validator_for(strict(schema(kind))).validate(body)

    written = MODELS[kind].parse(body).to_wire()

    assert _without_empty(written["spec"]) == _without_empty(spec)
    assert _without_empty(written["status"]).items() >= _without_empty(status).items()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100, deadline=None, derandomize=True)
@given(spec=JSON, status=JSON)
def test_any_other_object_is_read_or_refused_by_the_one_typed_error(kind: str, spec: Any, status: Any) -> None:
    try:
        MODELS[kind].parse({"metadata": {"name": "any"}, "spec": spec, "status": status})
    except SpecError as error:
        assert error.problems
