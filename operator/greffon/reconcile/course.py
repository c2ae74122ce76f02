"""Which revision runs now, and why: observation in, course out. Pure; called by `reconcile.plugin`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from greffon.reconcile import history, hooks, requests, rollout
from greffon.reconcile.faults import Fault
from greffon.reconcile.history import Past
from greffon.reconcile.observe import Observation
from greffon.reconcile.requests import Requests
from greffon.reconcile.revisions import Choice
from greffon.reconcile.rollout import QUARANTINED, Action, Situation, Standing
from greffon.reconcile.runs import number_of
from greffon.reconcile.verdict import job_verdict, service_verdict
from greffon.resources.effective import Effective


@dataclass(frozen=True, slots=True)
class Course:
    """The decision.

    Attributes:
        desired: number of the revision that the spec asks for.
        run: number of the revision to run; None stops everything.
        quarantine: revisions that have just been found at fault, the newest first.
        fault: of the desired revision, when it runs on nevertheless.
        requests: what people ask for by annotation.
        past: what the history says.
    """

    desired: int
    situation: Situation
    run: int | None
    quarantine: tuple[tuple[int, Fault], ...]
    fault: Fault | None
    requests: Requests
    past: Past

    @property
    def number(self) -> int:
        """The revision whose children are wanted; when nothing may run, the desired one's, without pods."""
        return self.desired if self.run is None else self.run


def steer(o: Observation, e: Effective, choice: Choice, blocked: Mapping[int, str]) -> Course:
    """Decide.

    Args:
        e: effective spec as the user wrote it; limits and windows are the user's newest ones.
        choice: the revision that the spec asks for.
        blocked: revisions that a dependant does not accept, with the reason.
    """
    recorded = o.plugin.status.revisions
    past = history.read(o.plugin.status.history, number_of(recorded.last_good) if recorded else 0)
    states = {fact.number: fact.state for fact in o.revisions} | ({choice.number: "Active"} if choice.is_new else {})
    asked = requests.read(o.plugin, choice.number, states, blocked)
    if asked.reset:
        states = {number: "Standby" if state == QUARANTINED else state for number, state in states.items()}
        asked = replace(requests.read(o.plugin, choice.number, states, blocked), reset=True)
    standing = Standing(
        desired=choice.number,
        states=states,
        good=past.good,
        pinned=asked.pinned,
        in_a_row=past.in_a_row,
        auto=e.auto_rollback,
        blocked=frozenset(blocked),
    )
    running = _running(o, e, standing)
    fault = _fault(o, e, running, past) if running and not asked.reset else None
    if fault is None and asked.pinned is None and not asked.reset and (fault := hooks.fault(o, e, past, choice.number)):
        running = choice.number  # it runs nowhere yet, or serves without counting
    elif fault and e.mode == "Job" and standing.fallback() is None:
        fault = None  # a Job that fails disturbs nobody, and stopping its schedule would help nobody
    standing = replace(standing, at_fault=running if fault else None)
    situation, action = _decide(standing)
    quarantine: tuple[tuple[int, Fault], ...] = ()
    if action.quarantine is not None and fault:
        quarantine = ((action.quarantine, fault),)
        standing = replace(standing, states={**states, action.quarantine: QUARANTINED}, at_fault=None)
        situation, action = _decide(standing)
    return Course(choice.number, situation, action.run, quarantine, fault if not quarantine else None, asked, past)


def _decide(standing: Standing) -> tuple[Situation, Action]:
    situation = rollout.assess(standing)
    return situation, rollout.next_action(standing, situation)


def _running(o: Observation, e: Effective, standing: Standing) -> int | None:
    """The revision whose pods or runs are judged: a Deployment says it; runs take what would be chosen now."""
    if e.mode == "Service":
        return o.deployment.revision if o.deployment else None
    return _decide(standing)[1].run if e.mode == "Job" else None


def _fault(o: Observation, e: Effective, running: int, past: Past) -> Fault | None:
    since = past.since if past.serving == running else None
    if e.mode == "Job":
        return job_verdict(o, e, running, since, past.reset)
    return service_verdict(o, e, running, since)


def fresh_number(o: Observation) -> int:
    """The number for a content that no kept revision has: no number ever means two contents. When the spec is the one
    that was seen before, only its record is gone, and it is written again."""
    status, known = o.plugin.status, {fact.number for fact in o.revisions}
    recorded = status.revisions
    names = (recorded.desired, recorded.active, recorded.last_good) if recorded else ()
    desired = number_of(recorded.desired) if recorded else 0
    if desired and desired not in known and status.observed_generation == o.plugin.generation:
        return desired
    return max(*known, *map(number_of, names), history.read(status.history).highest, 0, 0) + 1


def needed(o: Observation, course: Course) -> set[int]:
    """Revisions that must be kept, whatever the limit says: what is wanted, runs, or would be gone back to."""
    running = {pod.revision for pod in o.pods} | ({o.deployment.revision} if o.deployment else set())
    running |= {job.revision for _, _, job in o.jobs if not job.outcome}
    running |= {number_of(run.status.revision) for run in o.runs if run.status.outcome is None}
    kept = {fact.number for fact in o.revisions if fact.state != QUARANTINED}
    last = next((number for number in course.past.good if number in kept and number != course.number), course.number)
    return {course.desired, course.number, last, *running} - {0}
