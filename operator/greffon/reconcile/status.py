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
from greffon.reconcile import status_versions
from greffon.reconcile.assess import Situation
from greffon.reconcile.dependencies import in_a_circle, teardown_blockers, unmet
from greffon.reconcile.health import State
from greffon.reconcile.observe import Observation
from greffon.reconcile.runs import has_run_well
from greffon.resources.effective import Effective, as_status
from greffon.resources.revisions import image

Json = dict[str, Any]
MOST_DEPENDANTS = 64
LONGEST_MESSAGE = 4096
"""As the schema has it; a longer one would make the whole status refused."""


def compose(o: Observation, e: Effective, s: Situation) -> Json:
    """The whole status, in wire form."""
    plugin = o.plugin
    made: Json = {
        "observedGeneration": plugin.generation,
        "conditions": conditions(o, s),
        "revisions": _revisions(o, e, s),
        "effective": as_status(e),
        "history": status_versions.history_of(o, s),
        "handled": _handled(plugin, s),
        # A refused spec decides nothing: what the history does not tell yet must still be news afterwards.
        "quarantined": status_versions.quarantined(o) if s.course else [q.to_wire() for q in plugin.status.quarantined],
        "neededBy": list(teardown_blockers(plugin.name, o.nodes))[:MOST_DEPENDANTS],
    }
    if e.image:
        made["image"] = image(e.image, is_resolved=bool(o.written))
    if e.mode == "Service":
        ready = o.deployment.ready if o.deployment else 0
        stopped = plugin.spec.suspend or (s.course is not None and s.course.run is None)
        made["replicas"] = {"desired": 0 if stopped else e.replicas, "ready": ready}
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


def conditions(o: Observation, s: Situation) -> list[Json]:
    """Every condition, summary first."""
    plugin, h = o.plugin, s.health
    suspended = h.reason is Reason.SUSPENDED
    working, failing = h.state is State.WORKING, h.state is State.FAILING and not suspended
    found: list[tuple[str, bool, Reason, str]] = [
        ("Ready", h.state is State.GOOD, h.reason, h.message),
        ("Reconciling", working, h.reason, h.message if working else ""),
        ("Stalled", failing, h.reason, h.message if failing else ""),
        ("Available", s.available, Reason.AVAILABLE if s.available else h.reason, s.available_message),
        *_permission(plugin, s),
        *status_versions.rolled_back(s),
        *_dependencies(o),
    ]
    if s.conflict:
        found.append(("ChildConflict", True, Reason.CHILD_CONFLICT, f"{s.conflict} belongs to somebody else"))
    return [_condition(plugin, *entry, o.now) for entry in found]


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


def _dependencies(o: Observation) -> list[tuple[str, bool, Reason, str]]:
    if not o.plugin.spec.depends_on:
        return []
    name = o.plugin.name
    if circle := in_a_circle(name, o.nodes):
        return [("DependenciesReady", False, Reason.DEPENDENCY_CYCLE, circle)]
    lacks = unmet(o.nodes[name], o.nodes) if name in o.nodes else ()
    if lacks:
        return [("DependenciesReady", False, lacks[0].reason, "; ".join(lack.message for lack in lacks))]
    return [
        ("DependenciesReady", True, Reason.DEPENDENCIES_MET, "every plug-in of spec.dependsOn is there and in range")
    ]


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


def _revisions(o: Observation, e: Effective, s: Situation) -> Json:
    plugin = o.plugin
    before = plugin.status.revisions
    desired = keys.revision_name(plugin.name, s.revision) if s.revision else before.desired if before else None
    active = keys.revision_name(plugin.name, s.active) if s.active else None
    good = s.inner is not None and s.inner.state is State.GOOD and s.active is not None
    if e.mode == "Job" and s.active:
        good = good and has_run_well(o, s.active)  # in place is not yet proved
    last_good = active if good else (before.last_good if before else None)
    made = {"desired": desired, "active": active, "lastGood": last_good, **status_versions.pin(plugin, s, before)}
    return {key: value for key, value in made.items() if value}


def _handled(plugin: Plugin, s: Situation) -> Json:
    """Echo of the one-shot verbs; a refused spec has none acted on but `reconcile`, which is done by being here."""
    if s.course:
        return dict(s.course.requests.handled)
    token = plugin.annotations.get(keys.ANNOTATION_RECONCILE)
    return (plugin.status.handled or {}) | ({"reconcile": token[:256]} if token else {})


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
