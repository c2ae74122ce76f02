"""What others added to an object of ours without touching our fields: a second container, one more variable.

Server-side apply leaves such fields alone, so that `kube.owned` would not see them and an apply would not undo
them. `kube.owned` counts them as drift; `reconcile.apply` then replaces the whole spec.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]
Path = tuple[str, ...]

_WHOLE = frozenset({"Deployment", "CronJob", "Service", "PodDisruptionBudget"})
"""Kinds whose spec is ours alone. Roles and bindings have atomic lists; tokens and pull secrets are added to a
ServiceAccount by controllers of the platform; a NetworkPolicy is compared as a whole."""

_TOLERATED: frozenset[Path] = frozenset(
    {("f:template", "f:metadata", "f:annotations", "f:kubectl.kubernetes.io/restartedAt")}
)
"""`kubectl rollout restart` is a way to ask for new pods, and they confine as the old ones did."""


def additions(kind: str, obj: Json, ours: Mapping[str, Any]) -> list[str]:
    """Paths below `spec` that somebody else owns and we do not, in the notation of managed fields.

    Args:
        kind: its kind; items of a list do not carry it.
        obj: a live object.
        ours: `fieldsV1` of our own entry.
    """
    if kind not in _WHOLE:
        return []
    mine = set(_leaves(ours.get("f:spec") or {}))
    theirs: set[Path] = set()
    for entry in obj["metadata"].get("managedFields") or ():
        fields = entry.get("fieldsV1")
        if fields and fields is not ours and not entry.get("subresource"):
            theirs.update(_leaves(fields.get("f:spec") or {}))
    return sorted("/".join(path) for path in theirs - mine - _TOLERATED)


def _leaves(paths: Mapping[str, Any], above: Path = ()) -> Iterator[Path]:
    """Every path that ends in `{}`; `.` (the thing itself, beside its parts) tells nothing new."""
    for name, below in paths.items():
        if below:
            yield from _leaves(below, (*above, name))
        elif name != ".":
            yield (*above, name)
