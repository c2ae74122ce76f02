"""How far an activation is, as far as hooks are concerned: observation in, stage out. Pure; called by `keeper`, and for
failures by `course`.

    preActivate ──▶ preDeactivate of what leaves ──▶ takes over ──▶ available ──▶ postActivate ──▶ activated
        │ fails                                                                        │ fails
        └────────────── the revision is quarantined, as by any other fault ────────────┘

Hooks belong to what the spec asks for. Going back, by itself or by hand, runs none: nothing may stand in its way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from greffon.model.base import to_rfc3339
from greffon.model.conditions import Reason
from greffon.model.plugin import Plugin
from greffon.reconcile.faults import Fault, Side, attribute
from greffon.reconcile.health import Health, State, service_health
from greffon.reconcile.history import Past
from greffon.reconcile.observe import Hooked, Observation
from greffon.reconcile.rollout import Situation
from greffon.reconcile.runs import number_of
from greffon.resources import names
from greffon.resources.effective import Effective
from greffon.resources.hook_job import arguments

PRE, POST, LEAVE = "preActivate", "postActivate", "preDeactivate"
KEPT = 4
"""Ended Jobs of hooks that stay, for their logs."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A hook whose turn it is."""

    hook: str
    revision: int


@dataclass(frozen=True, slots=True)
class Stage:
    """What hooks ask of this pass.

    Attributes:
        start: the hook whose Job is to be made.
        holds: the workload stays as it is.
        health: what is being waited for; None when nothing is.
        again_in: seconds after which the answer changes by itself.
    """

    start: Turn | None = None
    holds: bool = False
    health: Health | None = None
    again_in: float | None = None


NO_HOOKS = Stage()


def stage(
    o: Observation, e: Effective, past: Past, situation: Situation, run: int | None, *, reset: bool = False
) -> Stage:
    """The stage of the revision `run`, whose effective spec is `e`.

    Args:
        reset: quarantine is being lifted in this pass: failed hooks get another occasion in the next one.
    """
    if reset and o.plugin.spec.hooks:
        return Stage(holds=True, health=_working(Turn(PRE, run or 0), "is being started anew"), again_in=0.1)
    if run is None or situation not in (Situation.TRYING, Situation.UNMANAGED) or _is_for_nothing(e):
        return NO_HOOKS
    if o.plugin.spec.suspend:
        return _one(o, e, Turn(LEAVE, past.serving)) if past.serving and _leaves(o, past.serving) else NO_HOOKS
    if past.serving == run:
        return NO_HOOKS
    for turn in _before(o, past, run):
        waiting = _one(o, e, turn)
        if waiting.health:
            return waiting
    if not arguments(o.plugin.spec, POST):
        return NO_HOOKS
    if not _serves_well(o, e, run):
        return Stage(health=_working(Turn(POST, run), "comes next"))
    waiting = _one(o, e, Turn(POST, run))
    return Stage(waiting.start, holds=False, health=waiting.health, again_in=waiting.again_in)


def fault(o: Observation, e: Effective, past: Past, desired: int) -> Fault | None:
    """The failure of a hook of the desired revision at this activation."""
    if past.serving == desired or o.plugin.spec.suspend or _is_for_nothing(e):
        return None
    turns = (Turn(hook, desired) for hook in (PRE, POST) if arguments(o.plugin.spec, hook))
    return next((found for turn in turns if (found := _failed(o, e, turn))), None)


def occasion(plugin: Plugin) -> str:
    """Tells one activation from the next: whatever the history has to say makes another."""
    newest = plugin.status.history[0] if plugin.status.history else None
    text = f"{to_rfc3339(newest.time)}/{newest.action}/{newest.revision}" if newest and newest.time else "first"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def ended_before(o: Observation) -> list[Hooked]:
    """Jobs of earlier hooks that are of no more use."""
    ended = sorted((h for h in o.hooks if h.job.outcome), key=lambda h: (h.job.end, h.seen.key.name))
    return [h for h in ended[:-KEPT] if not h.seen.deleting]


