"""Which revision runs: every situation, every edge, and a search for flapping and for dead ends."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from greffon.reconcile.rollout import MOST_IN_A_ROW, QUARANTINED, Action, Situation, Standing, assess, next_action

OK = "Standby"
GOOD = {1: OK, 2: OK, 3: "Active"}


def standing(desired: int = 3, *, bad: tuple[int, ...] = (), good: tuple[int, ...] = (2, 1), **facts: Any) -> Standing:
    """Three revisions, of which these are quarantined."""
    states = GOOD | dict.fromkeys(bad, QUARANTINED)
    return replace(Standing(desired, states, good), **facts)


ROWS: dict[str, tuple[Standing, Situation, Action]] = {
    "the desired revision is on its way or serves": (standing(), Situation.TRYING, Action(3)),
    "an older one is at fault while the new one comes": (standing(at_fault=2), Situation.TRYING, Action(3)),
    "it has failed": (standing(at_fault=3), Situation.FAILED, Action(2, quarantine=3)),
    "it has failed after it served": (standing(good=(3, 2, 1), at_fault=3), Situation.FAILED, Action(2, quarantine=3)),
    "it has failed and nothing served before": (
        standing(good=(), at_fault=3),
        Situation.FAILED,
        Action(None, quarantine=3),
    ),
    "it has failed and nobody may go back": (standing(at_fault=3, auto=False), Situation.UNMANAGED, Action(3)),
    "it is quarantined": (standing(bad=(3,)), Situation.FALLEN_BACK, Action(2)),
    "it and the one before are quarantined": (standing(bad=(2, 3)), Situation.FALLEN_BACK, Action(1)),
    "the older one fails as well": (
        standing(bad=(3,), at_fault=2, in_a_row=1),
        Situation.FALLBACK_FAILED,
        Action(1, quarantine=2),
    ),
    "the older one fails and there is no other": (
        standing(bad=(3,), good=(2,), at_fault=2, in_a_row=1),
        Situation.EXHAUSTED,
        Action(2),
    ),
    "twice in a row is enough": (
        standing(bad=(3,), at_fault=2, in_a_row=MOST_IN_A_ROW),
        Situation.EXHAUSTED,
        Action(2),
    ),
    "the older one fails and nobody may go back": (
        standing(bad=(3,), at_fault=2, auto=False),
        Situation.EXHAUSTED,
        Action(2),
    ),
    "nothing is left": (standing(bad=(1, 2, 3)), Situation.STRANDED, Action(None)),
    "nothing ever served": (standing(bad=(3,), good=()), Situation.STRANDED, Action(None)),
    "what served is no longer kept": (standing(bad=(3,), good=(9,)), Situation.STRANDED, Action(None)),
    "a person asked for another": (standing(pinned=1), Situation.PINNED, Action(1)),
    "a person asked for another, and it fails": (standing(pinned=1, at_fault=1), Situation.PINNED, Action(1)),
}


@pytest.mark.parametrize(("s", "situation", "action"), ROWS.values(), ids=ROWS)
def test_situation_and_action(s: Standing, situation: Situation, action: Action) -> None:
    assert assess(s) is situation
    assert next_action(s, situation) == action


def test_every_situation_has_a_row() -> None:
    assert {situation for _, situation, _ in ROWS.values()} == set(Situation)


def everything() -> list[Standing]:
    """The full product of what three revisions can look like."""
    states = [dict(zip((1, 2, 3), row, strict=True)) for row in product(("Active", OK, QUARANTINED), repeat=3)]
    goods = [(), (1,), (2, 1), (3, 2, 1), (1, 3)]
    return [
        Standing(desired, state, good, pinned, fault, row, auto)
        for desired, state, good, pinned, fault, row, auto in product(
            (1, 2, 3), states, goods, (None, 1, 2), (None, 1, 2, 3), range(4), (True, False)
        )
    ]


def test_over_everything_that_can_be_seen_no_quarantined_revision_runs_by_itself() -> None:
    for s in everything():
        action = next_action(s, assess(s))
        if s.pinned is None and action.run is not None:
            assert s.states[action.run] != QUARANTINED, s
            assert action.run != action.quarantine, s
        assert action.quarantine is None or s.auto, s
        assert action.quarantine in (None, s.at_fault), s
        assert action.run in (None, s.pinned, s.desired, *s.good), s


class Life(RuleBasedStateMachine):
    """A plug-in over time: specs come, revisions fail, people intervene; the operator decides after each."""

    @initialize(reliable=st.sets(st.integers(1, 12)))
    def begin(self, reliable: set[int]) -> None:
        self.reliable, self.states, self.history = reliable, {1: "Active"}, [(1, "tried")]
        self.desired = 1
        self.running: int | None = 1
        self.pinned: int | None = None
        self.switches = 0

    def standing(self, fault: int | None) -> Standing:
        """What the operator sees."""
        served = [n for n, what in reversed(self.history) if what != "tried"]
        row = 0
        for _, what in reversed(self.history):
            if what != "back":
                break
            row += 1
        good = tuple(dict.fromkeys(served))
        return Standing(self.desired, self.states, good, self.pinned, fault, row)

    def decide(self, fault: int | None) -> None:
        """One pass, as `course.steer` makes it."""
        s = self.standing(fault)
        action = next_action(s, assess(s))
        if action.quarantine is not None:
            self.states = {**self.states, action.quarantine: QUARANTINED}
            s = replace(s, states=self.states, at_fault=None)
            action = next_action(s, assess(s))
            assert action.quarantine is None, "one pass settles it"
            if action.run is not None:
                self.history.append((action.run, "back"))
        self.switches += action.run != self.running
        self.running = action.run

    @rule()
    def new_spec(self) -> None:
        self.desired = max(self.states) + 1
        self.states = {**self.states, self.desired: "Active"}
        self.pinned, self.switches = None, 0
        self.history.append((self.desired, "tried"))
        self.decide(None)

    @rule(pick=st.integers(1, 12))
    def old_spec(self, pick: int) -> None:
        if pick in self.states:
            self.desired, self.pinned, self.switches = pick, None, 0
            self.decide(None)

    @precondition(lambda self: self.running in self.reliable)
    @rule()
    def serves(self) -> None:
        assert self.running is not None
        self.history.append((self.running, "served"))

    @rule()
    def time_passes(self) -> None:
        self.decide(self.running if self.running is not None and self.running not in self.reliable else None)

    @rule(pick=st.integers(1, 12))
    def asked_for(self, pick: int) -> None:
        if pick in self.states and pick != self.desired and self.states[pick] != QUARANTINED:
            self.pinned, self.switches = pick, 0
            self.decide(None)

    @rule()
    def withdrawn(self) -> None:
        self.pinned, self.switches = None, 0
        self.decide(None)

    @rule()
    def reset(self) -> None:
        self.states = {n: OK if state == QUARANTINED else state for n, state in self.states.items()}
        self.switches = 0
        self.decide(None)

    @invariant()
    def never_runs_what_is_quarantined(self) -> None:
        assert self.running is None or self.pinned == self.running or self.states[self.running] != QUARANTINED

    @invariant()
    def does_not_flap(self) -> None:
        assert self.switches <= 1 + MOST_IN_A_ROW + 1, "switches without anybody having asked for something"

    @invariant()
    def has_a_way_out(self) -> None:
        fresh = replace(self.standing(None), desired=99, states={**self.states, 99: "Active"}, pinned=None)
        assert next_action(fresh, assess(fresh)).run == 99


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
