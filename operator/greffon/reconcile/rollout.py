"""Which revision runs: the state machine of versions, pure. Called by `reconcile.course`.

    TRYING ──fault──▶ FAILED ──quarantine──▶ FALLEN_BACK ──fault──▶ FALLBACK_FAILED ──quarantine──▶ FALLEN_BACK
       ▲                │ nothing to go back to ▼                     │ twice already ▼
       │              STRANDED (scaled to zero)                     EXHAUSTED (the last one runs on)
       │ new spec, or reset            rollback.auto: false: FAILED ──▶ UNMANAGED (the failed one runs on)
    PINNED ◀──rollback-to── any;  withdrawn, or new spec ──▶ TRYING

Nothing is remembered beside what the revisions' states and the history say, so a new process decides alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

MOST_IN_A_ROW = 2
"""Automatic rollbacks without a success in between; one more would be flapping, not help."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the decision rests on.

    Attributes:
        desired: number of the revision that the spec asks for.
        states: state of each kept revision, by number.
        good: revisions that have served, the latest first.
        pinned: the revision that a person asked for, None when nobody did.
        at_fault: the revision whose running pods have failed for good, None when none has.
        in_a_row: automatic rollbacks since the last activation.
        auto: whether the operator may go back by itself.
        blocked: revisions that a dependant does not accept.
    """

    desired: int
    states: Mapping[int, str]
    good: tuple[int, ...] = ()
    pinned: int | None = None
    at_fault: int | None = None
    in_a_row: int = 0
    auto: bool = True
    blocked: frozenset[int] = frozenset()

    def fallback(self) -> int | None:
        """The latest revision that served, is kept and is not quarantined."""
        candidates = (n for n in self.good if n != self.desired and n not in self.blocked)
        return next((n for n in candidates if self.states.get(n, QUARANTINED) != QUARANTINED), None)


QUARANTINED = "Quarantined"


class Situation(Enum):
    """A named state of a plug-in's versions."""

    TRYING = "the desired revision runs, or is on its way"
    FAILED = "the desired revision has failed and is about to be left"
    UNMANAGED = "the desired revision has failed and rollback.auto is false"
    FALLEN_BACK = "the desired revision is quarantined and an older one runs"
    FALLBACK_FAILED = "the older revision has failed as well"
    EXHAUSTED = "the older revision has failed and nothing is left to try"
    STRANDED = "the desired revision is quarantined and nothing can run instead"
    PINNED = "a person asked for an older revision"


@dataclass(frozen=True, slots=True)
class Action:
    """What to do: at most one revision is put into quarantine, then one runs (None: nothing)."""

    run: int | None
    quarantine: int | None = None


def assess(s: Standing) -> Situation:
    """Name the situation."""
    if s.pinned is not None:
        return Situation.PINNED
    if s.states.get(s.desired) != QUARANTINED:
        if s.at_fault != s.desired:
            return Situation.TRYING
        return Situation.FAILED if s.auto else Situation.UNMANAGED
    back = s.fallback()
    if back is None:
        return Situation.STRANDED
    if s.at_fault != back:
        return Situation.FALLEN_BACK
    further = replace(s, states={**s.states, back: QUARANTINED}).fallback()
    if s.auto and s.in_a_row < MOST_IN_A_ROW and further is not None:
        return Situation.FALLBACK_FAILED
    return Situation.EXHAUSTED


def next_action(s: Standing, situation: Situation) -> Action:
    """What to do in a situation."""
    match situation:
        case Situation.PINNED:
            return Action(s.pinned)
        case Situation.TRYING | Situation.UNMANAGED:
            return Action(s.desired)
        case Situation.FAILED:
            return Action(s.fallback(), quarantine=s.desired)
        case Situation.FALLEN_BACK | Situation.EXHAUSTED:
            return Action(s.fallback())
        case Situation.FALLBACK_FAILED:
            failed = s.fallback()
            if failed is None:
                raise AssertionError("only a revision that runs can have failed")
            return Action(replace(s, states={**s.states, failed: QUARANTINED}).fallback(), quarantine=failed)
        case Situation.STRANDED:
            return Action(None)
