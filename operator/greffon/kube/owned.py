"""What of a live object is ours: the stateless test for drift.

Server-side apply records which fields each manager owns. When somebody changes or removes one of ours, that path
leaves our entry. So the live object, projected on our entry, equals what we applied exactly as long as nobody
interfered; no memory, no annotation that could be forged, and no body in the cache. Called by `reconcile.seen`
for live objects and by `reconcile.plan` for desired ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from greffon.kube.additions import additions
from greffon.kube.api import FIELD_MANAGER

Json = dict[str, Any]


def fingerprint_of_live(kind: str, obj: Json) -> str:
    """Digest of the fields that our field manager applied and still owns; "" when it owns none."""
    entry = _our_entry(obj)
    if entry is None:
        return ""
    mine = project(obj, entry)
    if kind == "PluginRevision":
        return _digest({"metadata": mine.get("metadata")})
    added = additions(kind, obj, entry)
    return _digest(mine | _exact(kind, obj) | ({"added": added} if added else {}))


def fingerprint_of_desired(obj: Json) -> str:
    """Digest that a live object has when exactly this was applied and nobody interfered."""
    meta = {key: value for key, value in obj["metadata"].items() if key in ("labels", "annotations", "ownerReferences")}
    if obj["kind"] == "PluginRevision":  # its spec is immutable, and may have been written by an older release
        return _digest({"metadata": meta})
    rest = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata", "status")}
    return _digest({"metadata": meta, **rest} | _exact(obj["kind"], obj))


def has_additions(obj: Json) -> bool:
    """Whether others added to the spec of an object that is ours as a whole."""
    return bool(additions(obj["kind"], obj, _our_entry(obj) or {}))


def _exact(kind: str, obj: Json) -> Json:
    """A policy is ours as a whole: what others add to it opens something. The server drops empty lists."""
    if kind != "NetworkPolicy":
        return {}
    return {"spec": {key: value for key, value in obj["spec"].items() if value != []}}


def project(live: Mapping[str, Any], fields_v1: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `live` that the paths of a `fieldsV1` entry name; paths that `live` lacks are left out.

    `f:name` is a field, `k:{…}` the list item with those keys, `v:x` the set element x, `i:3` an index, `.` the
    thing itself, `{}` a leaf: the whole value (structured-merge-diff's format of `metadata.managedFields`).
    """
    found = _part(live, fields_v1)
    return found if isinstance(found, dict) else {}


def _part(value: Any, paths: Mapping[str, Any]) -> Any:
    """The owned part of one value; a leaf owns all of it."""
    if not paths:
        return value
    if isinstance(value, Mapping):
        return {
            name[2:]: _part(value[name[2:]], below)
            for name, below in paths.items()
            if name.startswith("f:") and name[2:] in value
        }
    if isinstance(value, list):
        return _items(value, paths)
    return value  # owned as a structure, but it became a scalar: show what is there


def _items(items: list[Any], paths: Mapping[str, Any]) -> list[Any]:
    """The owned items, in the order in which the live list has them."""
    owned: list[Any] = []
    for index, item in enumerate(items):
        for path, below in paths.items():
            if _selects(path, index, item):
                owned.append(_item(item, path, below))
                break
    return owned


def _item(item: Any, path: str, below: Mapping[str, Any]) -> Any:
    """The owned part of one item; owning a keyed item means owning its keys, even alone."""
    if not path.startswith("k:") or not isinstance(item, Mapping):
        return _part(item, below)
    keys = orjson.loads(path[2:]) if "." in below else {}
    return {**keys, **_part(item, below)}


def _selects(path: str, index: int, item: Any) -> bool:
    kind, _, text = path.partition(":")
    match kind:
        case "k":
            keys = orjson.loads(text)
            return isinstance(item, Mapping) and all(
                name in item and _same(item[name], key) for name, key in keys.items()
            )
        case "v":
            return _same(item, orjson.loads(text))
        case "i":
            return index == int(text)
        case _:
            return False


def _same(left: Any, right: Any) -> bool:
    """JSON equality: `true` is not `1`, which Python would let pass."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _our_entry(obj: Json) -> Mapping[str, Any] | None:
    for entry in obj["metadata"].get("managedFields") or ():
        if (entry["manager"], entry["operation"], entry.get("subresource", "")) == (FIELD_MANAGER, "Apply", ""):
            fields: Mapping[str, Any] = entry.get("fieldsV1") or {}
            return fields
    return None


def _digest(value: Json) -> str:
    return hashlib.blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()
