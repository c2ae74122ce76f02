"""The status of a Plugin: the situation in words. Pure; called by `reconcile.report`, which writes it if it differs.

`Ready`, `Reconciling` and `Stalled` follow kstatus; they are folded here and nowhere else. Nothing in a status
changes without a cause: no heartbeat, no counter, no request id.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from greffon.kube import kinds
from greffon.model import keys
from greffon.model.base import to_rfc3339
from greffon.model.conditions import Reason
from greffon.model.plugin import Plugin
from greffon.reconcile.assess import Situation
from greffon.reconcile.health import State
from greffon.reconcile.observe import Observation
from greffon.resources.effective import Effective, as_status

Json = dict[str, Any]
HISTORY_LIMIT = 50
LONGEST_MESSAGE = 4096
"""As the schema has it; a longer one would make the whole status refused."""


def compose(o: Observation, e: Effective, s: Situation) -> Json:
    """The whole status, in wire form."""
    plugin = o.plugin
    made: Json = {
        "observedGeneration": plugin.generation,
        "conditions": conditions(plugin, s, o.now),
        "revisions": _revisions(plugin, s),
        "effective": as_status(e),
        "history": _history(plugin, e, s, o.now),
        "handled": _handled(plugin),
    }
    if e.image:
        made["image"] = {"ref": e.image}
    if e.mode == "Service":
        ready = o.deployment.ready if o.deployment else 0
        made["replicas"] = {"desired": 0 if plugin.spec.suspend else e.replicas, "ready": ready}
    if s.last_run:
        made["lastRun"] = _last_run(s)
    return {key: value for key, value in made.items() if value not in ({}, [])}


def apply_body(plugin: Plugin, status: Json) -> Json:
    """The object to apply on the status subresource; the UID keeps it away from a namesake."""
    return {
        "apiVersion": kinds.PLUGIN.api_version,
        "kind": kinds.PLUGIN.kind,
        "metadata": {"name": plugin.name, "namespace": plugin.namespace, "uid": plugin.uid},
        "status": status,
    }


def conditions(plugin: Plugin, s: Situation, now: datetime) -> list[Json]:
    """Every condition, summary first."""
    h = s.health
    suspended = h.reason is Reason.SUSPENDED
    working, failing = h.state is State.WORKING, h.state is State.FAILING and not suspended
    found = [
        ("Ready", h.state is State.GOOD, h.reason, h.message),
        ("Reconciling", working, h.reason, h.message if working else ""),
        ("Stalled", failing, h.reason, h.message if failing else ""),
        ("Available", s.available, Reason.AVAILABLE if s.available else h.reason, s.available_message),
        *_permission(plugin, s),
    ]
    if s.conflict:
        found.append(("ChildConflict", True, Reason.CHILD_CONFLICT, f"{s.conflict} belongs to somebody else"))
    return [_condition(plugin, *entry, now) for entry in found]


def _permission(plugin: Plugin, s: Situation) -> list[tuple[str, bool, Reason, str]]:
    rules = plugin.spec.permissions.rules if plugin.spec.permissions else ()
    if s.permission:
        return [("PermissionsGranted", False, s.permission.reason, s.permission.message)]
    if s.revision is None:
        return []
    if not rules:
        return [("PermissionsGranted", True, Reason.NOT_REQUESTED, "no permissions declared: the pod has no token")]
    if s.health.state is State.FAILING and s.health.reason in _UNKNOWN_PERMISSION:
        return []
    return [("PermissionsGranted", True, Reason.GRANTED, "the Role holds exactly the declared rules")]


_UNKNOWN_PERMISSION = (Reason.CHILD_CONFLICT, Reason.NAMESPACE_TERMINATING, Reason.FORBIDDEN, Reason.CHILD_REJECTED)
"""The writes stopped before it was known whether the Role is as declared."""


def _condition(plugin: Plugin, type_: str, value: bool, reason: Reason, message: str, now: datetime) -> Json:
    status = "True" if value else "False"
    before = plugin.status.condition(type_)
    since = before.last_transition_time if before and before.status == status else None
    if since is None or since.year == 1970:  # the schema's default condition: a moment that nobody saw
        since = now
    return {
        "type": type_,
        "status": status,
        "reason": str(reason),
        "message": message[:LONGEST_MESSAGE],
        "observedGeneration": plugin.generation,
        "lastTransitionTime": to_rfc3339(since),
    }


def _revisions(plugin: Plugin, s: Situation) -> Json:
    before = plugin.status.revisions
    desired = keys.revision_name(plugin.name, s.revision) if s.revision else before.desired if before else None
    active = keys.revision_name(plugin.name, s.active) if s.active else None
    good = s.health.state is State.GOOD and active
    last_good = active if good else (before.last_good if before else None)
    made = {"desired": desired, "active": active, "lastGood": last_good}
    return {key: value for key, value in made.items() if value}


def _history(plugin: Plugin, e: Effective, s: Situation, now: datetime) -> list[Json]:
    """Newest first; a revision enters when it first serves."""
    entries = [entry.to_wire() for entry in plugin.status.history]
    if s.active is None or s.active != s.revision or (entries and entries[0]["revision"] == s.active):
        return entries
    entry = {"revision": s.active, "version": e.version, "action": "Activated", "time": to_rfc3339(now)}
    return [entry, *entries][: min(max(e.history_limit, 1), HISTORY_LIMIT)]


def _handled(plugin: Plugin) -> Json:
    """Echo of the one-shot verbs; `reconcile` is done by being here."""
    token = plugin.annotations.get(keys.ANNOTATION_RECONCILE)
    return {"reconcile": token[:256]} if token else {}


def _last_run(s: Situation) -> Json:
    run = s.last_run
    if run is None:
        return {}
    made = {
        "name": run.name,
        "outcome": run.outcome,
        "reason": run.reason,
        "message": run.message[:1024],
        "finishedTime": run.finished,
    }
    return made | ({"exitCode": run.exit_code} if run.exit_code is not None else {})