def _before(o: Observation, past: Past, run: int) -> Iterator[Turn]:
    """Hooks that come before the revision takes over, in their order."""
    if _has_taken_over(o, run):
        return
    if arguments(o.plugin.spec, PRE):
        yield Turn(PRE, run)
    if past.serving and past.serving != run and _leaves(o, past.serving):
        yield Turn(LEAVE, past.serving)


def _is_for_nothing(e: Effective) -> bool:
    """Without replicas there is nothing to activate; once there are some, it is an activation."""
    return e.mode == "Service" and e.replicas == 0


def _leaves(o: Observation, number: int) -> bool:
    """It runs now, and has something to do before it goes."""
    fact = next((fact for fact in o.revisions if fact.number == number), None)
    return fact is not None and LEAVE in fact.hooks and _has_taken_over(o, number)


def _has_taken_over(o: Observation, number: int) -> bool:
    if o.deployment is not None:
        return o.deployment.revision == number and o.deployment.replicas > 0
    recorded = o.plugin.status.revisions
    return recorded is not None and number_of(recorded.active) == number


def _serves_well(o: Observation, e: Effective, run: int) -> bool:
    if e.mode == "Job":
        return True  # it can be run as soon as it is in place, and a plan puts that before any Job
    return service_health(e, o.deployment, o.pods, run, o.now).state is State.GOOD and _has_taken_over(o, run)


def _one(o: Observation, e: Effective, turn: Turn) -> Stage:
    """Where one hook is. A revision that leaves is not kept by a hook that fails."""
    found = _find(o, turn)
    if found is None:
        return Stage(start=turn, holds=True, health=_working(turn, "is being started"))
    if not found.job.outcome:
        return Stage(holds=True, health=_working(turn, _progress(found)), again_in=_left(o, e, found))
    if found.job.outcome == "Complete" or turn.hook == LEAVE:
        return NO_HOOKS
    return Stage(holds=True, health=Health(State.FAILING, Reason.HOOK_FAILED, _account(found, turn)))


def _failed(o: Observation, e: Effective, turn: Turn) -> Fault | None:
    found = _find(o, turn)
    if found is None or found.job.outcome == "Complete":
        return None
    if found.job.outcome:
        return Fault(Side.PLUGIN, Reason.HOOK_FAILED, _account(found, turn))
    trouble = attribute(found.pod, has_liveness=False) if found.pod else None
    if trouble is None or trouble.side is not Side.PLUGIN or _left(o, e, found) > 0:
        return None
    return Fault(Side.PLUGIN, Reason.HOOK_FAILED, f"hook {turn.hook} did not start: {trouble.message}")


def _find(o: Observation, turn: Turn) -> Hooked | None:
    name = names.hook_job(o.plugin.name, turn.revision, turn.hook, occasion(o.plugin))
    return next((hooked for hooked in o.hooks if hooked.seen.key.name == name), None)


def _working(turn: Turn, what: str) -> Health:
    return Health(State.WORKING, Reason.HOOK_RUNNING, f"hook {turn.hook} of revision r{turn.revision} {what}")


def _progress(found: Hooked) -> str:
    trouble = attribute(found.pod, has_liveness=False) if found.pod else None
    return f"waits: {trouble.message}" if trouble else "is at work"


def _left(o: Observation, e: Effective, found: Hooked) -> float:
    """Seconds that a hook still has to get its pod started."""
    since = datetime.fromisoformat(found.job.start) if found.job.start else o.now
    return max(e.progress_deadline_seconds - (o.now - since).total_seconds(), 0.0)


def _account(found: Hooked, turn: Turn) -> str:
    how = "it did not end in time, or its pod was lost"
    if found.pod and found.pod.ended == "OOMKilled":
        how = "killed for using more memory than its limit"
    elif found.pod and found.pod.exit_code is not None:
        how = f"exit code {found.pod.exit_code}"
    return f"hook {turn.hook} of revision r{turn.revision} failed: {how}; see the log of Job {found.seen.key.name}"
