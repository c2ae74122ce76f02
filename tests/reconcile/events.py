"""Events of the users' kinds as kopf hands them over: list, then watch; after an error list again, without telling what
was deleted meanwhile. Given to `Operator` as `events=` in place of kopf."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from greffon.engine.watch import Sink
from greffon.errors import ApiError
from greffon.kube.api import Api
from greffon.kube.kinds import Resource
from tests.reconcile.fake.server import Server
from tests.reconcile.loop import cancel

ACTOR = "kopf"
BACK_OFF_SECONDS = 1.0


class KopfLike:
    """A source of events."""

    def __init__(self, server: Server) -> None:
        self._api = Api(server.client(ACTOR))

    async def __call__(self, resources: Collection[Resource], sink: Sink, stop: asyncio.Event) -> None:
        """Run until `stop` is set."""
        tasks = [asyncio.create_task(self._watch(resource, sink)) for resource in resources]
        try:
            await stop.wait()
        finally:
            await cancel(tasks)

    async def _watch(self, resource: Resource, sink: Sink) -> None:
        while True:
            try:
                version = await self._list(resource, sink)
                await self._follow(resource, sink, version)
            except ApiError:
                await asyncio.sleep(BACK_OFF_SECONDS)

    async def _list(self, resource: Resource, sink: Sink) -> str:
        version = ""
        async for items, at in self._api.pages(resource):
            version = at
            for obj in items:
                sink(resource, "ADDED", obj)
        return version

    async def _follow(self, resource: Resource, sink: Sink, version: str) -> None:
        """Watch on from stream to stream until one breaks."""
        while True:
            async for event in self._api.watch(resource, version=version):
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    sink(resource, event["type"], event["object"])
