"""The in-memory API server behind a real socket, for the way from a kubeconfig to the bytes on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from greffon.errors import ApiError
from greffon.kube.kinds import BY_KIND
from tests.reconcile.fake.server import Server
from tests.reconcile.fake.store import Change

Json = dict[str, Any]
NAMESPACE = "team-a"
MERGE = "application/merge-patch+json"


class HttpCluster:
    """Runs in a thread of its own.

    Attributes:
        agents: User-Agent of every request.
        log: what every pod says.
    """

    def __init__(self) -> None:
        self.server = Server(lambda: datetime.now(UTC))
        self.server.writer.namespaces = {NAMESPACE: "Active"}
        self.agents: list[str] = []
        self.log = b""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @classmethod
    @contextlib.contextmanager
    def open(cls) -> Iterator[HttpCluster]:
        """Serve until the end of the block."""
        cluster = cls()
        cluster._thread.start()
        runner: web.AppRunner = cluster.call(cluster._serve)
        try:
            yield cluster
        finally:
            cluster.call(runner.cleanup)
            cluster.call(cluster._end)
            cluster._loop.call_soon_threadsafe(cluster._loop.stop)
            cluster._thread.join()
            cluster._loop.close()

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call something in the server's thread, and wait for it."""

        async def inside() -> Any:
            found = function(*arguments)
            return await found if asyncio.iscoroutine(found) else found

        return asyncio.run_coroutine_threadsafe(inside(), self._loop).result(20)

    def create(self, obj: Json) -> None:
        """Put an object there with its status."""
        status = obj.get("status")
        self.call(lambda: self.server.do("someone", "POST", BY_KIND[obj["kind"]], NAMESPACE, body=obj))
        if status:
            self.call(self.set_status, obj["kind"], obj["metadata"]["name"], status)

    def set_status(self, kind: str, name: str, status: Json) -> None:
        """In the server's thread: as the operator would."""
        body = {"status": status}
        self.server.do("operator", "PATCH", BY_KIND[kind], NAMESPACE, name, "status", body=body, content_type=MERGE)

    def when_written(self, kind: str, act: Callable[[Json], None]) -> None:
        """Call something after each write of the person."""

        def notice(change: Change) -> None:
            if change.ref.kind == kind and change.type != "DELETED":
                self._loop.call_soon(act, change.obj)

        self.call(self.server.store.listeners.append, notice)

    def kubeconfig(self, folder: Path) -> Path:
        """A file that leads here."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "u", "user": {"token": "secret-token"}}],
            "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u", "namespace": NAMESPACE}}],
            "current-context": "prod",
        }
        made = folder / "kubeconfig"
        made.write_text(json.dumps(config))
        return made

    async def _serve(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = runner.addresses[0][1]
        return runner

    async def _end(self) -> None:
        """End the watches that are still open."""
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.agents.append(request.headers["User-Agent"])
        if request.headers.get("Authorization") != "Bearer secret-token":
            return web.json_response({"kind": "Status", "message": "Unauthorized", "code": 401}, status=401)
        if request.path.endswith("/log"):
            return web.Response(body=self.log)
        if request.query.get("watch"):
            return await self._watch(request)
        body = await request.read()
        if request.method == "POST" and b"generateName" in body:
            named = json.loads(body)
            named["metadata"]["name"] = named["metadata"]["generateName"] + "x7k2p"
            body = json.dumps(named).encode()
        kind = request.headers.get("Content-Type" if body else "Accept", "application/json")
        answer = await self.server.client("person").send(
            request.method, request.path, query=dict(request.query), body=body or None, content_type=kind, seconds=30
        )
        return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ApiError, ConnectionError):
            async for line in self.server.client("person").stream(request.path, query=dict(request.query), idle=30):
                await response.write(line + b"\n")
        return response
