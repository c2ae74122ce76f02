"""How often the door knocks again, how long it waits, how many requests it has under way, and what it counts."""

import asyncio
import contextlib
from collections.abc import Mapping
from itertools import pairwise

import pytest

from greffon.errors import ApiError, Invalid, Unavailable
from greffon.kube.api import Api
from greffon.kube.kinds import PLUGIN, POD
from tests.unit.engine.virtual_time import virtually
from tests.unit.kube.scripted import Json, Reply, ScriptedTransport, Step, refusal, reply

DOWN = Unavailable("connection refused")
OBJECT = {"metadata": {"name": "x"}}


def moments(*answers: Step, attempts: int = 4) -> list[float]:
    """When a GET was tried, until it had its answer or gave up."""

    async def story() -> list[float]:
        transport = ScriptedTransport(answers)
        with contextlib.suppress(ApiError):
            await Api(transport, attempts=attempts).get(POD, "ns", "x")
        return [request.at for request in transport.requests]

    return virtually(story())


TRIES: dict[str, tuple[list[Step], int]] = {
    "a success is asked for once": ([reply(OBJECT)], 1),
    "a lost connection is tried again": ([DOWN, reply(OBJECT)], 2),
    "a server error is tried again": ([refusal(500), refusal(503), reply(OBJECT)], 3),
    "too many requests is tried again": ([refusal(429), reply(OBJECT)], 2),
    "an answer that was cut is tried again": ([Reply(200, b"{"), reply(OBJECT)], 2),
    "four tries are enough": ([DOWN] * 4, 4),
    "an absent object is an answer": ([refusal(404)], 1),
    "a conflict is an answer": ([refusal(409)], 1),
    "a missing right is an answer": ([refusal(403)], 1),
    "a refused object is an answer": ([refusal(422)], 1),
    "a position of the past is an answer": ([refusal(410)], 1),
}


@pytest.mark.parametrize(("answers", "tries"), TRIES.values(), ids=TRIES)
def test_number_of_tries(answers: list[Step], tries: int) -> None:
    assert len(moments(*answers)) == tries


def test_the_last_error_is_the_one_that_is_told() -> None:
    async def story() -> None:
        api = Api(ScriptedTransport([DOWN, refusal(503, "etcd leader changed")]), attempts=2)
        with pytest.raises(Unavailable, match="etcd leader changed"):
            await api.get(POD, "ns", "x")

    virtually(story())


def test_pauses_grow_to_five_seconds() -> None:
    pauses = [later - earlier for earlier, later in pairwise(moments(*[DOWN] * 12, attempts=12))]
    wanted = [min(0.2 * 2.0**n, 5.0) for n in range(1, 12)]
    assert all(want / 2 <= got <= want for got, want in zip(pauses, wanted, strict=True)), pauses


RETRY_AFTER: dict[str, tuple[str, float, float]] = {
    "the server's wish is granted": ("7", 7, 7),
    "a wish below our own pause changes nothing": ("0", 0.2, 0.4),
    "a wish of hours is not granted": ("86400", 30, 30),
    "a date instead of seconds is ignored": ("Wed, 21 Oct 2026 07:28:00 GMT", 0.2, 0.4),
    "a negative wish is ignored": ("-5", 0.2, 0.4),
    "digits of another script are ignored": ("²", 0.2, 0.4),
}


@pytest.mark.parametrize(("wish", "low", "high"), RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_retry_after(wish: str, low: float, high: float) -> None:
    first, second = moments(refusal(429, Retry_After=wish), reply(OBJECT))
    assert low <= second - first <= high + 0.001


class Slow(ScriptedTransport):
    """Takes a second for every answer, and counts how many it is giving at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.most = 0, 0

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        body: bytes | None,
        content_type: str,
        seconds: float,
    ) -> Reply:
        """Answer after a second."""
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(1)
        self.now -= 1
        return reply(OBJECT) if "good" in path else refusal(429, Retry_After="30")


def test_no_more_requests_are_under_way_than_allowed() -> None:
    async def story() -> int:
        transport = Slow()
        api = Api(transport, in_flight=5)
        await asyncio.gather(*(api.get(POD, "ns", f"good-{n}") for n in range(40)))
        return transport.most

    assert virtually(story()) == 5


def test_a_request_that_waits_before_its_next_try_leaves_its_place_to_others() -> None:
    async def story() -> float:
        api = Api(Slow(), in_flight=1)
        pausing = asyncio.create_task(api.get(POD, "ns", "bad"))
        await asyncio.sleep(1.5)
        await api.get(POD, "ns", "good")
        pausing.cancel()
        return asyncio.get_running_loop().time()

    assert virtually(story()) < 5


def test_every_try_is_counted_with_its_status_and_zero_where_none_came() -> None:
    async def story() -> list[tuple[str, str, int]]:
        seen: list[tuple[str, str, int]] = []
        transport = ScriptedTransport([DOWN, refusal(503), reply(OBJECT)])
        api = Api(transport, observe=lambda method, plural, status, _: seen.append((method, plural, status)))
        await api.get(POD, "ns", "x")
        return seen

    assert virtually(story()) == [("GET", "pods", 0), ("GET", "pods", 503), ("GET", "pods", 200)]


def test_lists_are_read_page_by_page_with_selector_and_token() -> None:
    async def story() -> tuple[list[tuple[int, str]], list[Mapping[str, str]]]:
        transport = ScriptedTransport(
            [
                reply({"metadata": {"resourceVersion": "5", "continue": "t1"}, "items": [OBJECT, OBJECT]}),
                reply({"metadata": {"resourceVersion": "5", "continue": "t2"}, "items": None}),
                reply({"metadata": {"resourceVersion": "6"}, "items": [OBJECT]}),
            ]
        )
        pages = Api(transport).pages(POD, "ns", selector="a=b", page=2)
        return [(len(items), at) async for items, at in pages], [request.query for request in transport.requests]

    found, queries = virtually(story())
    assert found == [(2, "5"), (0, "5"), (1, "6")]
    assert [query.get("continue") for query in queries] == [None, "t1", "t2"]
    assert all(query["limit"] == "2" and query["labelSelector"] == "a=b" for query in queries)


def test_a_list_of_metadata_asks_for_nothing_else() -> None:
    async def story() -> str:
        transport = ScriptedTransport([reply({"metadata": {}, "items": []})])
        async for _ in Api(transport).pages(PLUGIN, metadata_only=True):
            pass
        return transport.requests[0].content_type

    assert virtually(story()) == "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


WATCH_ERRORS: dict[str, tuple[Json | bytes, type[ApiError]]] = {
    "an ERROR event carries its own status": ({"type": "ERROR", "object": {"code": 422, "message": "no"}}, Invalid),
    "an ERROR event without a code is no answer": ({"type": "ERROR", "object": {}}, Unavailable),
    "a line that is no JSON is no answer": (b"<html>", Unavailable),
}


@pytest.mark.parametrize(("line", "kind"), WATCH_ERRORS.values(), ids=WATCH_ERRORS)
def test_watches_raise_typed_errors(line: Json | bytes, kind: type[ApiError]) -> None:
    async def story() -> None:
        with pytest.raises(ApiError) as caught:
            async for _ in Api(ScriptedTransport(streams=[[line]])).watch(POD):
                pass
        assert type(caught.value) is kind

    virtually(story())
