"""All talk with the cluster: requests, watches, logs. Made by `session` upon `connect`, used by the stories.

Built upon the operator's own API door; what differs is here: a person waits, so few retries; a run must never be
made twice, so none for that; and who writes is named in the managed fields.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from greffon.errors import Gone, Unavailable, from_status
from greffon.kube.api import Api, Json, Transport
from greffon.kube.kinds import BY_KIND, POD, Resource

_RECONNECT_SECONDS = 1.0
_PATIENCE = 5
"""Watches that may break in a row."""


class LogTransport(Transport, Protocol):
    """A transport that can also read a text that grows."""

    def log(self, path: str, *, query: Mapping[str, str]) -> AsyncIterator[bytes]:
        """Yield the lines of a log. Raises ApiError."""
        ...


class _Once(Api):
    """Never tries again."""

    async def post(self, obj: Json) -> Json:
        """POST under our own name: the operator's stands for what it may take back."""
        resource = BY_KIND[obj["kind"]]
        return await self._call("POST", resource, resource.path(obj["metadata"]["namespace"]), body=obj)


class Door(Api):
    """Get, list, merge, create, follow, log as raw dictionaries."""

    def __init__(self, transport: LogTransport, *, attempts: int = 2) -> None:
        super().__init__(transport, attempts=attempts, timeout=20.0)
        self._once_only = _Once(transport, attempts=1, timeout=20.0)
        self._wire = transport

    async def all(self, resource: Resource, namespace: str | None, *, selector: str = "") -> list[Json]:
        """Every object of a kind, in one namespace or in all."""
        found: list[Json] = []
        async for items, _ in self.pages(resource, namespace, selector=selector):
            found += ({"apiVersion": resource.api_version, "kind": resource.kind} | item for item in items)
        return found

    async def create_once(self, obj: Json) -> Json:
        """Create an object whose name the server makes; never tried again, because that could make two."""
        return await self._once_only.post(obj)

    async def follow(
        self, resource: Resource, namespace: str, name: str = "", selector: str = ""
    ) -> AsyncIterator[Json]:
        """Yield an object (or those of a selector) as it is and at each change, for ever.

        A deleted object comes as `{}`. Broken watches are taken up again from the present.
        """
        broken = 0
        while True:
            try:
                async for obj in self._follow_once(resource, namespace, name, selector):
                    broken = 0
                    yield obj
            except Gone:
                pass
            except Unavailable:
                broken += 1
                if broken > _PATIENCE:
                    raise
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _follow_once(self, resource: Resource, namespace: str, name: str, selector: str) -> AsyncIterator[Json]:
        query = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": "290"}
        if name:
            first = await self.get(resource, namespace, name)
            yield first
            query |= {"resourceVersion": first["metadata"]["resourceVersion"], "fieldSelector": f"metadata.name={name}"}
        else:
            version = ""
            async for items, version in self.pages(resource, namespace, selector=selector):  # noqa: B007 - the last one counts
                for item in items:
                    yield item
            query |= {"resourceVersion": version, "labelSelector": selector}
        async for event in self._events(resource.path(namespace), query):
            obj = event["object"]
            if name and obj["metadata"]["name"] != name:
                continue  # a server that does not select by field
            yield {} if event["type"] == "DELETED" else obj

    async def _events(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Json]:
        async for line in self._wire.stream(path, query=query, idle=320.0):
            event = json.loads(line)
            if event["type"] == "ERROR":
                status = event["object"]
                raise from_status(int(status.get("code") or 500), str(status.get("message") or "watch error"))
            if event["type"] != "BOOKMARK":
                yield event

    def log(self, namespace: str, pod: str, **query: str) -> AsyncIterator[bytes]:
        """Lines of a container's log. Raises ApiError."""
        return self._wire.log(POD.path(namespace, pod, "log"), query=query)
