"""A watch keeps one kind up to date for ever, whatever the API server does to its streams."""

from collections.abc import Iterator, Sequence

import pytest

from greffon.engine.queue import Key
from greffon.errors import Gone, Invalid
from tests.unit.engine.watching import (
    BROKEN,
    FIRST_LIST,
    GONE,
    NO_STREAMED_LISTS,
    TOLD_FIRST,
    Json,
    Known,
    Outcome,
    bookmark,
    complete,
    event,
    page,
    pod,
)
from tests.unit.kube.scripted import Step, Stream, refusal

STREAMED: dict[str, tuple[Sequence[Stream], list[str], list[str]]] = {
    "a streamed list, then changes": (
        [[*FIRST_LIST, event("MODIFIED", "a", 4), event("DELETED", "b", 5)]],
        [*TOLD_FIRST, "MODIFIED a/uid-a@4", "DELETED b/uid-b@5"],
        ["list", "5"],
    ),
    "a stream that ends is continued where it stood": (
        [[*FIRST_LIST, event("MODIFIED", "a", 4)], [event("MODIFIED", "a", 6)]],
        [*TOLD_FIRST, "MODIFIED a/uid-a@4", "MODIFIED a/uid-a@6"],
        ["list", "4", "6"],
    ),
    "a bookmark moves the position though nothing changed": (
        [[*FIRST_LIST, bookmark(90)]],
        TOLD_FIRST,
        ["list", "90"],
    ),
    "a stream that breaks is continued where it stood": (
        [[*FIRST_LIST, event("MODIFIED", "a", 4), BROKEN]],
        [*TOLD_FIRST, "MODIFIED a/uid-a@4"],
        ["list", "4"],
    ),
    "a list that breaks half-way begins again and proves no deletion": (
        [[event("ADDED", "a", 1), BROKEN], [event("ADDED", "b", 2), complete(3)]],
        ["ADDED a/uid-a@1", "ADDED b/uid-b@2", "DELETED a/uid-a@1"],
        ["list", "list", "3"],
    ),
    "a second list that breaks half-way proves no deletion": (
        [FIRST_LIST, [GONE], [event("ADDED", "a", 1), BROKEN], FIRST_LIST],
        [*TOLD_FIRST, "ADDED a/uid-a@1", *TOLD_FIRST],
        ["list", "3", "list", "list", "3"],
    ),
    "410 lists again and finds the deletion that was missed": (
        [FIRST_LIST, [GONE], [event("ADDED", "b", 2), complete(9)]],
        [*TOLD_FIRST, "ADDED b/uid-b@2", "DELETED a/uid-a@1"],
        ["list", "3", "list", "9"],
    ),
    "410 as the answer to the request is the same": (
        [FIRST_LIST, [Gone("too old", status=410)], [event("ADDED", "b", 2), complete(9)]],
        [*TOLD_FIRST, "ADDED b/uid-b@2", "DELETED a/uid-a@1"],
        ["list", "3", "list", "9"],
    ),
    "a namesake made while nobody looked is told, and is no deletion": (
        [FIRST_LIST, [GONE], [event("ADDED", "a", 8, "new"), event("ADDED", "b", 2), complete(9)]],
        [*TOLD_FIRST, "ADDED a/new@8", "ADDED b/uid-b@2"],
        ["list", "3", "list", "9"],
    ),
    "what was deleted before the 410 is not deleted twice": (
        [[*FIRST_LIST, event("DELETED", "a", 4)], [GONE], [event("ADDED", "b", 2), complete(9)]],
        [*TOLD_FIRST, "DELETED a/uid-a@4", "ADDED b/uid-b@2"],
        ["list", "4", "list", "9"],
    ),
    "a list may be empty": ([[complete(1)]], [], ["list", "1"]),
    "a bookmark within the list is not its end": (
        [[event("ADDED", "a", 1), bookmark(1), event("ADDED", "b", 2), complete(3)]],
        TOLD_FIRST,
        ["list", "3"],
    ),
    "neither an event nor a bookmark of a list that breaks is a position": (
        [[event("ADDED", "a", 1), bookmark(1), BROKEN], FIRST_LIST],
        ["ADDED a/uid-a@1", *TOLD_FIRST],
        ["list", "list", "3"],
    ),
    "an error of the server in the stream is not the end": (
        [[*FIRST_LIST, {"type": "ERROR", "object": {"code": 500, "message": "etcd"}}]],
        TOLD_FIRST,
        ["list", "3"],
    ),
    "a line that is no JSON is not the end": ([[*FIRST_LIST, b"<html>502</html>"]], TOLD_FIRST, ["list", "3"]),
}


@pytest.mark.parametrize(("streams", "told", "positions"), STREAMED.values(), ids=STREAMED)
def test_streamed_lists(streams: Sequence[Stream], told: list[str], positions: list[str]) -> None:
    outcome = Outcome([], streams)
    assert outcome.told == told
    assert outcome.positions == positions
    assert outcome.synced


