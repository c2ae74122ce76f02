"""What to do with a PluginRun next: a pure function, one row per situation. Called by `reconcile.run`.

no outcome ──▶ waiting ──▶ started (Job exists) ──▶ outcome ──▶ kept until its time is up ──▶ deleted
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from greffon.model.conditions import Reason
from greffon.model.vocabulary import RunOutcome
from greffon.reconcile.facts import JobFacts
from greffon.reconcile.result import Ending, ending_of
from greffon.reconcile.run_observe import RunObservation, order

REPORT_GRACE_SECONDS = 10.0
"""How long a finished Job's pod may take to arrive on the other watch."""
DEFAULT_TTL_SECONDS = 86_400


class Action(Enum):
    """The verb for `reconcile.run`."""

    START = "start"
    STOP = "stop"
    TELL = "tell"
    KEEP = "keep"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, and what the status says of it.

    Attributes:
        ending: how the run ended; None while it has not.
        job: name of the Job, once there is one.
    """

    action: Action
    reason: Reason
    message: str
    ending: Ending | None = None
    job: str = ""
    requeue_after: float | None = None

    @staticmethod
    def waiting(reason: Reason, message: str) -> Decision:
        """Not started; the cause may go away."""
        return Decision(Action.TELL, reason, message)

    @staticmethod
    def refused(message: str) -> Decision:
        """It can never start; a run cannot be changed, so it must not stand in the way of others."""
        return Decision.ended(Ending(RunOutcome.REFUSED, Reason.CHILD_REJECTED, message))

    @staticmethod
    def running(job: str) -> Decision:
        """The Job exists."""
        return Decision(Action.TELL, Reason.RUNNING, f"Job {job} is running", job=job)

    @staticmethod
    def ended(ending: Ending, *, action: Action = Action.TELL) -> Decision:
        """It is over."""
        return Decision(action, ending.reason, ending.message, ending)


def decide(o: RunObservation) -> Decision:
    """The next step of a run."""
    if o.run.status.outcome is not None:
        return _after(o)
    if o.job:
        return _during(o, o.job.key.name)
    if o.run.status.job:
        if _is_replaced(o):  # its Job was removed for that, and then we were interrupted
            return Decision.ended(_REPLACED)
        ending = Ending(RunOutcome.FAILED, Reason.JOB_LOST, f"Job {o.run.status.job} was deleted before it ended")
        return Decision.ended(ending)
    return _before(o)


def _after(o: RunObservation) -> Decision:
    """Keep the result for its time; a recorded result never changes."""
    wish = o.run.spec.ttl_seconds_after_finished
    keep = timedelta(seconds=DEFAULT_TTL_SECONDS if wish is None else wish)
    left = ((o.run.status.completion_time or o.now) + keep - o.now).total_seconds()
    if left <= 0:
        return Decision(Action.EXPIRE, Reason.COMPLETED, "")
    return Decision(Action.KEEP, Reason.COMPLETED, "", requeue_after=left)


def _during(o: RunObservation, job: str) -> Decision:
    facts = o.job_facts
    if facts and facts.outcome:
        return _finished(o, facts, job)
    if _is_replaced(o):
        return Decision.ended(_REPLACED, action=Action.STOP)
    return Decision.running(job)


def _finished(o: RunObservation, facts: JobFacts, job: str) -> Decision:
    has_report = any(pod.exit_code is not None for pod in o.pods)
    since = (o.now - datetime.fromisoformat(facts.end)).total_seconds() if facts.end else REPORT_GRACE_SECONDS
    # A clock far behind the cluster's gives a negative age: waiting for it to pass would take as long.
    if not has_report and facts.outcome != "DeadlineExceeded" and abs(since) < REPORT_GRACE_SECONDS:
        waiting = Decision.running(job)
        return Decision(waiting.action, waiting.reason, waiting.message, job=job, requeue_after=0.5)
    return Decision.ended(ending_of(facts, o.pods))


def _before(o: RunObservation) -> Decision:
    name = o.run.spec.plugin_ref.name
    if o.plugin is None:
        return Decision.waiting(Reason.PLUGIN_NOT_FOUND, f"Plugin {name} does not exist; the run waits for it")
    if o.plugin.spec.run is None or o.plugin.spec.run.mode != "Job":
        text = f"Plugin {name} is not in mode Job; only such plug-ins can be run"
        return Decision.ended(Ending(RunOutcome.REFUSED, Reason.PLUGIN_NOT_RUNNABLE, text))
    if o.plugin.spec.suspend:
        return Decision.waiting(
            Reason.PLUGIN_SUSPENDED, f"Plugin {name} is suspended; the run waits until it is resumed"
        )
    if o.revision is None:
        text = f"Plugin {name} has no revision that can be run yet; see its conditions"
        return Decision.waiting(Reason.PLUGIN_NOT_READY, text)
    return _take_turn(o)


def _take_turn(o: RunObservation) -> Decision:
    """Whose turn it is follows from age alone: no lock, and two workers cannot disagree."""
    me, mode = order(o.run), _mode(o)
    by_age = sorted(o.siblings, key=lambda s: s.order)
    active = [s.name for s in by_age if s.active]
    newer = [s.name for s in by_age if s.order > me and not _scheduled(s.order)]
    older = [s.name for s in by_age if s.order < me]
    if mode == "Replace" and newer:
        ending = Ending(RunOutcome.REPLACED, Reason.REPLACED, f"run {newer[-1]} took its place before it started")
        return Decision.ended(ending)
    if mode == "Replace" and active:
        return Decision.waiting(Reason.WAITING, f"waits until {active[0]} has stopped (run.concurrency: Replace)")
    if mode == "Forbid" and (active or older):
        first = (active or older)[0]
        return Decision.waiting(Reason.WAITING, f"waits until {first} has ended (run.concurrency: Forbid)")
    return Decision(Action.START, Reason.RUNNING, "")


_REPLACED = Ending(RunOutcome.REPLACED, Reason.REPLACED, "a newer run took its place (run.concurrency: Replace)")


def _is_replaced(o: RunObservation) -> bool:
    return _mode(o) == "Replace" and any(s.order > order(o.run) for s in o.siblings if not _scheduled(s.order))


def _mode(o: RunObservation) -> str:
    run = o.plugin.spec.run if o.plugin else None
    return str((run and run.concurrency) or "Forbid")


def _scheduled(place: tuple[datetime, str]) -> bool:
    """A Job of a schedule: it is always older, and only its CronJob may replace it."""
    return place[0].year == 1
