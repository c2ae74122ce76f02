"""The named situation of a plug-in: a pure function of what was observed and what the writes met. Called by
`reconcile.plugin`; `reconcile.status` puts it into words."""

from __future__ import annotations

from dataclasses import dataclass

from greffon.model.conditions import Reason
from greffon.reconcile.admit import Refusal
from greffon.reconcile.course import Course
from greffon.reconcile.course_words import course_health
from greffon.reconcile.health import Health, State, service_health, settles_in
from greffon.reconcile.hooks import NO_HOOKS, Stage
from greffon.reconcile.observe import Observation
from greffon.reconcile.patience import next_look
from greffon.reconcile.runs import LastRun, last_run, number_of
from greffon.reconcile.trouble import Trouble
from greffon.resources.effective import Effective


@dataclass(frozen=True, slots=True)
class Situation:
    """What a status must tell.

    Attributes:
        health: state, reason and sentence for `Ready`.
        available: some revision serves, or could be run.
        available_message: which one.
        inner: health of what runs; differs from `health` when that is not what the spec asks for.
        revision: number that the spec asks for, None when it was refused before it got one.
        active: number that runs, None when none does.
        conflict: the foreign object in the way, "" when there is none.
        permission: trouble with the declared permissions, None when they are granted.
        settles_in: seconds after which the situation changes by itself.
    """

    health: Health
    available: bool
    available_message: str
    revision: int | None
    active: int | None
    last_run: LastRun | None = None
    conflict: str = ""
    permission: Trouble | None = None
    settles_in: float | None = None
    inner: Health | None = None
    course: Course | None = None


def refused(o: Observation, refusal: Refusal) -> Situation:
    """The spec may not run, or not yet; what ran before runs on."""
    active, available = _runs_on(o)
    text = f"revision r{active} runs on" if available else "nothing runs"
    return Situation(
        health=Health(refusal.state, refusal.reason, refusal.message),
        available=available,
        available_message=text,
        revision=None,
        active=active,
        permission=_beyond(refusal),
        settles_in=refusal.again_in,
    )


def _runs_on(o: Observation) -> tuple[int | None, bool]:
    """What the spec before left running, and whether it serves or can be run: pods tell it; what has none of its own (a
    Job, a Webhook) is as the status says."""
    ready = [pod.revision for pod in o.pods if pod.ready and pod.revision]
    if ready or o.deployment is not None:
        return max(ready, default=None), bool(ready)
    recorded, was = o.plugin.status.revisions, o.plugin.status.condition("Available")
    active = number_of(recorded.active) if recorded else 0
    return active or None, bool(active) and (was is None or was.status != "False")


def _beyond(refusal: Refusal) -> Trouble | None:
    """A refusal that concerns the declared permissions."""
    if refusal.reason is not Reason.CEILING_EXCEEDED:
        return None
    return Trouble(refusal.reason, "Role", refusal.message)


def assess(
    o: Observation, e: Effective, course: Course, troubles: tuple[Trouble, ...], stage: Stage = NO_HOOKS
) -> Situation:
    """Situation after the writes of this pass; `e` is of the revision that runs, `stage` where its hooks are."""
    revision = course.number
    inner = _health(o, e, revision, troubles)
    waits = stage.health if stage.holds or inner.state is State.GOOD else None
    active = None if course.run is None else _active(o, e, revision, inner, troubles)
    if stage.holds:
        active = _serving(o)
    inner = waits or inner
    available = active is not None and not o.plugin.spec.suspend
    return Situation(
        health=inner if troubles or waits or o.plugin.spec.suspend else course_health(o, course, inner),
        available=available,
        available_message=_serves(active, available, e),
        revision=course.desired,
        active=active,
        last_run=last_run(o) if e.mode == "Job" else None,
        conflict=next((t.where for t in troubles if t.reason is Reason.CHILD_CONFLICT), ""),
        permission=next((t for t in troubles if t.where.startswith(("Role ", "RoleBinding "))), None),
        settles_in=_sooner(_changes_in(o, e, revision), stage.again_in),
        inner=inner,
        course=course,
    )


