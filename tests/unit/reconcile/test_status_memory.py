"""What a status remembers: revisions, history, handled wishes. Everything else in it is derived."""

import pytest

from greffon.reconcile.assess import Situation
from greffon.reconcile.history import LIMIT
from tests.unit.reconcile.situations import ago, plugin
from tests.unit.reconcile.test_status import FAILING, WORKING, composed, situation
from tests.unit.resources.samples import SERVICE, Json

BEFORE: Json = {"revisions": {"desired": "sample-r2", "active": "sample-r2", "lastGood": "sample-r2"}}
REVISIONS: dict[str, tuple[Json, Situation, Json]] = {
    "the first one is on its way": ({}, situation(WORKING, None), {"desired": "sample-r3"}),
    "the first one is good": (
        {},
        situation(),
        {"desired": "sample-r3", "active": "sample-r3", "lastGood": "sample-r3"},
    ),
    "the new one is on its way": (
        BEFORE,
        situation(WORKING, 2),
        {"desired": "sample-r3", "active": "sample-r2", "lastGood": "sample-r2"},
    ),
    "nothing serves any more": (
        BEFORE,
        situation(FAILING, None),
        {"desired": "sample-r3", "lastGood": "sample-r2"},
    ),
    "a refused spec keeps what was desired": (
        BEFORE,
        situation(FAILING, 2, None),
        {"desired": "sample-r2", "active": "sample-r2", "lastGood": "sample-r2"},
    ),
    "a failing revision never becomes the last good one": (
        BEFORE,
        situation(FAILING, 3),
        {"desired": "sample-r3", "active": "sample-r3", "lastGood": "sample-r2"},
    ),
}


@pytest.mark.parametrize(("status", "found", "expected"), REVISIONS.values(), ids=REVISIONS)
def test_revisions(status: Json, found: Situation, expected: Json) -> None:
    assert composed(plugin(status=status), found)["revisions"] == expected


def entry(number: int) -> Json:
    """A line of history."""
    return {"revision": number, "version": "1.0.0", "action": "Activated", "time": ago(1000 - number)}


HISTORIES: dict[str, tuple[list[int], Situation, list[int]]] = {
    "the first activation": ([], situation(), [3]),
    "a new activation comes first": ([2, 1], situation(), [3, 2, 1]),
    "no activation twice": ([3, 2], situation(), [3, 2]),
    "back to an old revision is an activation": ([4, 3], situation(), [3, 4, 3]),
    "nothing before it serves": ([2], situation(WORKING, 2), [2]),
    "nothing when nothing serves": ([2], situation(FAILING, None), [2]),
    "a refused spec activates nothing": ([2], situation(FAILING, 2, None), [2]),
}


@pytest.mark.parametrize(("before", "found", "after"), HISTORIES.values(), ids=HISTORIES)
def test_history(before: list[int], found: Situation, after: list[int]) -> None:
    status = {"history": [entry(number) for number in before]}
    made = composed(plugin(status=status), found).get("history", [])
    assert [line["revision"] for line in made] == after


def test_history_is_bounded() -> None:
    status = {"history": [entry(number) for number in range(100, 40, -1)]}
    assert len(composed(plugin(SERVICE, status), situation())["history"]) == LIMIT


HANDLED: dict[str, tuple[dict[str, str], Json | None]] = {
    "no wish": ({}, None),
    "a wish": ({"greffon.dev/reconcile": "now"}, {"reconcile": "now"}),
    "an empty wish": ({"greffon.dev/reconcile": ""}, None),
    "a long wish": ({"greffon.dev/reconcile": "x" * 1000}, {"reconcile": "x" * 256}),
    "several wishes": (
        {"greffon.dev/restart": "a", "greffon.dev/reset": "b"},
        {"restart": "a", "reset": "b"},
    ),
}


@pytest.mark.parametrize(("annotations", "expected"), HANDLED.values(), ids=HANDLED)
def test_wishes_are_echoed(annotations: dict[str, str], expected: Json | None) -> None:
    assert composed(plugin(annotations=annotations), situation()).get("handled") == expected
