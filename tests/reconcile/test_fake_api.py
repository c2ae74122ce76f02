"""The fake lists, watches, collects and fails like the real server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from greffon.errors import Gone, Invalid, Unavailable
from greffon.kube import kinds
from greffon.kube.api import Api
from tests.reconcile import samples
from tests.reconcile.fake.faults import Fault, Slip, by_operator, sometimes
from tests.reconcile.fake.request import Refused
from tests.reconcile.world import World

Json = dict[str, Any]


@pytest.fixture
async def quiet(world: World) -> World:
    """A world whose operator is dead."""
    await world.kill()
    return world


def _api(world: World) -> Api:
    return Api(world.server.client("operator"), attempts=1)


async def _take(api: Api, count: int, **options: Any) -> list[str]:
    """The first events of a watch as "TYPE name version"."""
    found: list[str] = []
    async with asyncio.timeout(400):
        async for event in api.watch(kinds.PLUGIN, **options):
            meta = event["object"]["metadata"]
            found.append(f"{event['type']} {meta.get('name', 'until')} {meta['resourceVersion']}")
            if len(found) == count:
                break
    return found


async def test_a_watch_without_a_version_begins_with_everything_and_a_bookmark(quiet: World) -> None:
    first = quiet.user.create(samples.simple("a"))["metadata"]["resourceVersion"]

    assert await _take(_api(quiet), 2) == [f"ADDED a {first}", f"BOOKMARK until {first}"]


async def test_a_watch_from_a_version_tells_what_came_after_it(quiet: World) -> None:
    first = quiet.user.create(samples.simple("a"))["metadata"]["resourceVersion"]
    second = quiet.user.annotate("Plugin", "a", x="y")["metadata"]["resourceVersion"]
    quiet.user.delete("Plugin", "a")

    told = await _take(_api(quiet), 3, version=first)

    assert told == [f"MODIFIED a {second}", f"DELETED a {int(second) + 1}", f"BOOKMARK until {int(second) + 1}"]


async def test_an_object_that_loses_the_label_is_deleted_for_a_watch_by_label(quiet: World) -> None:
    made = samples.simple("a")
    made["metadata"]["labels"] = {"app": "x"}
    first = quiet.user.create(made)["metadata"]["resourceVersion"]
    quiet.user.edit("Plugin", "a", lambda o: o["metadata"].update(labels={}))

    assert await _take(_api(quiet), 1, version=first, selector="app=x") == [f"DELETED a {int(first) + 1}"]


async def test_a_version_that_was_compacted_away_is_gone(quiet: World) -> None:
    first = quiet.user.create(samples.simple("a"))["metadata"]["resourceVersion"]
    quiet.server.cut_streams(compact=True)

    with pytest.raises(Gone):
        await _take(_api(quiet), 1, version=first)


async def test_cutting_breaks_the_streams_that_are_open(quiet: World) -> None:
    watching = asyncio.create_task(_take(_api(quiet), 9))
    await asyncio.sleep(1)
    quiet.server.cut_streams()

    with pytest.raises(Unavailable):
        await watching


async def test_a_server_that_cannot_stream_lists_says_so(quiet: World) -> None:
    quiet.server.paged = True

    with pytest.raises(Invalid):
        await _take(_api(quiet), 1)


async def test_pages_of_a_list_show_one_moment(quiet: World) -> None:
    for name in "abcde":
        quiet.user.create(samples.simple(name))
    names = []
    async for items, _ in _api(quiet).pages(kinds.PLUGIN, page=2):
        names += [item["metadata"]["name"] for item in items]
        if len(names) == 2:
            quiet.user.delete("Plugin", "e")

    assert names == list("abcde")


async def test_a_page_after_a_compaction_is_gone(quiet: World) -> None:
    for name in "abc":
        quiet.user.create(samples.simple(name))
    pages = _api(quiet).pages(kinds.PLUGIN, page=2)
    await anext(pages)
    quiet.store.compact()

    with pytest.raises(Gone):
        await anext(pages)


SLIPS = [
    pytest.param(Slip(copies=0), ["b", "until"], id="lost"),
    pytest.param(Slip(copies=2), ["a", "a", "b", "until"], id="twice"),
    pytest.param(Slip(late=True), ["b", "a", "until"], id="overtaken"),
]


@pytest.mark.parametrize(("slip", "told"), SLIPS)
async def test_events_can_be_lost_repeated_and_overtaken(quiet: World, slip: Slip, told: list[str]) -> None:
    quiet.server.faults.events.append(lambda r, change: slip if change.ref.name == "a" else None)
    watching = asyncio.create_task(_take(_api(quiet), len(told), version=str(quiet.store.revision)))
    await asyncio.sleep(1)
    quiet.user.create(samples.simple("a"))
    quiet.user.create(samples.simple("b"))

    assert [line.split()[1] for line in await watching] == told


LOST: list[Any] = [
    pytest.param(Fault(lose="request"), 0, id="a lost request is not carried out"),
    pytest.param(Fault(lose="answer"), 1, id="a lost answer is"),
    pytest.param(Fault(refuse=Refused(503, "try later")), 0, id="a refused one is not"),
    pytest.param(Fault(before=31.0), 0, id="one that takes too long to arrive is not"),
    pytest.param(Fault(after=31.0), 1, id="one whose answer takes too long is"),
]


@pytest.mark.parametrize(("fault", "made"), LOST)
async def test_what_a_fault_leaves_behind(quiet: World, fault: Fault, made: int) -> None:
    quiet.server.faults.requests.append(sometimes(fault, by_operator(verb="create")))
    obj = samples.simple("a")
    obj["metadata"]["namespace"] = "team-a"

    with pytest.raises(Unavailable):
        await _api(quiet).create(obj)

    assert len(list(quiet.store.all("Plugin"))) == made


async def test_what_nobody_owns_any_more_is_collected(quiet: World) -> None:
    quiet.user.create(samples.simple("a"))
    await quiet.start()
    await quiet.settle()
    await quiet.kill()

    quiet.user.delete("Plugin", "a")
    await quiet.settle()

    assert list(quiet.store.all()) == []


async def test_a_foreground_deletion_waits_for_the_dependants(quiet: World) -> None:
    quiet.user.create(samples.simple("a"))
    await quiet.start()
    await quiet.settle()
    mark = len(quiet.store.changes)

    quiet.user.delete("Plugin", "a", policy="Foreground")
    await quiet.settle()

    gone = [change.ref.kind for change in quiet.store.changes[mark:] if change.type == "DELETED"]
    assert gone.index("Plugin") > max(gone.index("Deployment"), gone.index("NetworkPolicy"))
    assert list(quiet.store.all()) == []
