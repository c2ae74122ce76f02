"""The HTTP side of a Service: one connection, one request, one event, one run, one answer.

Called by `serve` for each connection:  read (`wire`) -> event (`events`) -> run (`script`) -> answer.
"""

import asyncio
import contextlib
import json
import signal
from http import HTTPStatus

from .children import Children
from .console import Console
from .errors import CannotStart
from .events import from_request
from .output import Tail
from .script import CHUNK, Command, Script
from .settings import Settings
from .wire import MAX_BODY_BYTES, Refused, Request, read_request, response

MAX_RUNNING = 8
MAX_CONNECTIONS = 64
READ_SECONDS = 30.0
DEFAULT_TIMEOUT_SECONDS = 60.0
_LINGER_SECONDS, _LINGER_BYTES = 2.0, 8 * 1024 * 1024
_FINISH_SHARE = 0.8  # of the grace for the events to finish; the rest for scripts to end on SIGTERM


class Service:
    """The connections and the scripts that run for them."""

    def __init__(self, children: Children, command: Command, settings: Settings, console: Console) -> None:
        self._children = children
        self._command = command
        self._timeout = settings.timeout_seconds or DEFAULT_TIMEOUT_SECONDS
        self._grace = settings.grace_seconds
        self._console = console
        self._connections: set[asyncio.Task[None]] = set()
        self._running: dict[asyncio.Task[None], Script] = {}
        self._draining = False

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection."""
        task = _this_task()
        self._connections.add(task)
        try:
            with contextlib.suppress(ConnectionError):  # the peer is gone; what it asked for was done
                await self._converse(reader, writer)
        finally:
            self._connections.discard(task)
            self._running.pop(task, None)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(self._connections) > MAX_CONNECTIONS:
                raise _busy("too many connections")
            async with asyncio.timeout(READ_SECONDS):
                request = await read_request(reader, writer)
            if request is None:
                return
            answer = await self._answer(request)
        except TimeoutError:
            answer = _error(HTTPStatus.REQUEST_TIMEOUT, f"the request took over {READ_SECONDS:g} s")
        except Refused as refusal:
            answer = _error(refusal.status, str(refusal))
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await _linger(reader)

    async def _answer(self, request: Request) -> bytes:
        if request.method in ("GET", "HEAD"):
            return self._health(request)
        if request.method != "POST":
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "send events with POST")
        event = from_request(request)
        if self._draining:
            raise _busy("this instance is stopping")
        if len(self._running) >= MAX_RUNNING:
            raise _busy(f"{MAX_RUNNING} events are running already")
        return await self._run(event)

    def _health(self, request: Request) -> bytes:
        if request.path.partition("?")[0] != "/healthz":
            raise Refused(HTTPStatus.NOT_FOUND, "send events with POST; GET answers only at /healthz")
        # A full house is healthy: a probe that failed then would have the pod restarted, and the events lost.
        status = HTTPStatus.SERVICE_UNAVAILABLE if self._draining else HTTPStatus.OK
        body = json.dumps({"status": "stopping" if self._draining else "ok", "running": len(self._running)})
        answer = response(status, body.encode())
        return answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if request.method == "HEAD" else answer

    async def _run(self, event: bytes) -> bytes:
        tail = Tail()
        script = Script(self._command, Console(self._console.tail, tail))
        self._running[_this_task()] = script
        try:
            await script.start(self._children, event)
            code = await script.wait(self._timeout)
        except CannotStart as error:
            self._console.say(str(error))
            return _failure(HTTPStatus.INTERNAL_SERVER_ERROR, str(error), error.exit_code, tail)
        return self._outcome(script, code, tail)

    def _outcome(self, script: Script, code: int, tail: Tail) -> bytes:
        result = script.last_line.result()
        if script.timed_out:
            message = f"the script took longer than its timeout of {self._timeout:g} s"
            return _failure(HTTPStatus.GATEWAY_TIMEOUT, message, code, tail)
        if code != 0:
            return _failure(HTTPStatus.INTERNAL_SERVER_ERROR, f"the script ended with exit code {code}", code, tail)
        if result.too_large:
            message = f"the last line is over {MAX_BODY_BYTES} bytes, too large for a result"
            return _failure(HTTPStatus.INTERNAL_SERVER_ERROR, message, code, tail)
        if result.encoded is None:
            return response(HTTPStatus.NO_CONTENT)
        return response(HTTPStatus.OK, result.encoded)

    async def drain(self) -> None:
        """Refuse new events, let running ones finish, then stop those that do not."""
        self._draining = True
        if not self._running:
            return
        self._console.say(f"stopping; waiting for {len(self._running)} running events")
        _, unfinished = await asyncio.wait(self._running, timeout=self._grace * _FINISH_SHARE)
        for task in unfinished:
            self._running[task].stop(signal.SIGTERM, self._grace * (1 - _FINISH_SHARE))
        if unfinished:
            await asyncio.wait(unfinished, timeout=self._grace)


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - asyncio calls all of this in a task
    return task


def _busy(message: str) -> Refused:
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"{message}; try again")


def _error(status: HTTPStatus, message: str) -> bytes:
    extra = ("Retry-After: 1",) if status is HTTPStatus.SERVICE_UNAVAILABLE else ()
    allow = ("Allow: POST, GET, HEAD",) if status is HTTPStatus.METHOD_NOT_ALLOWED else ()
    return response(status, json.dumps({"error": message}).encode(), *extra, *allow)


def _failure(status: HTTPStatus, message: str, code: int, tail: Tail) -> bytes:
    body = json.dumps({"error": message, "exitCode": code, "tail": tail.text()})
    return response(status, body.encode())


async def _linger(reader: asyncio.StreamReader) -> None:
    """Read what the peer still sends: closing before that would reset the connection and lose the answer."""
    with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(_LINGER_SECONDS):
            rest = _LINGER_BYTES
            while rest > 0 and (chunk := await reader.read(CHUNK)):
                rest -= len(chunk)
