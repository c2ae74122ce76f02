"""The load generator: creates objects with a fixed number in flight and watches until all are there.

Called by `thousand` in its own event loop; the operator under test is another process.
"""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import aiohttp
import orjson

IN_FLIGHT = 32  # measured: more only doubles the latency of each request
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120)
_FOREGROUND = {"propagationPolicy": "Foreground"}
_T = TypeVar("_T")


class NotReadyError(RuntimeError):
    """The time was up before every object had arrived; the message shows a few that had not."""


@dataclass(frozen=True)
class Load:
    """A session with the API server."""

    session: aiohttp.ClientSession

    async def create(self, collection: str, objects: Sequence[dict[str, Any]]) -> None:
        """POST every object; the first refusal is raised."""

        async def post(item: dict[str, Any]) -> None:
            async with self.session.post(collection, json=item) as answer:
                await _expect(answer, 201)

        await _in_flight(post, objects)

    async def delete_all(self, collection: str, seconds: float) -> None:
        """Delete every object of the collection, with what belongs to it, and watch until all are gone."""
        async with self.session.get(collection) as answer:
            await _expect(answer, 200)
            listed = orjson.loads(await answer.read())
        left = {item["metadata"]["name"] for item in listed["items"]}

        async def delete(name: str) -> None:
            async with self.session.delete(f"{collection}/{name}", json=_FOREGROUND) as answer:
                await _expect(answer, 200)

        await _in_flight(delete, sorted(left))
        async with asyncio.timeout(seconds):
            async for kind, live in self._events(collection, listed["metadata"]["resourceVersion"]):
                if kind == "DELETED":
                    left.discard(live["metadata"]["name"])
                if not left:
                    return

    async def until(
        self, collection: str, count: int, arrived: Callable[[dict[str, Any]], bool], seconds: float
    ) -> None:
        """Watch an empty collection until `count` objects in it have arrived."""
        done: set[str] = set()
        last: dict[str, Any] = {}
        try:
            async with asyncio.timeout(seconds):
                async for _, live in self._events(collection, "0"):
                    name = live["metadata"]["name"]
                    last[name] = live.get("status", {})
                    (done.add if arrived(live) else done.discard)(name)
                    if len(done) == count:
                        return
        except TimeoutError:
            missing = [f"{name}: {_first_condition(last[name])}" for name in sorted(last.keys() - done)[:3]]
            text = f"{len(done)} of {count} in {collection} after {seconds:.0f} s; for example "
            raise NotReadyError(text + "; ".join(missing or ["none was seen"])) from None

    async def _events(self, collection: str, version: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Events after `version`, for ever: the server cuts watchers that fall behind, so go on from the last."""
        while True:
            start = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "3600"}
            async with self.session.get(collection, params=start) as stream:
                await _expect(stream, 200)
                async for line in _lines(stream.content):
                    event = orjson.loads(line)
                    if event["type"] == "ERROR":
                        raise RuntimeError(f"watch of {collection}: {event['object']}")
                    version = event["object"]["metadata"]["resourceVersion"]
                    yield event["type"], event["object"]


async def _in_flight(call: Callable[[_T], Awaitable[None]], arguments: Iterable[_T]) -> None:
    waiting = iter(arguments)

    async def worker() -> None:
        for argument in waiting:  # shared: each one is taken by exactly one worker
            await call(argument)

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


async def _expect(answer: aiohttp.ClientResponse, status: int) -> None:
    if answer.status != status:
        raise RuntimeError(f"{answer.method} {answer.url.path}: {answer.status}: {await answer.text()}")


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Lines of any length; the reader's own `readline` refuses long ones."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line


def _first_condition(status: dict[str, Any]) -> str:
    """What an object says about itself; ours puts Ready first."""
    conditions = status.get("conditions") or [{}]
    return " ".join(str(conditions[0].get(part)) for part in ("type", "status", "reason", "message"))


@asynccontextmanager
async def connect(kubeconfig: Path) -> AsyncIterator[Load]:
    """Open a session as the user of a kubeconfig that `kubeconfig_for` wrote."""
    server, context = _read(kubeconfig)
    connector = aiohttp.TCPConnector(ssl=context, limit=IN_FLIGHT + 4)
    async with aiohttp.ClientSession(server, connector=connector, timeout=_TIMEOUT) as session:
        yield Load(session)


def _read(kubeconfig: Path) -> tuple[str, ssl.SSLContext]:
    document = json.loads(kubeconfig.read_text())
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    with TemporaryDirectory() as directory:  # ssl reads a client certificate from a file only
        pair = Path(directory) / "client.pem"
        pair.touch(mode=0o600)
        parts = (user["client-certificate-data"], user["client-key-data"])
        pair.write_bytes(b"".join(map(base64.b64decode, parts)))
        context.load_cert_chain(pair)
    return cluster["server"], context
