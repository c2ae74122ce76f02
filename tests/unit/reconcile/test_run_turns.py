"""Whose turn it is among several runs: the full product of situations, and whole lives in any order of steps."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.engine.queue import Key
from greffon.model.conditions import Reason
from greffon.model.run import PluginRun
from greffon.model.vocabulary import RunOutcome
from greffon.reconcile.run_decide import Action, Decision, decide
from greffon.reconcile.run_observe import RunObservation, Sibling, order
from greffon.reconcile.seen import Seen
from tests.unit.reconcile.situations import NOW, job, plugin, run
from tests.unit.resources.samples import CONTEXT, JOB, with_run

MODES = ("Allow", "Forbid", "Replace")
WAITING, RUNNING, OVER = "waiting", "running", "over"


@dataclass
class Run:
    """A run of a small world: its name, age and state, and whether its Job has ended."""

    name: str
    age: int
    state: str

    @property
    def model(self) -> PluginRun:
        """As it is read."""
        status: dict[str, Any] = {}
        if self.state == RUNNING:
            status = {"job": f"job-{self.name}"}
        if self.state == OVER:
            status = {"outcome": "Succeeded"}
        return run(self.name, status, age=self.age)


def decision(me: Run, world: list[Run], mode: str, *, scheduled: bool = False) -> Decision:
    """What a run does in that world; `scheduled`: a Job of a schedule is active too."""
    others = [other for other in world if other is not me and other.state != OVER]
    siblings = [Sibling(order(o.model), o.name, active=o.state == RUNNING) for o in others]
    if scheduled:
        siblings.append(Sibling((NOW.replace(year=1), "cron"), "cron", active=True))
    observation = RunObservation(
        run=me.model,
        is_owned=True,
        plugin=plugin(with_run(JOB, concurrency=mode)),
        revision=3,
        job=None,
        pods=(),
        siblings=tuple(siblings),
        context=CONTEXT,
        now=NOW,
    )
    if me.state == RUNNING:
        key = Key("Job", "team-a", f"job-{me.name}")
        observation = replace(observation, job=Seen(key, "u", 1, None, facts=job()))
    return decide(observation)


STATES = list(product((WAITING, RUNNING, OVER), repeat=3))


def worlds(states: tuple[str, ...]) -> Iterator[list[Run]]:
    """Three runs in these states, of every order of age, ties included."""
    for ages in ((30, 20, 10), (10, 20, 30), (10, 10, 10), (20, 10, 20)):
        yield [Run("abc"[n], ages[n], states[n]) for n in range(3)]


def told(world: list[Run], mode: str, *, scheduled: bool = False) -> dict[str, Decision]:
    """The decision of every run that is not over."""
    return {me.name: decision(me, world, mode, scheduled=scheduled) for me in world if me.state != OVER}


def started(decisions: dict[str, Decision]) -> list[str]:
    """Who starts."""
    return [name for name, found in decisions.items() if found.action is Action.START]


def by_age(world: list[Run], state: str) -> list[str]:
    """Names of the runs in a state, the oldest first."""
    return [r.name for r in sorted(world, key=lambda r: order(r.model)) if r.state == state]


@pytest.mark.parametrize("scheduled", [False, True], ids=["", "and a schedule is active"])
@pytest.mark.parametrize("states", STATES, ids=", ".join)
def test_forbid(states: tuple[str, ...], scheduled: bool) -> None:
    for world in worlds(states):
        active = bool(by_age(world, RUNNING)) or scheduled
        first = by_age(world, WAITING)[:1]
        assert started(told(world, "Forbid", scheduled=scheduled)) == ([] if active else first)


@pytest.mark.parametrize("states", STATES, ids=", ".join)
def test_replace(states: tuple[str, ...]) -> None:
    for world in worlds(states):
        decisions = told(world, "Replace")
        alive = sorted((r for r in world if r.state != OVER), key=lambda r: order(r.model))
        for older in alive[:-1]:
            found = decisions[older.name]
            assert found.ending is not None
            assert found.ending.outcome is RunOutcome.REPLACED
            assert (found.action is Action.STOP) is (older.state == RUNNING)
        active = by_age(world, RUNNING)
        newest = [alive[-1].name] if alive and alive[-1].state == WAITING else []
        assert started(decisions) == ([] if active else newest)


@pytest.mark.parametrize("states", STATES, ids=", ".join)
def test_allow(states: tuple[str, ...]) -> None:
    for world in worlds(states):
        assert sorted(started(told(world, "Allow", scheduled=True))) == sorted(by_age(world, WAITING))


@pytest.mark.parametrize("mode", ["Forbid", "Replace"])
def test_a_waiting_run_names_whom_it_waits_for(mode: str) -> None:
    world = [Run("z-old", 90, RUNNING), Run("a-me", 10, WAITING), Run("b-other", 20, OVER)]
    found = decision(world[1], world, mode)
    assert (found.action, found.reason) == (Action.TELL, Reason.WAITING)
    assert "z-old" in found.message


def test_a_run_that_waits_in_line_names_the_oldest_one_not_the_first_of_the_alphabet() -> None:
    world = [Run("z-oldest", 90, WAITING), Run("a-older", 50, WAITING), Run("me", 10, WAITING)]
    assert "z-oldest" in decision(world[2], world, "Forbid").message


def test_a_replaced_run_names_the_newest_one() -> None:
    world = [Run("me", 90, WAITING), Run("z-newer", 50, WAITING), Run("a-newest", 10, WAITING)]
    assert "a-newest" in decision(world[0], world, "Replace").message


def test_replace_does_not_promise_to_stop_a_scheduled_job() -> None:
    me = Run("me", 10, WAITING)
    found = decision(me, [me], "Replace", scheduled=True)
    assert (found.action, found.reason) == (Action.TELL, Reason.WAITING)
    assert "being stopped" not in found.message


def test_a_run_stopped_for_another_and_then_interrupted_is_replaced_and_not_lost() -> None:
    me, newer = Run("me", 90, RUNNING), Run("newer", 10, WAITING)
    found = decision(me, [me, newer], "Replace")
    assert found.action is Action.STOP
    vanished = RunObservation(
        run=me.model,
        is_owned=True,
        plugin=plugin(with_run(JOB, concurrency="Replace")),
        revision=3,
        job=None,
        pods=(),
        siblings=(Sibling(order(newer.model), "newer", active=False),),
        context=CONTEXT,
        now=NOW,
    )
    again = decide(vanished)
    assert again.ending is not None
    assert again.ending.outcome is RunOutcome.REPLACED


AGES = list(combinations_with_replacement((10, 20, 30), 4))


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(AGES), st.sampled_from(MODES), st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40)
)
def test_whole_lives_in_any_order_of_steps(ages: tuple[int, ...], mode: str, steps: list[tuple[int, bool]]) -> None:
    world = [Run(f"r{n}", age, WAITING) for n, age in enumerate(ages)]
    for index, job_ends in [*steps, *((n, True) for _ in range(8) for n in range(4))]:
        step(world[index], world, mode, job_ends=job_ends)
        if mode != "Allow":
            assert len(by_age(world, RUNNING)) <= 1, "two run at once"
    assert by_age(world, WAITING) == by_age(world, RUNNING) == [], "somebody waits for ever"


def step(me: Run, world: list[Run], mode: str, *, job_ends: bool) -> None:
    """One reconcile of a run, or the end of its Job."""
    if me.state == RUNNING and job_ends:
        me.state = OVER
        return
    if me.state == OVER:
        return
    found = decision(me, world, mode)
    if found.action is Action.START:
        me.state = RUNNING
    elif found.ending:
        me.state = OVER
