"""A transport that answers from a script and remembers what it was asked: the other side of `kube.api` in tests."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

Json = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One request as the API server would see it."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    content_type: str
    at: float


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)


def reply(document: Any, status: int = 200, **headers: str) -> Reply:
    """An answer with a JSON document; header names are written with `_`."""
    return Reply(status, orjson.dumps(document), {name.replace("_", "-"): value for name, value in headers.items()})


def refusal(status: int, message: str = "", reason: str = "", **headers: str) -> Reply:
    """An answer as the API server refuses."""
    document = {"kind": "Status", "code": status, "message": message, "reason": reason}
    return reply(document, status, **headers)


Step = Reply | Exception
Stream = Iterable[Json | bytes | Exception]


class ScriptedTransport:
    """Answers requests and watches in the order of the script.

    Attributes:
        requests: what was asked, watches included (method "WATCH").
        over: set once a watch is opened for which the script has no stream; that watch then stays silent.
    """

    def __init__(self, answers: Iterable[Step] = (), streams: Iterable[Stream] = ()) -> None:
        self._answers, self._streams = iter(answers), iter(streams)
        self.requests: list[Request] = []
        self.over = asyncio.Event()

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
        """Give the next answer of the script."""
        self._note(method, path, query, orjson.loads(body) if body else None, content_type)
        step = next(self._answers, AssertionError(f"the script has no answer to {method} {path}"))
        if isinstance(step, Exception):
            raise step
        return step

    async def stream(self, path: str, *, query: Mapping[str, str], idle: float) -> AsyncIterator[bytes]:
        """Give the lines of the next stream of the script."""
        self._note("WATCH", path, query, None, "")
        lines = next(self._streams, None)
        if lines is None:
            self.over.set()
            await asyncio.get_running_loop().create_future()
            return
        for line in lines:
            await asyncio.sleep(0)
            if isinstance(line, Exception):
                raise line
            yield line if isinstance(line, bytes) else orjson.dumps(line)

    def asked(self, method: str) -> list[Request]:
        """The requests with that method."""
        return [request for request in self.requests if request.method == method]

    def _note(self, method: str, path: str, query: Mapping[str, str], body: Any, content_type: str) -> None:
        at = asyncio.get_running_loop().time()
        self.requests.append(Request(method, path, dict(query), body, content_type, at))
