"""What the cache keeps of an object: identity, owner, fingerprint and facts. Made by `reconcile.intake` from events
and from the answers to our own writes; read by `reconcile.observe`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from greffon.engine.queue import Key
from greffon.kube import kinds
from greffon.kube.kinds import Resource
from greffon.kube.owned import fingerprint_of_live
from greffon.model import keys
from greffon.reconcile import facts

Json = dict[str, Any]
Facts = facts.DeploymentFacts | facts.PodFacts | facts.JobFacts | facts.RevisionFacts | facts.PluginFacts | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A digest of an object.

    Attributes:
        version: resourceVersion as a number; larger is newer.
        owner: whose reconcile this object concerns.
        controller: UID of the controlling owner.
        plugin_uid: the UID our label carries; a claim, not a proof.
        fingerprint: digest of the fields that are ours; see `kube.owned`.
        facts: what decisions need.
        body: the whole object as JSON without managed fields, for the kinds that users write.
    """

    key: Key
    uid: str
    version: int
    owner: Key | None
    controller: str = ""
    plugin_uid: str = ""
    fingerprint: str = ""
    deleting: bool = False
    facts: Facts = None
    body: bytes = b""

    def tells_the_same(self, other: Seen) -> bool:
        """Nothing that a decision reads differs."""
        mine = (self.uid, self.controller, self.plugin_uid, self.fingerprint, self.deleting, self.facts, self.body)
        theirs = (
            other.uid,
            other.controller,
            other.plugin_uid,
            other.fingerprint,
            other.deleting,
            other.facts,
            other.body,
        )
        return mine == theirs

    def differs_beyond_status(self, other: Seen) -> bool:
        """A user's object was changed by somebody else than by a status write of ours."""
        if not self.body:
            return False
        mine, theirs = orjson.loads(self.body), orjson.loads(other.body or b"{}")
        return (self.uid, mine.get("metadata"), mine.get("spec")) != (
            other.uid,
            theirs.get("metadata"),
            theirs.get("spec"),
        )


_READERS: dict[str, Callable[[Json], Facts]] = {
    kinds.DEPLOYMENT.kind: facts.deployment,
    kinds.POD.kind: facts.pod,
    kinds.JOB.kind: facts.job,
    kinds.PLUGIN_REVISION.kind: facts.revision,
    kinds.PLUGIN.kind: facts.plugin,
}


def seen(resource: Resource, obj: Json) -> Seen:
    """Digest an object as the API server sent it."""
    meta = obj["metadata"]
    labels = meta.get("labels") or {}
    key = Key(resource.kind, meta.get("namespace", ""), meta["name"])
    by_user = resource in (kinds.PLUGIN, kinds.PLUGIN_RUN)
    reader = _READERS.get(resource.kind)
    return Seen(
        key=key,
        uid=meta["uid"],
        version=int(meta["resourceVersion"]),
        owner=_owner(resource, key, labels, obj),
        controller=facts.controller_uid(obj),
        plugin_uid=labels.get(keys.LABEL_PLUGIN_UID, ""),
        fingerprint="" if by_user or resource is kinds.POD else fingerprint_of_live(resource.kind, obj),
        deleting="deletionTimestamp" in meta,
        facts=reader(obj) if reader else None,
        body=_body(obj) if by_user else b"",
    )


def _owner(resource: Resource, key: Key, labels: Json, obj: Json) -> Key | None:
    if resource is kinds.PLUGIN:
        return None
    if resource is kinds.PLUGIN_RUN:
        return Key(kinds.PLUGIN.kind, key.namespace, obj["spec"]["pluginRef"]["name"])
    if run := labels.get(keys.LABEL_RUN):
        return Key(kinds.PLUGIN_RUN.kind, key.namespace, run)
    if name := labels.get(keys.LABEL_PLUGIN):
        return Key(kinds.PLUGIN.kind, key.namespace, name)
    return None


def _body(obj: Json) -> bytes:
    """Managed fields are half of an object and no decision reads them; the version changes with every echo."""
    meta = {key: value for key, value in obj["metadata"].items() if key not in ("managedFields", "resourceVersion")}
    try:
        return orjson.dumps({"metadata": meta, "spec": obj.get("spec"), "status": obj.get("status") or {}})
    except TypeError:  # nested deeper than can be written: kept without its spec, and reported as unreadable
        return orjson.dumps({"metadata": meta, "spec": None, "status": _shallow(obj.get("status"))})


def _shallow(status: Any) -> Any:
    try:
        orjson.dumps(status)
    except TypeError:
        return {}
    return status or {}
