"""Are declared permissions within the ceiling that an admin wrote? Pure; asked by `reconcile.admit`.

The API server refuses a Role beyond what the operator holds, but the operator also holds what it needs for its own
work (deleting Deployments, for instance). That is not for lending: only the ceiling ClusterRole is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from greffon.model.permissions import Rule


@dataclass(frozen=True, slots=True)
class CeilingRule:
    """One rule of the ceiling ClusterRole."""

    api_groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()

    def covers(self, group: str, resource: str, verb: str, name: str | None) -> bool:
        """RBAC's own matching: `*` is everything, `*/sub` a subresource of everything, no names means all."""
        sub = resource.partition("/")[2]
        return (
            _has(self.api_groups, group)
            and (_has(self.resources, resource) or bool(sub and f"*/{sub}" in self.resources))
            and _has(self.verbs, verb)
            and (not self.names or name in self.names)
        )


def read(rules: Iterable[dict[str, Any]]) -> tuple[CeilingRule, ...]:
    """The rules of a ClusterRole as the API server sends them; those on URLs are no concern of plug-ins."""
    return tuple(
        CeilingRule(
            tuple(rule.get("apiGroups") or ()),
            tuple(rule.get("resources") or ()),
            tuple(rule.get("verbs") or ()),
            tuple(rule.get("resourceNames") or ()),
        )
        for rule in rules
        if rule.get("resources")
    )


def beyond(declared: Iterable[Rule], ceiling: Sequence[CeilingRule]) -> str | None:
    """The first declared right that no rule of the ceiling covers, in words; None when all are covered."""
    for rule in declared:
        names: Iterable[str | None] = rule.resource_names or (None,)
        for group, resource, verb, name in product(rule.api_groups, rule.resources, rule.verbs, names):
            if not any(allowed.covers(group, resource, verb, name) for allowed in ceiling):
                what = f"{resource}.{group}" if group else resource
                return f"{verb} {what}" + (f" {name}" if name else "")
    return None


def _has(words: tuple[str, ...], word: str) -> bool:
    return word in words or "*" in words
