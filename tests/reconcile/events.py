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
    """A source of events.

    Args:
        namespaces: where to look; everywhere when empty.
    """

    def __init__(self, server: Server, namespaces: Collection[str] = ()) -> None:
        self._api = Api(server.client(ACTOR))
        self._namespaces: Collection[str | None] = namespaces or (None,)

    async def __call__(self, resources: Collection[Resource], sink: Sink, stop: asyncio.Event) -> None:
        """Run until `stop` is set."""
        places = [(resource, namespace) for resource in resources for namespace in self._namespaces]
        tasks = [asyncio.create_task(self._watch(resource, namespace, sink)) for resource, namespace in places]
        try:
            await stop.wait()
        finally:
            await cancel(tasks)

    async def _watch(self, resource: Resource, namespace: str | None, sink: Sink) -> None:
        while True:
            try:
                version = await self._list(resource, namespace, sink)
                await self._follow(resource, namespace, sink, version)
            except ApiError:
                await asyncio.sleep(BACK_OFF_SECONDS)

    async def _list(self, resource: Resource, namespace: str | None, sink: Sink) -> str:
        version = ""
        async for items, at in self._api.pages(resource, namespace):
            version = at
            for obj in items:
                sink(resource, "ADDED", obj)
        return version

    async def _follow(self, resource: Resource, namespace: str | None, sink: Sink, version: str) -> None:
        """Watch on from stream to stream until one breaks."""
        while True:
            async for event in self._api.watch(resource, namespace, version=version):
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    sink(resource, event["type"], event["object"])
