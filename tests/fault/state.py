"""A namespace without what differs between two runs of the same story, for comparison. Used by `test_killed`."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.e2e.world import CHILD_KINDS, Json, World

_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_BY_SERVER = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink")
_USER_IDS = frozenset({"runAsUser", "runAsGroup", "fsGroup"})
"""Derived from the Plugin's UID."""
_ADDRESSES = frozenset({"clusterIP", "clusterIPs"})
_OURS = frozenset({"Plugin", "PluginRun", "PluginRevision"})


def state(world: World) -> dict[str, Json]:
    """Every Plugin with its status and everything the operator made, by "Kind name".

    `metadata.generation` and the rollout number of a Deployment stay: a change made twice would show there.
    """
    objects = world.items(f"plugins,{CHILD_KINDS}")
    mine = [obj for obj in objects if obj["kind"] != "Pod" and _is_ours(obj)]
    names = _changing_names(mine, world.namespace)
    masked = [json.loads(_rename(json.dumps(_without(obj)), names)) for obj in mine]
    return {f"{obj['kind']} {obj['metadata']['name']}": obj for obj in masked}


def strays(world: World) -> list[str]:
    """Objects of plug-ins that do not exist: "Kind name"."""
    alive = {obj["metadata"]["uid"] for obj in world.items("plugins")}
    return [
        f"{obj['kind']} {obj['metadata']['name']}"
        for obj in world.items(CHILD_KINDS, "greffon.dev/plugin-uid")
        if obj["metadata"]["labels"]["greffon.dev/plugin-uid"] not in alive
    ]


def differences(left: dict[str, Json], right: dict[str, Json]) -> list[str]:
    """What is not the same, object by object and path by path."""
    found = []
    for key in sorted({*left, *right}):
        a, b = dict(_paths(left.get(key, {}))), dict(_paths(right.get(key, {})))
        found += [
            f"{key} {path}: {a.get(path)!r} / {b.get(path)!r}"
            for path in sorted({*a, *b})
            if a.get(path) != b.get(path)
        ]
    return found


def _is_ours(obj: Json) -> bool:
    return obj["kind"] in _OURS or "greffon.dev/plugin" in (obj["metadata"].get("labels") or {})


def _changing_names(objects: list[Json], namespace: str) -> dict[str, str]:
    """UIDs, and the names of run Jobs, which are made of UIDs; longest first, so that none is cut."""
    found = {namespace: "<namespace>"}
    for obj in objects:
        meta = obj["metadata"]
        found[meta["uid"]] = f"<uid of {obj['kind']} {meta['name']}>"
        if obj["kind"] == "Job":
            found[meta["name"]] = f"<job of {meta['labels'].get('greffon.dev/run')}>"
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _rename(text: str, names: dict[str, str]) -> str:
    for name, mask in names.items():
        text = text.replace(name, mask)
    return _TIME.sub("<time>", text)


def _without(obj: Json) -> Json:
    """What others than the operator and the user write is left out."""
    kept = {key: value for key, value in obj.items() if key != "status" or obj["kind"] in _OURS}
    kept["metadata"] = {key: value for key, value in obj["metadata"].items() if key not in _BY_SERVER}
    pruned: Json = _prune(kept)
    return pruned


def _prune(value: Any) -> Any:
    if isinstance(value, list):
        return [_prune(item) for item in value]
    if isinstance(value, dict):
        return {key: "<masked>" if key in _USER_IDS | _ADDRESSES else _prune(item) for key, item in value.items()}
    return value


def _paths(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in _paths(item, f"{path}.{key}")]
    if isinstance(value, list):
        return [pair for n, item in enumerate(value) for pair in _paths(item, f"{path}[{n}]")]
    return [(path, value)]
