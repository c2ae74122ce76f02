"""Whatever a CRD's schema accepts, the models read without loss; nothing makes them crash."""

import copy
from typing import Any

import jsonschema_rs
import pytest

from greffon.model.errors import SpecError
from tests.contract.crds import KINDS, Schema, schema, strict, walk
from tests.contract.schema_objects import Writer
from tests.contract.test_crd_models import MODELS

OBJECTS = 200


def _without_patterns(node: Schema) -> Schema:
    loose = copy.deepcopy(node)
    for _, inner in walk(loose):
        inner.pop("pattern", None)
    return loose


def _without_empty(value: Any) -> Any:
    """Forget what the model does not tell apart: absent and empty, number and text of a quantity."""
    if isinstance(value, dict):
        kept = {name: _without_empty(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _within(given: Any, written: Any) -> bool:
    """Whether nothing given is lost; a status may gain zeros for counts that nobody gave."""
    if isinstance(given, dict):
        return all(name in written and _within(item, written[name]) for name, item in given.items())
    if isinstance(given, list):
        return len(given) == len(written) and all(map(_within, given, written))
    return bool(given == written)


@pytest.mark.parametrize("fullness", [0.1, 0.5, 1.0], ids=["sparse", "half full", "full"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_object_that_the_crd_accepts_is_read_and_written_without_loss(kind: str, fullness: float) -> None:
    parts = schema(kind)["properties"]
    validator = jsonschema_rs.validator_for(_without_patterns(strict(schema(kind))))
    for seed in range(OBJECTS):
        writer = Writer(seed, fullness)
        spec, status = writer.value(parts["spec"]), writer.value(parts["status"])
        body = {"metadata": {"name": "any"}, "spec": spec, "status": status}
        validator.validate(body)

        written = MODELS[kind].parse(body).to_wire()

        assert _without_empty(written["spec"]) == _without_empty(spec), f"seed {seed}"
        assert _within(_without_empty(status), _without_empty(written["status"])), f"seed {seed}"


@pytest.mark.parametrize("kind", KINDS)
def test_any_other_object_is_read_or_refused_by_the_one_typed_error(kind: str) -> None:
    parts = schema(kind)["properties"]
    refused: list[SpecError] = []
    for seed in range(OBJECTS):
        writer = Writer(seed, 0.7)
        spec = writer.json() if seed % 2 else writer.value(parts["spec"])
        if isinstance(spec, dict) and spec:
            spec[sorted(spec)[seed % len(spec)]] = writer.json()
        try:
            MODELS[kind].parse({"metadata": {"name": "any"}, "spec": spec, "status": writer.json()})
        except SpecError as error:
            refused.append(error)

    assert len(refused) > OBJECTS / 4
    assert all(error.problems and str(error) for error in refused)
