"""Which revision runs now, and why: observation in, course out. Pure; called by `reconcile.plugin`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from greffon.reconcile import history, requests, rollout
from greffon.reconcile.faults import Fault
from greffon.reconcile.history import Past
from greffon.reconcile.observe import Observation
from greffon.reconcile.requests import Requests
from greffon.reconcile.revisions import Choice
from greffon.reconcile.rollout import QUARANTINED, Action, Situation, Standing
from greffon.reconcile.verdict import service_verdict
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


def steer(o: Observation, e: Effective, choice: Choice) -> Course:
    """Decide.

    Args:
        e: effective spec as the user wrote it; limits and windows are the user's newest ones.
        choice: the revision that the spec asks for.
    """
    past = history.read(o.plugin.status.history)
    states = {fact.number: fact.state for fact in o.revisions} | ({choice.number: "Active"} if choice.is_new else {})
    asked = requests.read(o.plugin, choice.number, states)
    if asked.reset:
        states = {number: "Standby" if state == QUARANTINED else state for number, state in states.items()}
        asked = replace(requests.read(o.plugin, choice.number, states), reset=True)
    running = o.deployment.revision if o.deployment and e.mode == "Service" else None
    fault = _fault(o, e, running, past) if running and not asked.reset else None
    standing = Standing(
        desired=choice.number,
        states=states,
        good=past.good,
        pinned=asked.pinned,
        at_fault=running if fault else None,
        in_a_row=past.in_a_row,
        auto=e.auto_rollback,
    )
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


def _fault(o: Observation, e: Effective, running: int, past: Past) -> Fault | None:
    return service_verdict(o, e, running, past.since if past.serving == running else None)


def needed(o: Observation, course: Course) -> set[int]:
    """Revisions that must be kept, whatever the limit says: what is wanted, runs, or would be gone back to."""
    running = {pod.revision for pod in o.pods} | ({o.deployment.revision} if o.deployment else set())
    kept = {fact.number for fact in o.revisions if fact.state != QUARANTINED}
    last = next((number for number in course.past.good if number in kept and number != course.number), course.number)
    return {course.desired, course.number, last, *running} - {0}
