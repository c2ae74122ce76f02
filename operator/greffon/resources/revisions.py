"""The PluginRevision: an immutable, numbered snapshot of what was activated. Used by `reconcile.revisions`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from greffon.kube.kinds import PLUGIN_REVISION
from greffon.model import keys
from greffon.model.plugin import PluginSpec
from greffon.resources.context import Identity
from greffon.resources.metadata import envelope

Json = dict[str, Any]
NOT_REVISIONED = ("suspend", "about", "criticality", "rollout", "rollback")
"""Fields that change how a plug-in is handled, not what runs."""


def snapshot(spec: PluginSpec) -> Json:
    """The part of a spec that makes a revision, in wire form; the number of replicas is a dial, not a version."""
    wire = spec.to_wire()
    kept = {key: value for key, value in wire.items() if key not in NOT_REVISIONED}
    if run := kept.get("run"):
        kept["run"] = {key: value for key, value in run.items() if key != "replicas"}
    return kept


def digest(value: object) -> str:
    """First 32 hex digits of the SHA-256 over canonical JSON."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def plugin_revision(
    plugin: Identity,
    spec: PluginSpec,
    number: int,
    *,
    parent: str | None,
    sources: tuple[str, ...],
    written: str = "",
) -> Json:
    """The object that records an activation.

    Args:
        spec: what runs; its image has a digest, whatever its author wrote.
        written: hash of the content as written, when a tag was resolved.
    """
    content = snapshot(spec)
    body: Json = {
        "pluginRef": {"name": plugin.name, "uid": plugin.uid},
        "revision": number,
        "version": spec.version,
        "contentHash": digest(content),
        "permissionsHash": digest(_part(content, "permissions")),
        "configHash": digest(_part(content, "config")),
        "plugin": content,
    }
    if sources:
        body["sources"] = list(sources)
    if spec.source.image:
        body["image"] = image(spec.source.image.ref, is_resolved=bool(written))
    if written:
        body["writtenHash"] = written
    if parent:
        body["parent"] = parent
    return envelope(PLUGIN_REVISION, plugin, keys.revision_name(plugin.name, number), {"spec": body})


def image(ref: str, *, is_resolved: bool) -> Json:
    """An image's name as written, and the digest that it names or was resolved to."""
    name, _, found = ref.partition("@")
    return {"ref": name if is_resolved else ref} | ({"digest": found} if found else {})


def _part(content: Mapping[str, Any], name: str) -> Any:
    return content.get(name) or {}
