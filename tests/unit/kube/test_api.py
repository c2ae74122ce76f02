"""The door to the API server: typed errors, guarded writes, bodies and paths as the API server wants them."""

import sys
from collections.abc import Iterator

import pytest

from greffon.errors import ApiError, Conflict, Forbidden, Gone, Invalid, NotFound, Unavailable
from greffon.kube.api import Api
from greffon.kube.kinds import PLUGIN, POD
from tests.unit.engine.virtual_time import virtually
from tests.unit.kube.scripted import Json, Reply, ScriptedTransport, Step, refusal, reply


def asked(*answers: Step) -> tuple[Api, ScriptedTransport]:
    """A door to an API server that answers so."""
    transport = ScriptedTransport(answers)
    return Api(transport, attempts=1), transport


REFUSALS: dict[str, tuple[int, type[ApiError]]] = {
    "404 is an absent object": (404, NotFound),
    "409 is a conflict": (409, Conflict),
    "401 is a missing right": (401, Forbidden),
    "403 is a missing right": (403, Forbidden),
    "400 is an impossible request": (400, Invalid),
    "405 is an impossible request": (405, Invalid),
    "413 is an impossible request": (413, Invalid),
    "415 is an impossible request": (415, Invalid),
    "422 is an impossible object": (422, Invalid),
    "410 is a position of the past": (410, Gone),
    "429 is no answer yet": (429, Unavailable),
    "500 is no answer": (500, Unavailable),
    "503 is no answer": (503, Unavailable),
    "504 is no answer": (504, Unavailable),
    "302 is no answer, for redirects are not followed": (302, Unavailable),
}


@pytest.mark.parametrize(("status", "kind"), REFUSALS.values(), ids=REFUSALS)
def test_refusals_are_typed(status: int, kind: type[ApiError]) -> None:
    async def story() -> ApiError:
        api, _ = asked(refusal(status, "because", "Reason"))
        with pytest.raises(ApiError) as caught:
            await api.get(POD, "ns", "x")
        return caught.value

    error = virtually(story())
    assert type(error) is kind
    assert (str(error), error.status, error.reason) == ("because", status, "Reason")


GARBAGE: dict[str, Reply] = {
    "a refusal that is a web page": Reply(503, b"<html>bad gateway</html>"),
    "a refusal with nothing in it": Reply(500, b""),
    "a refusal that is a list": Reply(500, b"[1]"),
    "a refusal that is null": Reply(500, b"null"),
    "a success that is a web page": Reply(200, b"<html>log in</html>"),
    "a success with nothing in it": Reply(200, b""),
    "a success that was cut": Reply(200, b'{"metadata": {'),
    "a success that is a list": Reply(200, b"[]"),
    "a redirect to a web page": Reply(302, b"<html>"),
    "bytes that are no text": Reply(200, b'{"a": "\xff\xfe"}'),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_an_answer_that_makes_no_sense_is_no_answer(garbage: Reply) -> None:
    async def story() -> None:
        api, _ = asked(garbage)
        with pytest.raises(Unavailable):
            await api.get(POD, "ns", "x")

    virtually(story())


@pytest.fixture
def _as_deep_as_the_operator() -> Iterator[None]:
    """The operator raises Python's limit when it starts (`__main__`)."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(30_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("_as_deep_as_the_operator")
@pytest.mark.parametrize("levels", [pytest.param(n, id=f"{n} levels deep") for n in (1, 300, 1100, 9900)])
def test_whatever_the_api_server_stores_is_read(levels: int) -> None:
    async def story() -> Json:
        api, _ = asked(Reply(200, b'{"a":' * levels + b"1" + b"}" * levels))
        return await api.get(PLUGIN, "ns", "x")

    assert "a" in virtually(story())


GROUPS: Json = {"groups": [{"name": "apps"}, {"name": "greffon.dev"}]}
SERVED: dict[str, tuple[list[Step], bool]] = {
    "discovery names group and kind": ([reply(GROUPS), reply({"resources": [{"name": "plugins"}]})], True),
    "discovery does not name the group yet": ([reply({"groups": [{"name": "apps"}]})], False),
    "discovery has no groups at all": ([reply({"groups": None})], False),
    "discovery does not name the kind yet": ([reply(GROUPS), reply({"resources": [{"name": "pluginruns"}]})], False),
    "discovery has no kinds at all": ([reply(GROUPS), reply({})], False),
}


@pytest.mark.parametrize(("answers", "is_served"), SERVED.values(), ids=SERVED)
def test_whether_a_kind_is_served(answers: list[Step], is_served: bool) -> None:
    async def story() -> bool:
        api, _ = asked(*answers)
        return await api.serves(PLUGIN)

    assert virtually(story()) is is_served
