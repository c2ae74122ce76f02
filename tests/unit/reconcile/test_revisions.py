"""Which revision a spec is, which old ones are kept, and what becomes of the others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.engine.queue import Key
from greffon.reconcile.facts import RevisionFacts
from greffon.reconcile.revisions import (
    MOST_QUARANTINED,
    choose,
    kept,
    kept_files,
    state_of,
    to_delete,
    to_move,
)
from greffon.reconcile.seen import Seen
from greffon.resources.effective import effective
from greffon.resources.revisions import digest, snapshot
from tests.unit.reconcile.situations import revision
from tests.unit.resources.samples import CONTEXT, IDENTITY, SERVICE, WEBHOOK, Json, built, only, spec_of

MINE = digest(snapshot(spec_of(SERVICE)))


def chosen(known: list[RevisionFacts], wire: Json = SERVICE) -> tuple[int, bool, Json]:
    """Number, whether it is new, and the spec of its object."""
    spec = spec_of(wire)
    choice = choose(IDENTITY, spec, effective(spec, CONTEXT), known)
    return choice.number, choice.is_new, choice.obj["spec"]


CHOICES: dict[str, tuple[list[RevisionFacts], int, bool]] = {
    "the first one": ([], 1, True),
    "the same again": ([revision(1, MINE)], 1, False),
    "another one": ([revision(1)], 2, True),
    "back to an old one": ([revision(1, MINE), revision(2)], 1, False),
    "of two equal ones the newest": ([revision(1, MINE), revision(2), revision(3, MINE)], 3, False),
    "numbers go on after a gap": ([revision(4), revision(9)], 10, True),
    "an old one that was superseded": ([revision(1, MINE, state="Superseded"), revision(2)], 1, False),
}


@pytest.mark.parametrize(("known", "number", "is_new"), CHOICES.values(), ids=CHOICES)
def test_which_revision_a_spec_is(known: list[RevisionFacts], number: int, is_new: bool) -> None:
    found, new, spec = chosen(known)
    assert (found, new) == (number, is_new)
    assert (spec["revision"], spec["contentHash"]) == (number, MINE)


def test_a_new_revision_names_its_parent_and_its_files() -> None:
    _, _, spec = chosen([revision(4)])
    assert spec["parent"] == "sample-r4"
    assert spec["sources"] == [only(built(SERVICE), "ConfigMap")["metadata"]["name"]]


def test_a_known_revision_is_given_as_it_was_written() -> None:
    known = revision(2, MINE, parent="sample-r1", sources=("plg-sample-src-old",))
    _, _, spec = chosen([revision(1), known])
    assert (spec["parent"], spec["sources"]) == ("sample-r1", ["plg-sample-src-old"])


def test_a_webhook_has_revisions_without_files() -> None:
    number, is_new, spec = chosen([], WEBHOOK)
    assert (number, is_new) == (1, True)
    assert "sources" not in spec


def numbers(facts: tuple[RevisionFacts, ...]) -> list[int]:
    """Their numbers."""
    return [fact.number for fact in facts]


TEN = [revision(n) for n in range(1, 11)]
KEPT: dict[str, tuple[list[RevisionFacts], int, int, list[int]]] = {
    "none known": ([], 1, 10, []),
    "fewer than the limit": (TEN[:3], 3, 10, [1, 2, 3]),
    "the newest ones": (TEN, 10, 3, [8, 9, 10]),
    "an old current one, and the newest others": (TEN, 2, 3, [2, 9, 10]),
    "only the current one": (TEN, 4, 1, [4]),
    "a limit of zero keeps the current one": (TEN, 4, 0, [4]),
    "a current one that is not known yet": (TEN, 11, 3, [9, 10]),
}


@pytest.mark.parametrize(("known", "current", "limit", "expected"), KEPT.values(), ids=KEPT)
def test_which_are_kept(known: list[RevisionFacts], current: int, limit: int, expected: list[int]) -> None:
    assert numbers(kept(known, {current}, limit)) == expected


@settings(max_examples=100, deadline=None)
@given(st.sets(st.integers(1, 40), max_size=15), st.integers(1, 40), st.integers(0, 50))
def test_the_current_one_is_always_kept_and_the_limit_is_never_exceeded(
    known: set[int], current: int, limit: int
) -> None:
    facts = [revision(number) for number in sorted(known)]
    found = numbers(kept(facts, {current}, limit))
    assert (current in found) == (current in known)
    assert len(found) <= max(limit, 1)
    assert found == sorted(found)


def child(number: int, state: str = "Active", *, deleting: bool = False) -> Seen:
    """A PluginRevision in the cache."""
    key = Key("PluginRevision", "team-a", f"sample-r{number}")
    return Seen(key, f"uid-{number}", 1, None, deleting=deleting, facts=revision(number, state=state))


CHILDREN = [
    child(1, "Superseded"),
    child(2),
    child(3),
    child(4, "Quarantined"),
    Seen(Key("Pod", "n", "x"), "u", 1, None),
]


MOVES: dict[str, tuple[int, set[int], bool, dict[str, str]]] = {
    "an older one that never served is history": (3, set(), False, {"sample-r2": "Superseded"}),
    "an older one that served can be gone back to": (3, {2}, False, {"sample-r2": "Standby"}),
    "an old one becomes active again": (
        1,
        {3},
        False,
        {"sample-r1": "Active", "sample-r2": "Superseded", "sample-r3": "Standby"},
    ),
    "quarantine stays even for the one that runs": (4, {2, 3}, False, {"sample-r2": "Standby", "sample-r3": "Standby"}),
    "a reset lifts it": (3, {2, 4}, True, {"sample-r2": "Standby", "sample-r4": "Standby"}),
    "a reset of one that never served": (3, {2}, True, {"sample-r2": "Standby", "sample-r4": "Superseded"}),
}


@pytest.mark.parametrize(("current", "good", "reset", "expected"), MOVES.values(), ids=MOVES)
def test_states_follow_what_runs(current: int, good: set[int], reset: bool, expected: dict[str, str]) -> None:
    assert {c.key.name: state for c, state in to_move(CHILDREN, current, good, reset=reset)} == expected


KEPT_BEYOND: dict[str, tuple[set[int], set[int], int, list[int]]] = {
    "what is needed, however old": ({1, 10}, set(), 3, [1, 9, 10]),
    "what is needed, beyond the limit": ({1, 2, 3}, set(), 1, [1, 2, 3]),
    "quarantined ones, so that they stay known": ({10}, {2, 3}, 4, [2, 3, 9, 10]),
    "quarantined ones beyond the limit": ({10}, {2, 3, 4}, 1, [2, 3, 4, 10]),
}


@pytest.mark.parametrize(("needed", "bad", "limit", "expected"), KEPT_BEYOND.values(), ids=KEPT_BEYOND)
def test_what_is_kept_beside_the_newest(needed: set[int], bad: set[int], limit: int, expected: list[int]) -> None:
    known = [revision(n, state="Quarantined" if n in bad else "Superseded") for n in range(1, 11)]
    assert numbers(kept(known, needed, limit)) == expected


def test_only_so_many_quarantined_ones_are_kept() -> None:
    known = [revision(n, state="Quarantined") for n in range(1, 501)]
    assert len(kept(known, {500}, 1)) <= 1 + MOST_QUARANTINED


def test_what_is_not_kept_goes_and_what_goes_already_is_left() -> None:
    known = [*CHILDREN, child(5, deleting=True)]
    assert [c.key.name for c in to_delete(known, [revision(3), revision(4)])] == ["sample-r1", "sample-r2"]


def test_files_of_kept_revisions() -> None:
    assert kept_files([revision(1), revision(2, sources=("a", "b"))]) == {"plg-sample-src-1", "a", "b"}


def test_a_state_is_written_for_this_very_object() -> None:
    body = state_of(child(2), "Superseded")
    assert body["metadata"] == {"name": "sample-r2", "namespace": "team-a", "uid": "uid-2"}
    assert (body["kind"], body["status"]) == ("PluginRevision", {"state": "Superseded"})
