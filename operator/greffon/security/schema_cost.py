"""How much work may a JSON Schema make? Pure; asked by `reconcile.admit` before a validator sees it.

A validator walks a shared definition again for each reference to it, and a recursive one for each level of the value:
twenty lines can mean hours, in the one event loop of the operator. Without cycles the work is at most the expanded
schema times the values, so cycles and whatever else escapes this count are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

WORK_LIMIT = 5_000_000
"""Parts times values; about a second."""
_REFERENCE = re.compile(r"#(/[A-Za-z0-9_.$-]+)*\Z")
_ELSEWHERE = ("$dynamicRef", "$recursiveRef")
_NAMES = ("$id", "id")


class CostlySchemaError(ValueError):
    """The schema cannot be validated within bounds; the message says what to change."""


def check(schema: Any, values: Any) -> None:
    """Raise CostlySchemaError when validating could take long."""
    parts = _Parts(schema).below("#")
    if parts * _nodes(values) > WORK_LIMIT:
        raise CostlySchemaError(
            f"with its references it has {parts:,} parts, too many for values of this size; shorten it"
        )


class _Parts:
    """Counts the parts of a schema, each reference as what it refers to."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._known: dict[str, int] = {}
        self._open: set[str] = set()

    def below(self, pointer: str) -> int:
        """Parts of what a reference names."""
        if pointer in self._open:
            raise CostlySchemaError(f"{pointer[:60]} refers back to itself; a schema must not be recursive")
        if pointer not in self._known:
            self._open.add(pointer)
            count = self._count(_target(self._schema, pointer), is_root=pointer == "#")
            self._known[pointer] = min(count, WORK_LIMIT + 1)
            self._open.discard(pointer)
        return self._known[pointer]

    def _count(self, node: Any, *, is_root: bool = False) -> int:
        if isinstance(node, list):
            return 1 + sum(self._count(item) for item in node)
        if not isinstance(node, dict):
            return 1
        if not is_root and any(isinstance(node.get(name), str) for name in _NAMES):
            raise CostlySchemaError("$id below the top is not supported; remove it")
        own = sum(self._count(value) for key, value in node.items() if key not in ("$defs", "definitions"))
        return 1 + own + sum(self.below(pointer) for pointer in _references(node))


def _references(node: dict[str, Any]) -> Iterator[str]:
    if any(isinstance(node.get(name), str) for name in _ELSEWHERE):
        raise CostlySchemaError("only $ref is supported; write references as #/$defs/NAME")
    pointer = node.get("$ref")
    if isinstance(pointer, str):
        if not _REFERENCE.match(pointer):
            raise CostlySchemaError(f"$ref to {pointer[:60]} is not followed; write references as #/$defs/NAME")
        yield pointer


def _target(schema: Any, pointer: str) -> Any:
    node = schema
    for step in pointer.split("/")[1:]:
        if isinstance(node, list) and step.isdecimal() and int(step) < len(node):
            node = node[int(step)]
        else:
            node = node.get(step) if isinstance(node, dict) else None
    return node


def _nodes(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(_nodes(item) for item in value.values())
    return 1 + sum(_nodes(item) for item in value) if isinstance(value, list) else 1
