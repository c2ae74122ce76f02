"""The CRDs and the Python models say the same, field by field."""

import typing
from datetime import datetime
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel

from greffon.model import keys
from greffon.model.approval import PluginApproval
from greffon.model.conditions import ConditionType, Reason
from greffon.model.meta import Metadata, Object
from greffon.model.plugin import Plugin
from greffon.model.policy import PluginPolicy
from greffon.model.revision import PluginRevision
from greffon.model.run import PluginRun
from tests.contract.crds import KINDS, Schema, nodes, schema

MODELS: dict[str, type[Object]] = {
    keys.KIND_PLUGIN: Plugin,
    keys.KIND_REVISION: PluginRevision,
    keys.KIND_RUN: PluginRun,
    keys.KIND_APPROVAL: PluginApproval,
    keys.KIND_POLICY: PluginPolicy,
}
VERBS = "verbs[]"
"""Closed in the CRD, where a wrong verb must be refused; plain text in the model, which only carries it."""


@pytest.mark.parametrize("kind", KINDS)
def test_model_and_crd_have_the_same_fields_types_and_demands(kind: str) -> None:
    problems: list[str] = []
    _compare(schema(kind), MODELS[kind], "", problems)
    assert problems == []


def _compare(node: Schema, annotation: Any, path: str, problems: list[str]) -> None:
    origin, arguments = _unwrap(annotation)
    if isinstance(origin, type) and issubclass(origin, BaseModel):
        if origin is not Metadata:
            _compare_fields(node, origin, path, problems)
    elif origin is tuple and node.get("type") == "array":
        _compare(node["items"], arguments[0], f"{path}[]", problems)
    elif origin is dict and isinstance(node.get("additionalProperties"), dict):
        _compare(node["additionalProperties"], arguments[1], f"{path}{{}}", problems)
    elif not _same_scalar(node, origin, path):
        problems.append(f"{path}: the CRD says {node.get('type')}, the model {annotation}")


def _compare_fields(node: Schema, model: type[BaseModel], path: str, problems: list[str]) -> None:
    fields = {field.serialization_alias or name: field for name, field in model.model_fields.items()}
    declared = node.get("properties", {})
    known = set(declared) - {"apiVersion", "kind"} if not path else set(declared)
    problems += [f"{path}.{name}: only in one of CRD and model" for name in known ^ set(fields)]
    required = set(node.get("required", []))
    demanded = {name for name, field in fields.items() if field.is_required()} - {"metadata"}
    # A status is read leniently, but what a model needs to be read at all must always be there.
    wrong = demanded - required if path.startswith("status") else demanded ^ required
    problems += [f"{path}.{name}: required in only one of CRD and model" for name in wrong]
    for name in known & set(fields):
        _compare(declared[name], fields[name].annotation, f"{path}.{name}".lstrip("."), problems)


def _same_scalar(node: Schema, origin: Any, path: str) -> bool:
    if node.get("x-kubernetes-preserve-unknown-fields"):
        return origin is (dict if node.get("type") == "object" else Any)
    if node.get("x-kubernetes-int-or-string"):
        return origin is str
    if "enum" in node and not path.endswith(VERBS):
        closed = isinstance(origin, type) and issubclass(origin, Enum)
        return closed and {member.value for member in origin} == set(node["enum"])
    if node.get("format") == "date-time":
        return origin is datetime
    wanted = {"string": str, "integer": int, "boolean": bool}.get(node.get("type", ""))
    return wanted is not None and origin is wanted


def _unwrap(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Take off Annotated and `| None`."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _unwrap(arguments[0])
    without_none = [item for item in arguments if item is not type(None)]
    if origin is not None and len(without_none) < len(arguments):
        return _unwrap(without_none[0])
    return (origin or annotation), arguments


@pytest.mark.parametrize("kind", KINDS)
def test_default_conditions_use_words_that_are_documented(kind: str) -> None:
    default = schema(kind)["properties"]["status"].get("default", {})
    for condition in default.get("conditions", []):
        assert condition["type"] in set(ConditionType)
        assert condition["reason"] in set(Reason)


@pytest.mark.parametrize("word", [*ConditionType, *Reason], ids=str)
def test_every_word_of_a_status_fits_the_crd_and_has_a_sentence_of_meaning(word: ConditionType | Reason) -> None:
    assert word.value.isalnum()
    assert word.value[0].isupper()
    assert len(word.value) <= 64
    assert word.meaning.endswith(".")
    assert len(word.meaning.split()) >= 4


def test_the_walk_would_notice_a_difference() -> None:
    narrower = {"type": "object", "properties": {"type": {"type": "string", "enum": ["Container"]}}, "required": []}
    root: Schema = {"properties": {"metadata": {}, "spec": narrower, "status": {}}, "required": ["spec"]}
    problems: list[str] = []
    _compare(root, Plugin, "", problems)
    assert "spec.run: only in one of CRD and model" in problems
    assert "spec.version: only in one of CRD and model" in problems
    assert "spec.version: required in only one of CRD and model" in problems
    assert any(line.startswith("spec.type: the CRD says string") for line in problems)


def test_every_field_is_walked() -> None:
    assert sum(len(nodes(kind)) for kind in KINDS) > 300