PAGED: dict[str, tuple[Sequence[Step], Sequence[Stream], list[str], list[str]]] = {
    "a server that streams no lists is read in pages, then watched from there": (
        [page(7, pod("a", 1), more="next"), page(7, pod("b", 2))],
        [[NO_STREAMED_LISTS], [event("MODIFIED", "a", 8)]],
        [*TOLD_FIRST, "MODIFIED a/uid-a@8"],
        ["list", "7", "8"],
    ),
    "410 reads the pages again and finds the deletion that was missed": (
        [page(7, pod("a", 1), pod("b", 2)), page(9, pod("b", 2))],
        [[NO_STREAMED_LISTS], [GONE]],
        [*TOLD_FIRST, "ADDED b/uid-b@2", "DELETED a/uid-a@1"],
        ["list", "7", "9"],
    ),
    "pages that break half-way are read again and prove no deletion": (
        [page(7, pod("a", 1), more="next"), refusal(410), page(8, pod("a", 1), pod("b", 2))],
        [[NO_STREAMED_LISTS]],
        ["ADDED a/uid-a@1", *TOLD_FIRST],
        ["list", "8"],
    ),
}


@pytest.mark.parametrize(("answers", "streams", "told", "positions"), PAGED.values(), ids=PAGED)
def test_paged_lists(answers: Sequence[Step], streams: Sequence[Stream], told: list[str], positions: list[str]) -> None:
    outcome = Outcome(answers, streams)
    assert outcome.told == told
    assert outcome.positions == positions
    assert outcome.synced


CACHED: dict[str, tuple[Known, list[str]]] = {
    "an object that only an own write told of, and that is gone, is found by the list": (
        Known(Key("Pod", "ns", "mine"), "uid-mine", 2),
        [*TOLD_FIRST, "DELETED mine/uid-mine@2"],
    ),
    "an object written after the list was taken is no deletion": (
        Known(Key("Pod", "ns", "mine"), "uid-mine", 4),
        TOLD_FIRST,
    ),
}


@pytest.mark.parametrize(("cached", "told"), CACHED.values(), ids=CACHED)
def test_lists_that_lack_what_the_cache_has(cached: Known, told: list[str]) -> None:
    assert Outcome([], [FIRST_LIST], [cached]).told == told
    pages = [page(3, pod("a", 1), pod("b", 2))]
    assert Outcome(pages, [[NO_STREAMED_LISTS]], [cached]).told == told


AGES: dict[str, tuple[float, list[str], list[str]]] = {
    "a young stream is continued": (1799, ["list", "3"], TOLD_FIRST),
    "after half an hour a complete list finds what no event told": (
        1801,
        ["list", "list", "9"],
        [*TOLD_FIRST, "ADDED b/uid-b@2", "DELETED a/uid-a@1"],
    ),
}


@pytest.mark.parametrize(("seconds", "positions", "told"), AGES.values(), ids=AGES)
def test_a_lost_event_is_made_good_in_time(seconds: float, positions: list[str], told: list[str]) -> None:
    moment = [0.0]

    def aging() -> Iterator[Json]:
        yield from FIRST_LIST
        moment[0] = seconds

    again: list[Stream] = [[event("ADDED", "b", 2), complete(9)]] if "9" in positions else []
    outcome = Outcome([], [aging(), *again], clock=lambda: moment[0])
    assert outcome.positions == positions
    assert outcome.told == told


def test_a_server_that_refuses_the_watch_for_good_ends_it() -> None:
    with pytest.raises(Invalid):
        Outcome([page(7)], [[NO_STREAMED_LISTS], [Invalid("no such field", status=400)]])


def test_every_request_names_the_namespace_and_the_selector_and_asks_for_bookmarks() -> None:
    outcome = Outcome([page(7)], [[NO_STREAMED_LISTS]])
    assert [request.path for request in outcome.requests] == ["/api/v1/namespaces/ns/pods"] * 3
    assert {request.query["labelSelector"] for request in outcome.requests} == {"app=x"}
    first, _, second = outcome.requests
    assert (first.query["sendInitialEvents"], first.query["resourceVersionMatch"]) == ("true", "NotOlderThan")
    assert "sendInitialEvents" not in second.query
    assert first.query["allowWatchBookmarks"] == second.query["allowWatchBookmarks"] == "true"
    assert all(280 <= int(request.query["timeoutSeconds"]) <= 320 for request in (first, second))


def test_every_event_bookmark_and_list_is_a_sign_of_life() -> None:
    assert Outcome([], [[*FIRST_LIST, bookmark(5), event("MODIFIED", "a", 6)]]).signs == 5
    assert Outcome([page(7, pod("a", 1))], [[NO_STREAMED_LISTS]]).signs == 1