def _changes_in(o: Observation, e: Effective, revision: int) -> float | None:
    """Seconds until time alone changes how a Service does."""
    if e.mode != "Service":
        return None
    late = o.deployment is not None and o.deployment.deadline_exceeded
    due = next_look([pod for pod in o.pods if pod.revision == revision], e, o.now) if late else None
    return _sooner(settles_in(o.pods, o.now), due)


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((seconds for seconds in (one, other) if seconds is not None), default=None)


def _health(o: Observation, e: Effective, revision: int, troubles: tuple[Trouble, ...]) -> Health:
    if troubles:
        first = troubles[0]
        state = State.WORKING if first.reason is Reason.PROGRESSING else State.FAILING
        return Health(state, first.reason, first.message)
    if not e.mode:
        text = f"{e.url} is recorded; this release does not deliver events yet"
        return Health(State.GOOD, Reason.DELIVERY_UNAVAILABLE, text)
    if o.plugin.spec.suspend:
        if _still_serves(o):
            return Health(State.WORKING, Reason.SUSPENDED, "spec.suspend is true: its pods are ending")
        return Health(State.FAILING, Reason.SUSPENDED, "spec.suspend is true: no pods, no scheduled runs")
    if e.mode == "Job":
        return _job_health(o, e, revision)
    if e.replicas == 0 and _still_serves(o):
        return Health(State.WORKING, Reason.SCALED_TO_ZERO, "spec.run.replicas is 0: its pods are ending")
    if e.replicas == 0:
        return Health(State.GOOD, Reason.SCALED_TO_ZERO, "spec.run.replicas is 0: no pods, as asked")
    return service_health(e, o.deployment, o.pods, revision, o.now)


def _still_serves(o: Observation) -> bool:
    """It was told to stop, and has not stopped yet."""
    stopping = o.deployment is not None and (o.deployment.ready > 0 or not o.deployment.current)
    return stopping or any(pod.ready for pod in o.pods)


def _job_health(o: Observation, e: Effective, revision: int) -> Health:
    last = last_run(o)
    if last and last.outcome in ("Failed", "TimedOut"):
        text = f"the last run, {last.name}, failed: {last.message}; the next run that succeeds clears this"
        return Health(State.FAILING, Reason.RUN_FAILED, text)
    if e.crons:
        schedules = ", ".join(f"{c.name} ({c.schedule}{' ' + c.time_zone if c.time_zone else ''})" for c in e.crons)
        return Health(State.GOOD, Reason.SCHEDULED, f"revision r{revision} ({e.version}) runs at {schedules}")
    return Health(State.GOOD, Reason.IDLE, f"revision r{revision} ({e.version}) waits for a PluginRun")


def _active(o: Observation, e: Effective, revision: int, health: Health, troubles: tuple[Trouble, ...]) -> int | None:
    if not e.mode:
        return revision
    if e.mode == "Job":
        return revision if not troubles else _serving(o)
    if health.state is State.GOOD and health.reason is Reason.AVAILABLE:
        return revision
    return _serving(o)


def _serving(o: Observation) -> int | None:
    """The newest revision with a ready pod; for a Job, the one recorded as active."""
    ready = [pod.revision for pod in o.pods if pod.ready and pod.revision]
    if ready:
        return max(ready)
    if o.plugin.spec.run and o.plugin.spec.run.mode == "Job":
        recorded = o.plugin.status.revisions.active if o.plugin.status.revisions else None
        number = (recorded or "").rpartition("-r")[2]
        return int(number) if number.isdigit() else None
    return None


def _serves(active: int | None, available: bool, e: Effective) -> str:
    if not e.mode:
        return "recorded, but events are not delivered by this release"
    if not available:
        return "nothing serves" if e.mode == "Service" else "nothing can be run"
    return f"revision r{active} serves" if e.mode == "Service" else f"revision r{active} can be run"
