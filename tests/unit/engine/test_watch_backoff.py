"""How often a watch tries again: soon after a hiccup, seldom during an outage, never as fast as the machine can."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from greffon.engine.watch import Watch
from greffon.errors import Gone, Unavailable
from greffon.kube.api import Api
from greffon.kube.kinds import POD
from tests.unit.engine.virtual_time import virtually
from tests.unit.engine.watching import FIRST_LIST, GONE, bookmark
from tests.unit.kube.scripted import ScriptedTransport, Stream

BROKEN = Unavailable("connection refused")
TOO_MANY = 500


class Storm(BaseException):
    """More requests than anybody would allow."""


class Counting(ScriptedTransport):
    """Ends the test when it is asked too often."""

    def _note(self, *args: Any) -> None:
        super()._note(*args)
        if len(self.requests) > TOO_MANY:
            raise Storm


def openings(streams: list[Stream], seconds: float = 1e6) -> list[float]:
    """The moments in which the watch opened a stream."""

    async def story() -> list[float]:
        transport = Counting([], streams)
        task = asyncio.create_task(Watch(Api(transport), POD, lambda *_: None).run())
        over = asyncio.create_task(transport.over.wait())
        await asyncio.wait([task, over], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if task.done():
            task.result()
        task.cancel()
        return [request.at for request in transport.requests]

    return virtually(story())


def gaps(moments: list[float]) -> list[float]:
    """Seconds between them."""
    return [later - earlier for earlier, later in pairwise(moments)]


def test_an_outage_is_met_with_growing_pauses_of_at_most_half_a_minute() -> None:
    pauses = gaps(openings([[BROKEN]] * 20))
    assert pauses[0] <= 0.3
    assert all(later > earlier * 0.9 for earlier, later in zip(pauses[:6], pauses[2:8], strict=True))
    assert all(15 <= pause <= 30 for pause in pauses[10:])


def test_pauses_differ_so_that_a_fleet_does_not_come_back_at_once() -> None:
    assert len({round(pause, 6) for pause in gaps(openings([[BROKEN]] * 20))[10:]}) > 3


def test_one_broken_stream_costs_less_than_half_a_second() -> None:
    assert max(gaps(openings([[*FIRST_LIST, BROKEN]]))) <= 0.5


def test_a_stream_that_worked_before_it_broke_is_reopened_soon_however_often_that_happens() -> None:
    breaking: list[Stream] = [[bookmark(10 + n), BROKEN] for n in range(30)]
    working: list[Stream] = [FIRST_LIST, *breaking]
    assert max(gaps(openings(working))) <= 1.0


def test_success_after_an_outage_ends_the_long_pauses() -> None:
    outage: list[Stream] = [[BROKEN]] * 12
    pauses = gaps(openings([*outage, FIRST_LIST, [bookmark(9)], [bookmark(10), BROKEN]]))
    assert max(pauses[12:]) <= 1.0


ENDINGS: dict[str, Stream] = {
    "a server that ends every stream at once": [],
    "a server that says 410 to every position": [GONE],
    "a server that answers every request with 410": [Gone("too old", status=410)],
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_stream_without_a_single_event_is_not_reopened_as_fast_as_possible(ending: Stream) -> None:
    moments = openings([ending] * (TOO_MANY + 10), seconds=60)
    assert len(moments) <= 150, f"{len(moments)} requests in a minute"
