"""The status of a PluginRun in wire form: pure. Called by `reconcile.run`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from greffon.kube import kinds
from greffon.model import keys
from greffon.model.base import to_rfc3339
from greffon.model.conditions import Reason
from greffon.model.run import PluginRun
from greffon.model.vocabulary import RunOutcome
from greffon.reconcile.run_decide import Decision
from greffon.reconcile.run_observe import RunObservation

Json = dict[str, Any]
_WAITS_FOR_SOMEBODY = (Reason.PLUGIN_NOT_FOUND, Reason.PLUGIN_SUSPENDED, Reason.QUOTA_EXCEEDED, Reason.CHILD_CONFLICT)


def compose(o: RunObservation, d: Decision) -> Json:
    """The whole status of a run whose outcome is not recorded yet."""
    started = d.job or o.run.status.job or (o.job.key.name if o.job else None)
    made: Json = {
        "observedGeneration": o.run.generation,
        "conditions": _conditions(o.run, d, o.now),
        "reason": str(d.reason),
        "message": d.message[:1024],
        "job": started,
        "startTime": _start(o, bool(started)),
        "revision": _revision(o, bool(started)),
    }
    known = {key: value for key, value in made.items() if value not in (None, "")}
    return known | (_ending(o, d) if d.ending else {})


def apply_body(run: PluginRun, status: Json) -> Json:
    """The object to apply on the status subresource."""
    return {
        "apiVersion": kinds.PLUGIN_RUN.api_version,
        "kind": kinds.PLUGIN_RUN.kind,
        "metadata": {"name": run.name, "namespace": run.namespace, "uid": run.uid},
        "status": status,
    }


def _conditions(run: PluginRun, d: Decision, now: datetime) -> list[Json]:
    done = d.ending is not None
    well = bool(d.ending and d.ending.outcome is RunOutcome.SUCCEEDED)
    stuck = not done and d.reason in _WAITS_FOR_SOMEBODY
    found = [
        ("Ready", "True" if well else "False"),
        ("Reconciling", "False" if done or stuck else "True"),
        ("Stalled", "True" if stuck or (done and not well) else "False"),
        ("Succeeded", ("True" if well else "False") if done else "Unknown"),
    ]
    return [_condition(run, type_, value, d, now) for type_, value in found]


def _condition(run: PluginRun, type_: str, value: str, d: Decision, now: datetime) -> Json:
    before = run.status.condition(type_)
    since = before.last_transition_time if before and before.status == value else None
    if since is None or since.year == 1970:  # the schema's default condition: a moment that nobody saw
        since = now
    return {
        "type": type_,
        "status": value,
        "reason": str(d.reason),
        "message": d.message[:4096],
        "observedGeneration": run.generation,
        "lastTransitionTime": to_rfc3339(since),
    }


def _start(o: RunObservation, started: bool) -> str | None:
    if not started:
        return None
    if o.run.status.start_time:
        return to_rfc3339(o.run.status.start_time)
    return (o.job_facts.start if o.job_facts else "") or to_rfc3339(o.now)


def _revision(o: RunObservation, started: bool) -> str | None:
    if not started:
        return None
    if o.run.status.revision:
        return o.run.status.revision
    number = next((pod.revision for pod in o.pods if pod.revision), o.revision)
    return keys.revision_name(o.run.spec.plugin_ref.name, number) if number else None


def _ending(o: RunObservation, d: Decision) -> Json:
    ending = d.ending
    if ending is None:
        return {}
    facts = o.job_facts
    made: Json = {
        "outcome": str(ending.outcome),
        "exitCode": ending.exit_code,
        "output": ending.output,
        "truncated": True if ending.truncated else None,
        "tail": ending.tail or None,
        "completionTime": facts.end if facts and facts.end else to_rfc3339(o.now),
    }
    return {key: value for key, value in made.items() if value is not None}
