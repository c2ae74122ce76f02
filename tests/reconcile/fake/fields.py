"""Sets of field paths, as `metadata.managedFields` keeps them. Used by `applying` to move ownership.

A set names leaves, and list items by their keys; `{"f:spec": {"f:replicas": {}}}` is {("f:spec", "f:replicas")}.
"""

from __future__ import annotations

from typing import Any

import orjson

from tests.reconcile.fake.schema import Path, is_atomic_map, key_of, list_keys

Json = dict[str, Any]
Fields = frozenset[Path]


def paths(kind: str, value: Any, at: Path = ()) -> set[Path]:
    """Every leaf and every keyed item below a value."""
    if isinstance(value, dict) and not is_atomic_map(kind, at):
        if not value:
            return {at} if at else set()
        return {path for key, child in value.items() for path in paths(kind, child, (*at, f"f:{key}"))}
    if isinstance(value, list) and list_keys(kind, at) is not None:
        found = items(kind, value, at)
        return set(found) | {path for place, item in found.items() for path in _inside(kind, item, place)}
    return {at}


def _inside(kind: str, item: Any, place: Path) -> set[Path]:
    return paths(kind, item, place) if isinstance(item, dict) else set()


def items(kind: str, value: list[Any], at: Path) -> dict[Path, Any]:
    """The items of a keyed list or a set, by their path."""
    keys = list_keys(kind, at) or ()
    return {(*at, _element(item, keys)): item for item in value}


def _element(item: Any, keys: tuple[str, ...]) -> str:
    if not keys:
        return "v:" + orjson.dumps(item).decode()
    return "k:" + orjson.dumps(key_of(item, keys)).decode()


class Difference:
    """Paths that differ between two values.

    Attributes:
        gone: in the old value only.
        new: in the new value only, or with another content.
    """

    def __init__(self, kind: str, old: Any, new: Any) -> None:
        self._kind = kind
        self.gone: set[Path] = set()
        self.new: set[Path] = set()
        self._compare(old, new, ())

    def _compare(self, old: Any, new: Any, at: Path) -> None:
        if old == new:
            return
        if isinstance(old, dict) and isinstance(new, dict) and not is_atomic_map(self._kind, at):
            self._children({(*at, f"f:{k}"): v for k, v in old.items()}, {(*at, f"f:{k}"): v for k, v in new.items()})
        elif isinstance(old, list) and isinstance(new, list) and self._keyed(at):
            self._children(items(self._kind, old, at), items(self._kind, new, at))
        else:
            self.new.add(at)

    def _keyed(self, at: Path) -> bool:
        return list_keys(self._kind, at) is not None

    def _children(self, old: dict[Path, Any], new: dict[Path, Any]) -> None:
        for place in old.keys() - new.keys():
            self.gone |= self._whole(old[place], place)
        for place in new.keys() - old.keys():
            self.new |= self._whole(new[place], place)
        for place in old.keys() & new.keys():
            self._compare(old[place], new[place], place)

    def _whole(self, value: Any, place: Path) -> set[Path]:
        return paths(self._kind, value, place) | ({place} if place[-1][:2] in ("k:", "v:") else set())


def to_wire(fields: set[Path] | Fields) -> Json:
    """The nested form of `fieldsV1`."""
    tree: Json = {}
    for path in sorted(fields):
        node = tree
        for element in path:
            node = node.setdefault(element, {})
    for path in fields:
        node = tree
        for element in path:
            node = node[element]
        if node and "." not in node:
            node["."] = {}
    return tree


def from_wire(tree: Json, at: Path = ()) -> set[Path]:
    """The set that a `fieldsV1` names."""
    found: set[Path] = set()
    for element, below in tree.items():
        if element == ".":
            found.add(at)
        elif not below:
            found.add((*at, element))
        else:
            found |= from_wire(below, (*at, element))
    return found
