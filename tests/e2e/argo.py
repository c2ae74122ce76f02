"""Is an object in sync, by Argo CD's own reckoning? Pure; used by `test_argo`, tried by `tests/unit/e2e`.

Argo CD's default comparison is three-way: what kubectl noted as applied last, what Git says now, and what is live.
From the three it makes the patch that another `kubectl apply` would send, lays it over the live object, and calls the
object OutOfSync where the outcome differs from what is live. This is its way with kinds it has no Go type of.
Source: https://argo-cd.readthedocs.io/en/stable/user-guide/diff-strategies/ ("Legacy") and its package gitops-engine.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from greffon.model import keys

Json = dict[str, Any]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
TRACKING_ID = "argocd.argoproj.io/tracking-id"
INSTANCE = "app.kubernetes.io/instance"
WHOLE = "$"
_BY_MAPS_ALONE = (("v1", "ConfigMap"),)
"""Built-in kinds without lists, with which the merge by Go type comes to the same."""


def tracked(config: Json, application: str, namespace: str) -> Json:
    """A manifest as Argo CD applies it: marked as part of an application, by annotation and by label.

    The annotation alone is the default; with the method `annotation+label` both are set.
    """
    made = copy.deepcopy(config)
    group = config["apiVersion"].rpartition("/")[0]
    mark = f"{application}:{group}/{config['kind']}:{namespace}/{config['metadata']['name']}"
    for field, key, value in (("annotations", TRACKING_ID, mark), ("labels", INSTANCE, application)):
        made["metadata"][field] = (made["metadata"].get(field) or {}) | {key: value}
    return made


def differences(config: Json, live: Json | None) -> list[str]:
    """JSON paths at which a manifest is OutOfSync; none when it is Synced, `WHOLE` when there is no such object.

    Raises:
        ValueError: a kind that Argo CD merges by its Go type, whose rules are not known here.
    """
    if config["apiVersion"] != keys.API_VERSION and (config["apiVersion"], config["kind"]) not in _BY_MAPS_ALONE:
        raise ValueError(f"{config['apiVersion']} {config['kind']}: merged by a Go type, which is not known here")
    if live is None:
        return [WHOLE]
    noted = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    seen, wanted = _normalised(live), _bare(_normalised(config))
    applied = _bare(_normalised(json.loads(noted))) if noted else wanted
    predicted = _patched(seen, _three_way(applied, wanted, seen))
    return list(_unequal(predicted, seen, WHOLE))


def _normalised(obj: Json) -> Json:
    """Without what the comparison ignores on either side (`ignoreResourceStatusField: all` is the default)."""
    made = copy.deepcopy(obj)
    made.pop("status", None)
    made["metadata"].pop("creationTimestamp", None)
    return made


def _bare(manifest: Json) -> Json:
    """Without what a manifest may leave out: its namespace, and annotations when there are none."""
    meta = {key: value for key, value in manifest["metadata"].items() if key != "namespace"}
    if not meta.get("annotations", True):
        del meta["annotations"]
    return manifest | {"metadata": meta}


def _three_way(applied: Json, wanted: Json, live: Json) -> Json:
    """The patch of `kubectl apply` for a custom resource: add and change by the live object, remove by the last one."""
    add_or_change = _without_nulls(_merge_patch(_known(applied, live), wanted))
    remove = _only_nulls(_merge_patch(applied, wanted))
    return _united(remove, add_or_change)


def _known(applied: Any, live: Any) -> Any:
    """The live value without fields that were never applied: defaults, and what others have added.

    Elements beyond the end of a list stay, so that they count as a difference.
    """
    if isinstance(applied, dict) and isinstance(live, dict):
        return {key: _known(applied[key], value) for key, value in live.items() if key in applied}
    if isinstance(applied, list) and isinstance(live, list):
        pairs = zip(applied, live, strict=False)
        return [*(_known(was, now) for was, now in pairs), *live[len(applied) :]]
    return live


def _merge_patch(before: Json, after: Json) -> Json:
    """The JSON merge patch (RFC 7396) from one object to another."""
    made: Json = {key: None for key in before if key not in after}
    for key, value in after.items():
        if key in before and isinstance(before[key], dict) and isinstance(value, dict):
            if inner := _merge_patch(before[key], value):
                made[key] = inner
        elif key not in before or not _same(before[key], value):
            made[key] = value
    return made


def _without_nulls(patch: Json) -> Json:
    kept = {key: value for key, value in patch.items() if value is not None}
    return {key: _without_nulls(value) if isinstance(value, dict) else value for key, value in kept.items()}


def _only_nulls(patch: Json) -> Json:
    inner = {key: _only_nulls(value) for key, value in patch.items() if isinstance(value, dict)}
    removed: Json = {key: None for key, value in patch.items() if value is None}
    return removed | {key: value for key, value in inner.items() if value}


def _united(patch: Json, more: Json) -> Json:
    """Two patches as one; where both say something, the second one counts."""
    both = {k: _united(patch[k], v) for k, v in more.items() if isinstance(v, dict) and isinstance(patch.get(k), dict)}
    return patch | more | both


def _patched(value: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    base = value if isinstance(value, dict) else {}
    kept = {key: child for key, child in base.items() if key not in patch}
    return kept | {key: _patched(base.get(key), child) for key, child in patch.items() if child is not None}


def _unequal(one: Any, other: Any, path: str) -> Iterator[str]:
    """Where two values differ, as deep as possible; a list differs as a whole."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if key in one and key in other:
                yield from _unequal(one[key], other[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif not _same(one, other):
        yield path


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 is 1.0, but not true."""
    return json.dumps(_numbers(one), sort_keys=True) == json.dumps(_numbers(other), sort_keys=True)


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_numbers(child) for child in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
