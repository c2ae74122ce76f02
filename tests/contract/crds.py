"""The CRD files as data, and ways to walk them.

Used by every contract test; nothing here knows the Python models.
"""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
CRD_FILES = sorted((REPOSITORY / "crds").glob("*.yaml"))
CRDS: dict[str, dict[str, Any]] = {
    crd["spec"]["names"]["kind"]: crd for crd in (yaml.safe_load(path.read_text()) for path in CRD_FILES)
}
KINDS = sorted(CRDS)

Schema = dict[str, Any]


def version(kind: str) -> dict[str, Any]:
    """The only served version of a kind."""
    (only,) = CRDS[kind]["spec"]["versions"]
    found: dict[str, Any] = only
    return found


def schema(kind: str) -> Schema:
    """The OpenAPI schema of a kind."""
    found: Schema = version(kind)["schema"]["openAPIV3Schema"]
    return found


def walk(node: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every schema node below and including `node`, with paths such as `spec.run.ports[].name`."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from walk(child, f"{path}.{name}".lstrip("."))
    if isinstance(node.get("items"), dict):
        yield from walk(node["items"], f"{path}[]")
    if isinstance(node.get("additionalProperties"), dict):
        yield from walk(node["additionalProperties"], f"{path}{{}}")


def nodes(kind: str) -> list[tuple[str, Schema]]:
    """All nodes of a kind but the object's own metadata, which Kubernetes defines."""
    return [(path, node) for path, node in walk(schema(kind)) if not path.startswith("metadata")]


def strict(node: Schema) -> Schema:
    """The schema as `kubectl` judges by it: an unknown field is an error instead of being dropped."""
    closed = copy.deepcopy(node)
    for path, inner in walk(closed):
        is_open = inner.get("x-kubernetes-preserve-unknown-fields") or path == "metadata"
        if "properties" in inner and not is_open:
            inner["additionalProperties"] = False
    return closed
