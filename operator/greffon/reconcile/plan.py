"""What to write and what to remove: a pure comparison. Called by `plugin`; `reconcile.apply` carries it out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from greffon.engine.queue import Key
from greffon.kube import kinds
from greffon.kube.owned import fingerprint_of_desired
from greffon.reconcile.seen import Seen

Json = dict[str, Any]
Accepted = Mapping[Key, tuple[str, str]]
"""Objects that the API server stores in another form than they were applied: (desired, stored) fingerprints.
Known only after an own write; without it such an object would be applied for ever."""

_STEPS: tuple[frozenset[str], ...] = (
    frozenset({"NetworkPolicy", "ServiceAccount", "Role", "ConfigMap", "PluginRevision"}),
    frozenset({"RoleBinding", "Service", "PodDisruptionBudget"}),
    frozenset({"Deployment", "CronJob"}),
    frozenset({"Job"}),
)
"""Confinement before what it confines; the kinds of one step do not depend on each other."""

_PRUNABLE = frozenset({kind for step in _STEPS for kind in step} - {"PluginRevision", "ConfigMap", "Job"})
WORKLOAD = frozenset({"Deployment", "CronJob", "Service", "PodDisruptionBudget"})
"""What stays as it is while a hook keeps the next revision waiting."""


@dataclass(frozen=True, slots=True)
class Write:
    """Apply an object. `uid` is the live one it is meant for; None means it must not exist yet."""

    obj: Json
    uid: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps of writes, each to be complete before the next; then removals."""

    steps: tuple[tuple[Write, ...], ...]
    prune: tuple[Seen, ...]

    @property
    def creates(self) -> bool:
        """Something is missing."""
        return any(write.uid is None for step in self.steps for write in step)

    @property
    def empty(self) -> bool:
        """The world is as desired."""
        return not self.prune and not any(self.steps)


def plan(
    desired: Iterable[Json],
    children: Collection[Seen],
    accepted: Accepted,
    *,
    kept_files: Collection[str],
    held: Collection[str] = (),
) -> Plan:
    """Compare.

    Args:
        desired: every object that should exist.
        children: what exists and is ours.
        kept_files: names of ConfigMaps that a kept revision needs.
        held: kinds of which nothing is written or removed now.
    """
    live = {seen.key: seen for seen in children}
    wanted = {key_of(obj): obj for obj in desired if obj["kind"] not in held}
    writes = [
        Write(obj, live[key].uid if key in live else None)
        for key, obj in wanted.items()
        if key not in live or not _unchanged(key, obj, live[key], accepted)
    ]
    steps = tuple(tuple(w for w in writes if w.obj["kind"] in step) for step in _STEPS)
    prune = tuple(
        seen
        for key, seen in live.items()
        if key not in wanted and key.kind not in held and not seen.deleting and _may_go(key, kept_files)
    )
    return Plan(steps, prune)


def key_of(obj: Json) -> Key:
    """The key of an object to be written."""
    return Key(obj["kind"], obj["metadata"]["namespace"], obj["metadata"]["name"])


def _unchanged(key: Key, obj: Json, seen: Seen, accepted: Accepted) -> bool:
    if seen.deleting:
        return True  # it cannot be kept; its removal will bring us here again
    want = fingerprint_of_desired(obj)
    return seen.fingerprint == want or accepted.get(key) == (want, seen.fingerprint)


def _may_go(key: Key, kept_files: Collection[str]) -> bool:
    if key.kind == kinds.CONFIG_MAP.kind:
        return key.name not in kept_files
    return key.kind in _PRUNABLE
