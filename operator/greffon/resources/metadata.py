"""Labels, owner references and the envelope of every child. Used by all builders of this package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greffon.kube.kinds import PLUGIN, PLUGIN_RUN, Resource
from greffon.model import keys
from greffon.resources.context import Identity

Json = dict[str, Any]


def labels(plugin: Identity) -> dict[str, str]:
    """Labels of every child and pod: how the operator finds its own (the owner's UID is checked as well)."""
    return {
        keys.LABEL_PLUGIN: plugin.name,
        keys.LABEL_PLUGIN_UID: plugin.uid,
        keys.LABEL_NAME: plugin.name,
        keys.LABEL_MANAGED_BY: keys.MANAGED_BY,
    }


def selector(plugin: Identity) -> dict[str, str]:
    """Selects the pods of a plug-in, and only of this incarnation of it."""
    return {keys.LABEL_PLUGIN: plugin.name, keys.LABEL_PLUGIN_UID: plugin.uid}


def serving(plugin: Identity) -> dict[str, str]:
    """Selects those of them that take requests: not the pods of its hooks."""
    return selector(plugin) | {keys.LABEL_SERVES: "true"}


def owner(kind: Resource, name: str, uid: str) -> Json:
    """A controller reference: the API server's garbage collector does the clean-up."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def envelope(
    resource: Resource,
    plugin: Identity,
    name: str,
    body: Json,
    *,
    extra_labels: Mapping[str, str] | None = None,
) -> Json:
    """A whole object, owned by the Plugin."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {
            "name": name,
            "namespace": plugin.namespace,
            "labels": labels(plugin) | dict(extra_labels or {}),
            "ownerReferences": [owner(PLUGIN, plugin.name, plugin.uid)],
        },
        **body,
    }


def owned_by_run(obj: Json, run: str, uid: str) -> Json:
    """The same object, owned by a PluginRun instead."""
    meta = obj["metadata"]
    return {**obj, "metadata": {**meta, "ownerReferences": [owner(PLUGIN_RUN, run, uid)]}}
