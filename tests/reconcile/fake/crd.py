"""Defaults, pruning and validation by the CRDs of this repository. Called by `writing` for the custom kinds.

CEL rules are not evaluated: the contract tests try them on a real server.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from greffon.model import keys

Json = dict[str, Any]
_FOLDER = Path(__file__).parents[3] / "crds"


@cache
def schema(kind: str) -> Json:
    """The structural schema of a kind."""
    text = (_FOLDER / f"{keys.PLURALS[kind]}.yaml").read_text(encoding="utf-8")
    document: Json = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    found: Json = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


@cache
def _validator(kind: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_plain(schema(kind)), validate_formats=False)


def _plain(node: Any) -> Any:
    """The schema without Kubernetes' own marks, whose `int-or-string` is a type."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _plain(value) for key, value in node.items() if not str(key).startswith("x-kubernetes-")}
    return plain | ({"type": ["integer", "string"]} if node.get("x-kubernetes-int-or-string") else {})


def problems(kind: str, obj: Json) -> list[str]:
    """What the schema refuses, as "path: message"."""
    errors = _validator(kind).iter_errors(obj)
    return [".".join(str(step) for step in error.instance_path) + f": {error.message}" for error in errors]


def admitted(kind: str, obj: Json) -> Json:
    """The object as it is stored: unknown fields pruned, defaults filled in."""
    made: Json = _shaped({**obj, "metadata": {}}, schema(kind))
    return made | {"metadata": obj["metadata"]}


def _shaped(value: Any, node: Json) -> Any:
    if isinstance(value, list):
        return [_shaped(item, node.get("items") or {}) for item in value]
    if not isinstance(value, dict) or node.get("x-kubernetes-preserve-unknown-fields"):
        return value
    properties, rest = node.get("properties") or {}, node.get("additionalProperties")
    known = {key: child for key, child in value.items() if (key in properties or rest) and child is not None}
    kept = {key: _shaped(child, properties.get(key) or rest or {}) for key, child in known.items()}
    defaults = {k: sub["default"] for k, sub in properties.items() if "default" in sub and k not in kept}
    return kept | defaults
