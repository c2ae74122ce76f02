"""What must be equal in the end, and what must hold at every moment. Used by `test_convergence`."""

from __future__ import annotations

from typing import Any

from greffon.kube import kinds
from tests.reconcile.fake.store import copy_of
from tests.reconcile.view import children, condition, verdict
from tests.reconcile.world import World

Json = dict[str, Any]
_NUMBER = "#"
_WORKLOADS = (kinds.DEPLOYMENT.kind, kinds.CRON_JOB.kind, kinds.JOB.kind)


def essence(world: World) -> dict[str, Any]:
    """The children, the revision in force and the verdict of every plug-in.

    Left out is what depends on how many of a user's changes the operator saw one by one: numbers of revisions, old
    revisions and their files; and runs, whose fate depends on when they were seen (`check_runs`).
    """
    found = children(world)
    used = str([obj for obj in found.values() if obj["kind"] in _WORKLOADS])
    kept = {
        name: _unnumbered(obj)
        for name, obj in found.items()
        if obj["kind"] not in (kinds.JOB.kind, kinds.PLUGIN_REVISION.kind)
        and (obj["kind"] != kinds.CONFIG_MAP.kind or obj["metadata"]["name"] in used)
        and _is_seen(obj)
    }
    return kept | {f"Plugin {ref.name}": _plugin(world, obj) for ref, obj in world.store.all("Plugin")}


def _is_seen(obj: Json) -> bool:
    """A child that is no longer wanted, and whose label somebody removed at that very moment, is out of the operator's
    sight: it goes with its plug-in. One that is wanted gets its label back, so its absence here would show."""
    return "app.kubernetes.io/managed-by" in (obj["metadata"].get("labels") or {})


def _unnumbered(obj: Json) -> Json:
    made = copy_of(obj)
    template = made.get("spec", {}).get("template") or (made.get("spec", {}).get("jobTemplate") or {}).get(
        "spec", {}
    ).get("template")
    if template:
        template["metadata"]["labels"]["greffon.dev/revision"] = _NUMBER
        for variable in template["spec"]["containers"][0]["env"]:
            if variable["name"] == "GREFFON_REVISION":
                variable["value"] = _NUMBER
    return made


def _plugin(world: World, obj: Json) -> Json:
    """Verdicts, and the content of the one active revision."""
    meta, is_job = obj["metadata"], obj["spec"]["run"]["mode"] == "Job"
    uid = meta["uid"]
    mine = [r for _, r in world.store.all("PluginRevision") if r["spec"]["pluginRef"]["uid"] == uid]
    active = [r["spec"]["contentHash"] for r in mine if r["status"]["state"] == "Active"]
    desired = obj["status"].get("revisions", {}).get("desired")
    return {
        "current": obj["status"].get("observedGeneration") == meta["generation"],
        "ready": "depends on runs" if is_job else verdict(obj),
        "active revisions": active if verdict(obj).startswith("True") else "not settled",
        "desired": [r["spec"]["contentHash"] for r in mine if r["metadata"]["name"] == desired],
    }


def check_always(world: World) -> None:
    """What holds at every moment, read from the history."""
    made: dict[str, set[str]] = {}
    for change in world.store.changes:
        kind, meta = change.ref.kind, change.obj["metadata"]
        uid = (meta.get("labels") or {}).get("greffon.dev/plugin-uid", "")
        # What users and the collector take away while the operator is at work is made again; the order is its own.
        confined = made.setdefault(uid, set())
        confined.add(kind)
        if kind in _WORKLOADS and (change.actor, change.type) == ("operator", "ADDED"):
            assert confined >= {"NetworkPolicy", "ServiceAccount"}, f"{change.ref} before what confines it"
        if kind == "Plugin" and change.type != "DELETED":
            assert change.obj["status"].get("observedGeneration", 0) <= meta["generation"]
        if change.actor == "operator" and kind not in ("Event", "Plugin", "PluginRun"):
            assert any(owner.get("controller") for owner in meta.get("ownerReferences") or ()), (
                f"{change.ref}: not ours"
            )
    for entry in world.log.entries:
        if entry.request.actor == "operator" and entry.request.verb == "delete":
            assert entry.request.body["preconditions"]["uid"], f"{entry.request}: without the uid"


def check_runs(world: World) -> None:
    """No run has two Jobs, none is forgotten, and Forbid holds."""
    active: set[str] = set()
    made: dict[str, str] = {}
    for change in world.store.changes:
        if change.ref.kind != "Job":
            continue
        owner = change.obj["metadata"]["ownerReferences"][0]["uid"]
        if change.type == "ADDED":
            assert owner not in made, f"{change.ref}: a second Job for a run"
            made[owner] = change.ref.name
        ended = change.type == "DELETED" or (change.obj.get("status") or {}).get("conditions")
        (active.discard if ended else active.add)(owner)
        assert len(active) <= 1, "two runs at once, though concurrency is Forbid"
    for ref, run in world.store.all("PluginRun"):
        assert run["status"].get("outcome") or condition(run, "Ready")["reason"].startswith("Plugin"), f"{ref} hangs"
