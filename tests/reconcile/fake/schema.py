"""How the kinds merge: which lists have keys, which maps are one value. Asked by `fields` and `applying`.

The same marks as in the types of Kubernetes (`listType`, `mapType`, `structType`) and in the CRDs of this repository.
"""

from __future__ import annotations

from typing import Any

from greffon.kube import kinds

Path = tuple[str, ...]
"""Elements as in `fieldsV1`: `f:name`, `k:{…}`, `v:…`."""

_EVERYWHERE = {"ownerReferences": ("uid",), "finalizers": ()}
_BUILT_IN = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
_ATOMIC_MAPS = frozenset({"selector", "podSelector", "labelSelector", "nodeSelector", "fieldRef", "roleRef"})
_KEY_DEFAULTS = {"protocol": "TCP"}
CUSTOM = frozenset({kinds.PLUGIN.kind, kinds.PLUGIN_RUN.kind, kinds.PLUGIN_REVISION.kind})


def list_keys(kind: str, at: Path) -> tuple[str, ...] | None:
    """Keys of the items of the list at this path; () for a set, None for a list that is one value."""
    names = [element[2:] for element in at if element.startswith("f:")]
    last = names[-1] if names else ""
    if last in _EVERYWHERE and names[0] == "metadata":
        return _EVERYWHERE[last]
    if last == "conditions":
        return None if kind == kinds.JOB.kind else ("type",)
    if kind in CUSTOM:
        return None
    if last == "ports":
        return ("containerPort", "protocol") if "containers" in names else ("port", "protocol")
    return _BUILT_IN.get(last)


def is_atomic_map(kind: str, at: Path) -> bool:
    """The map at this path is replaced as a whole."""
    return kind not in CUSTOM and bool(at) and at[-1][2:] in _ATOMIC_MAPS


def key_of(item: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The values that tell an item from its neighbours."""
    return {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in sorted(keys)}
