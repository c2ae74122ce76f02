"""Looks at the world for assertions: children without what differs from run to run, and the story of a status."""

from __future__ import annotations

from typing import Any

from greffon.kube import kinds
from tests.reconcile.fake.store import Store, copy_of
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
_BY_SERVER = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
_CHILD_KINDS = frozenset(kind.kind for kind in kinds.CHILDREN)


def children(world: World, plugin: str = "", namespace: str = NAMESPACE) -> dict[str, Json]:
    """What the operator made, by "Kind name", without what only the server or other controllers write."""
    found = {}
    for ref, obj in world.store.all(namespace=namespace):
        labels = obj["metadata"].get("labels") or {}
        if ref.kind in _CHILD_KINDS and (plugin in ("", labels.get("greffon.dev/plugin"))):
            found[f"{ref.kind} {ref.name}"] = masked(obj)
    return found


def masked(obj: Json) -> Json:
    """An object without versions, times and what its controller reports."""
    made = copy_of(obj)
    for key in _BY_SERVER:
        made["metadata"].pop(key, None)
    if made["kind"] != kinds.PLUGIN_REVISION.kind:
        made.pop("status", None)
    elif "status" in made:
        made["status"].pop("time", None)
    return made


def raw(world: World) -> dict[str, Json]:
    """Every object byte for byte, by "Kind namespace/name"."""
    return {f"{ref.kind} {ref.namespace}/{ref.name}": obj for ref, obj in world.store.all()}


def condition(obj: Json, type_: str) -> Json:
    """A condition of a status; {} when there is none."""
    found = (c for c in (obj.get("status") or {}).get("conditions") or () if c["type"] == type_)
    return next(found, {})


def verdict(obj: Json, type_: str = "Ready") -> str:
    """ "True Available" """
    found = condition(obj, type_)
    return f"{found.get('status')} {found.get('reason')}"


def story(store: Store, kind: str, name: str, type_: str = "Ready") -> list[str]:
    """Every verdict that a status ever gave, in order, repetitions left out."""
    told: list[str] = []
    for change in store.changes:
        if (change.ref.kind, change.ref.name, change.type) in ((kind, name, "ADDED"), (kind, name, "MODIFIED")):
            now = verdict(change.obj, type_)
            if not told or told[-1] != now:
                told.append(now)
    return told
