"""Writes random objects that a schema accepts. Seeded: the same seed gives the same object.

Patterns and CEL rules are left aside: they only narrow what the models must be able to read.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.crds import Schema

_LETTERS = "aZ0-./: \n\u00e9\u4f60\U0001f600\x1b"
_QUANTITIES = (0, 1, 5000, "100m", "64Mi", "1.5Gi", "1e3")


class Writer:
    """One stream of random objects."""

    def __init__(self, seed: int, fullness: float) -> None:
        """`fullness` is the chance that an optional field is there."""
        self._random = random.Random(seed)  # noqa: S311 (test data, not secrets)
        self._fullness = fullness

    def value(self, node: Schema) -> Any:
        """A value that `node` accepts."""
        if node.get("x-kubernetes-int-or-string"):
            return self._random.choice(_QUANTITIES)
        if node.get("x-kubernetes-preserve-unknown-fields"):
            return self._open_object() if node.get("type") == "object" else self.json()
        if "enum" in node:
            return self._random.choice(node["enum"])
        match node["type"]:
            case "string":
                return self._string(node)
            case "integer":
                return self._random.randint(node.get("minimum", -(2**31)), node.get("maximum", 2**31 - 1))
            case "boolean":
                return self._random.random() < 0.5
            case "array":
                return [self.value(node["items"]) for _ in range(self._count(node, "Items"))]
            case _:
                return self._mapping(node)

    def json(self, depth: int = 0) -> Any:
        """Any JSON at all."""
        choice = self._random.randrange(4 if depth > 3 else 6)
        scalars: list[Any] = [None, True, self._random.randint(-(2**53), 2**53), self._text(8)]
        if choice < len(scalars):
            return scalars[choice]
        inner = [self.json(depth + 1) for _ in range(self._random.randrange(3))]
        return inner if choice == 4 else {self._text(5): item for item in inner}

    def _mapping(self, node: Schema) -> dict[str, Any]:
        if isinstance(node.get("additionalProperties"), dict):
            size = self._count(node, "Properties")
            return {f"k{n}{self._text(3)}": self.value(node["additionalProperties"]) for n in range(size)}
        required = set(node.get("required", []))
        fields = [name for name in node.get("properties", {}) if name != "metadata"]
        chosen = [name for name in fields if name in required or self._random.random() < self._fullness]
        if len(chosen) < node.get("minProperties", 0):
            chosen = [self._random.choice(fields)]
        return {name: self.value(node["properties"][name]) for name in chosen}

    def _open_object(self) -> dict[str, Any]:
        return {self._text(6): self.json() for _ in range(self._random.randrange(4))}

    def _string(self, node: Schema) -> str:
        if node.get("format") == "date-time":
            moment = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=self._random.randrange(10**9))
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        shortest = node.get("minLength", 0)
        return self._text(max(shortest, min(node["maxLength"], 12)), shortest)

    def _text(self, longest: int, shortest: int = 0) -> str:
        return "".join(self._random.choices(_LETTERS, k=self._random.randint(shortest, longest)))

    def _count(self, node: Schema, what: str) -> int:
        return self._random.randint(node.get(f"min{what}", 0), min(node[f"max{what}"], 2))
