"""Server-side apply and the bookkeeping of `metadata.managedFields`. Pure; called by `writing`.

Facts of a real server that are kept here: an owned path is lost by whoever another writer overrules, with exactly that
path; what a manager applied before and leaves out now is removed unless somebody else owns it too; an unchanged apply
changes nothing, not even the version.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import orjson

from tests.reconcile.fake.fields import Difference, Fields, from_wire, items, paths, to_wire
from tests.reconcile.fake.schema import Path, is_atomic_map, list_keys

Json = dict[str, Any]
SERVER_FIELDS = frozenset(
    {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"}
    | {"managedFields", "deletionGracePeriodSeconds", "selfLink", "generateName"}
)


@dataclass(frozen=True, slots=True)
class Manager:
    """Who writes: name, "Apply" or "Update", and the subresource ("" for the object itself)."""

    name: str
    operation: str
    subresource: str = ""


Owned = dict[Manager, Fields]


def content(obj: Json) -> Json:
    """What field managers can own of an object."""
    meta = {key: value for key, value in (obj.get("metadata") or {}).items() if key not in SERVER_FIELDS}
    rest = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata")}
    return rest | ({"metadata": meta} if meta else {})


def managers_of(obj: Json) -> Owned:
    """Read `managedFields`."""
    return {
        Manager(e["manager"], e["operation"], e.get("subresource", "")): frozenset(from_wire(e.get("fieldsV1") or {}))
        for e in obj["metadata"].get("managedFields") or ()
    }


def managed_fields(owned: Owned, api_version: str, before: Json | None, time: str) -> list[Json]:
    """Write `managedFields`; an entry that did not change keeps its time."""
    old = {_who(e): e for e in ((before or {}).get("metadata") or {}).get("managedFields") or ()}
    made = []
    for who, fields in sorted(owned.items(), key=lambda entry: (entry[0].operation, entry[0].name)):
        if not fields:
            continue
        entry: Json = {"manager": who.name, "operation": who.operation, "apiVersion": api_version}
        entry |= {"fieldsType": "FieldsV1", "fieldsV1": to_wire(fields)}
        if who.subresource:
            entry["subresource"] = who.subresource
        known = old.get(who)
        same = known is not None and known["fieldsV1"] == entry["fieldsV1"]
        made.append(entry | {"time": known["time"] if known and same else time})
    return made


def _who(entry: Json) -> Manager:
    return Manager(entry["manager"], entry["operation"], entry.get("subresource", ""))


def apply(kind: str, live: Json, config: Json, owned: Owned, who: Manager) -> tuple[Json, Owned]:
    """Apply `config` with force upon the content `live`; gives the new content and who owns what."""
    config = content(config)
    mine, before = frozenset(paths(kind, config)), owned.get(who, frozenset())
    merged = _merge(kind, live, config, ())
    others = frozenset(path for manager, fields in owned.items() if manager != who for path in fields)
    pruned = _prune(kind, merged, before - mine, mine | others)
    left = _without(kind, live, pruned, owned, who)
    return pruned, left | {who: mine}


def update(kind: str, live: Json, new: Json, owned: Owned, who: Manager) -> Owned:
    """Who owns what after somebody has written `new` over `live`."""
    change = Difference(kind, live, new)
    left = _without(kind, live, new, owned, who)
    mine = (owned.get(who, frozenset()) - change.gone) | change.new
    return left | {who: mine}


def _without(kind: str, live: Json, new: Json, owned: Owned, who: Manager) -> Owned:
    """The others lose what was changed or removed."""
    change = Difference(kind, live, new)
    return {manager: fields - change.gone - change.new for manager, fields in owned.items() if manager != who}


def _merge(kind: str, live: Any, config: Any, at: Path) -> Any:
    if isinstance(live, dict) and isinstance(config, dict) and not is_atomic_map(kind, at):
        merged = {k: _merge(kind, live[k], v, (*at, f"f:{k}")) if k in live else v for k, v in config.items()}
        return live | merged
    if isinstance(live, list) and isinstance(config, list) and list_keys(kind, at) is not None:
        known, wanted = items(kind, live, at), items(kind, config, at)
        first = [_merge(kind, known[p], item, p) if p in known else item for p, item in wanted.items()]
        return first + [item for p, item in known.items() if p not in wanted]
    return config


def _prune(kind: str, merged: Json, given_up: Fields, kept: Fields) -> Json:
    """Remove what its only owner gave up: whole items first, and never the keys of an item that stays."""
    gone = sorted((path for path in given_up if not _is_kept(path, kept) and not _is_key(path)), key=len)
    if not gone:
        return merged
    made = copy.deepcopy(merged)
    for path in gone:
        _remove(kind, made, path, ())
    return made


def _is_kept(path: Path, kept: Fields) -> bool:
    return any(other[: len(path)] == path for other in kept)


def _is_key(path: Path) -> bool:
    item, field = path[-2:] if len(path) > 1 else ("", path[-1])
    return item.startswith("k:") and field[2:] in orjson.loads(item[2:])


def _remove(kind: str, node: Any, path: Path, at: Path) -> None:
    """Remove one path; a map or list that becomes empty by it goes too."""
    element, rest = path[0], path[1:]
    place = (*at, element)
    if isinstance(node, list):
        found = items(kind, node, at).get(place)
        if found is not None and rest:
            _remove(kind, found, rest, place)
        elif found is not None:
            node.remove(found)
        return
    key = element[2:]
    if not isinstance(node, dict) or key not in node:
        return
    if rest:
        _remove(kind, node[key], rest, place)
    if not rest or node[key] in ({}, []):
        del node[key]


def as_update(who: Manager) -> Manager:
    """The same name, but not by apply."""
    return replace(who, operation="Update")
