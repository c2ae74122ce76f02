"""The in-memory API server: one store, one door per actor. Built by `world`; the operator gets a `Client`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any

from greffon.errors import Unavailable, from_status
from greffon.kube.kinds import Resource
from tests.reconcile.fake import request as wire
from tests.reconcile.fake.faults import Faults
from tests.reconcile.fake.log import Entry, Log
from tests.reconcile.fake.reading import Reader
from tests.reconcile.fake.request import Answer, Refused, Request
from tests.reconcile.fake.store import Store
from tests.reconcile.fake.streaming import Stream
from tests.reconcile.fake.writing import Writer

Json = dict[str, Any]


class Server:
    """Holds everything that outlives an operator process."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.store = Store(now)
        self.writer = Writer(self.store)
        self.log = Log()
        self.faults = Faults()
        self.paged = False
        """Like a server that cannot stream initial events."""
        self.reader = Reader(self.store)

    def handle(self, request: Request) -> Answer:
        """Carry out a request, at once and as a whole."""
        changed = False
        try:
            if request.method == "GET":
                code, body = 200, self.reader.read(request)
            else:
                code, body, changed = self.writer.write(request)
            answer = wire.answer(code, body)
        except Refused as error:
            answer = wire.refusal(error)
        self.log.entries.append(Entry(request, answer.status, changed))
        return answer

    def do(
        self,
        actor: str,
        method: str,
        resource: Resource,
        namespace: str,
        name: str = "",
        sub: str = "",
        *,
        body: Json | None = None,
        query: Mapping[str, str] = {},
        content_type: str = "application/json",
    ) -> Json:
        """A request without network: for users and controllers. Raises Refused."""
        request = Request(
            actor, len(self.log), method, resource, namespace, name, sub, dict(query), body or {}, content_type
        )
        code, made, changed = self.writer.write(request)
        self.log.entries.append(Entry(request, code, changed))
        return made

    def client(self, actor: str) -> Client:
        """A transport for one actor."""
        return Client(self, actor)

    def cut_streams(self, *, compact: bool = False) -> None:
        """Break every watch; with `compact`, none can go on where it was."""
        self.faults.epoch += 1
        if compact:
            self.store.compact()
        self.store.wake()

    def serve_stream(self, request: Request) -> Stream:
        """Open a watch."""
        if self.paged and request.query.get("sendInitialEvents"):
            raise from_status(422, "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch")
        return Stream(self.store, self.faults, request)


class Client:
    """`greffon.kube.api.Transport` upon the server, with the faults that were ordered."""

    def __init__(self, server: Server, actor: str) -> None:
        self._server, self._actor = server, actor

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        body: bytes | None,
        content_type: str,
        seconds: float,
    ) -> Answer:
        """One request and its answer. Raises Unavailable when there is none."""
        request = wire.parse(self._actor, len(self._server.log), method, path, query, body, content_type)
        fault = self._server.faults.of(request)
        await asyncio.sleep(min(fault.before, seconds))
        await self._die(fault.crash == "before")
        if fault.lose == "request" or fault.before >= seconds:
            raise Unavailable(f"{request}: the request was lost")
        if fault.refuse:
            answer = wire.refusal(fault.refuse)
            self._server.log.entries.append(Entry(request, answer.status, changed=False))
        else:
            answer = self._server.handle(request)
        await self._die(fault.crash == "after")
        await asyncio.sleep(min(fault.after, seconds))
        if fault.lose == "answer" or fault.after >= seconds:
            raise Unavailable(f"{request}: the answer was lost")
        return answer

    async def _die(self, now: bool) -> None:
        if now:
            self._server.faults.crash()
            await asyncio.get_running_loop().create_future()  # a dead process waits for nothing

    async def stream(self, path: str, *, query: Mapping[str, str], idle: float) -> AsyncIterator[bytes]:
        """A watch, line by line."""
        request = wire.parse(self._actor, len(self._server.log), "GET", path, query, None, "application/json")
        fault = self._server.faults.of(request)
        await asyncio.sleep(fault.before)
        if fault.lose:
            raise Unavailable(f"{request}: the connection was lost")
        if fault.refuse:
            raise from_status(fault.refuse.code, fault.refuse.message, reason=fault.refuse.reason)
        async for line in self._server.serve_stream(request).lines():
            yield line
