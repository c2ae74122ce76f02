"""Raw objects as the API server sends them, and a cache that has seen them. Used by the tests of `reconcile`."""

from collections.abc import Iterable
from typing import Any

from greffon.engine.cache import Cache
from greffon.kube.kinds import BY_KIND
from greffon.reconcile.seen import Seen, seen
from greffon.resources import names
from greffon.resources.revisions import digest, snapshot
from tests.unit.reconcile.situations import META, ago
from tests.unit.resources.samples import JOB, Json, spec_of

PLUGIN_LABELS = {"greffon.dev/plugin": "sample", "greffon.dev/plugin-uid": "plugin-uid"}


def raw(kind: str, name: str, *, uid: str = "", owner: str = "", labels: Json | None = None, **body: Any) -> Json:
    """An object; `owner` is the uid of what controls it."""
    meta: Json = {"name": name, "namespace": "team-a", "uid": uid or f"uid-{name}", "resourceVersion": "5"}
    if owner:
        meta["ownerReferences"] = [{"uid": owner, "controller": True, "kind": "x", "name": "x"}]
    meta["labels"] = PLUGIN_LABELS if labels is None else labels
    meta |= body.pop("metadata", {})
    return {"kind": kind, "metadata": meta, **body}


def raw_plugin(wire: Json = JOB, status: Json | None = None, **meta: Any) -> Json:
    """A Plugin whose newest spec has been carried out as revision 3."""
    done = {"observedGeneration": 4, "revisions": {"desired": "sample-r3", "active": "sample-r3"}}
    return {
        "kind": "Plugin",
        "metadata": META | {"resourceVersion": "5"} | meta,
        "spec": wire,
        "status": done if status is None else status,
    }


def raw_revision(wire: Json = JOB, number: int = 3, **fields: Any) -> Json:
    """The PluginRevision of a spec."""
    spec = {"revision": number, "version": "1.0.0", "contentHash": digest(snapshot(spec_of(wire)))}
    return raw("PluginRevision", f"sample-r{number}", **{"owner": "plugin-uid", "spec": spec} | fields)


def raw_run(name: str = "by-hand", status: Json | None = None, *, age: float = 60, **fields: Any) -> Json:
    """A PluginRun; `age` in seconds."""
    meta = {"generation": 1, "creationTimestamp": ago(age)} | fields.pop("metadata", {})
    spec = {"pluginRef": {"name": "sample"}} | fields
    return raw("PluginRun", name, labels={}, metadata=meta, spec=spec, status=status or {})


def raw_job(run: str = "by-hand", *, outcome: str = "", **fields: Any) -> Json:
    """The Job of a run."""
    conditions = [{"type": outcome, "status": "True", "lastTransitionTime": ago(60)}] if outcome else []
    plain = {"owner": f"uid-{run}", "labels": PLUGIN_LABELS | {"greffon.dev/run": run}}
    return raw("Job", names.run_job("sample", f"uid-{run}"), **plain | {"status": {"conditions": conditions}} | fields)


def cached(objects: Iterable[Json]) -> Cache[Seen]:
    """A cache that has seen these objects."""
    cache: Cache[Seen] = Cache()
    for obj in objects:
        cache.put(seen(BY_KIND[obj["kind"]], obj))
    return cache
