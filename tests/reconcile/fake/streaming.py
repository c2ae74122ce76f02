"""Watches: initial events, history, bookmarks, expiry, and what goes wrong with streams. Used by `server`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from greffon.errors import Unavailable
from tests.reconcile.fake.faults import Faults
from tests.reconcile.fake.reading import selects
from tests.reconcile.fake.request import Refused, Request
from tests.reconcile.fake.store import Change, Store, encoded

Json = dict[str, Any]
BOOKMARK_SECONDS = 60.0
LATE_SECONDS = 5.0
"""An event that waits for the next one to overtake it waits no longer than this."""


class Stream:
    """One watch of one client."""

    def __init__(self, store: Store, faults: Faults, request: Request) -> None:
        self._store, self._faults, self._request = store, faults, request
        self._selector = request.query.get("labelSelector", "")
        self._epoch = faults.epoch
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + float(request.query.get("timeoutSeconds", 300))
        self._late: list[bytes] = []

    async def lines(self) -> AsyncIterator[bytes]:
        """The events as the wire has them, until the server ends the stream. Raises Unavailable when it breaks."""
        if self._request.query.get("sendInitialEvents"):
            position = self._store.revision
            for line in self._initial(position):
                yield line
        else:
            position = int(self._request.query["resourceVersion"])
            if position < self._store.floor:
                yield _error(410, f"too old resource version: {position} ({self._store.floor})")
                return
        while True:
            for change in self._store.since(self._request.resource.kind, position):
                position = change.revision
                async for line in self._deliver(change):
                    yield line
                    if line.startswith(b'{"type":"ERROR"'):
                        return
            self._check()
            if self._store.since(self._request.resource.kind, position):
                continue
            more = await self._more()
            for line in self._overtaken():
                yield line
            if not more:
                if asyncio.get_running_loop().time() >= self._deadline:
                    return
                position = max(position, self._store.revision)
                yield _bookmark(self._request, position)

    def _initial(self, position: int) -> list[bytes]:
        found = self._store.all(self._request.resource.kind, self._request.namespace)
        lines = [_line("ADDED", obj) for _, obj in found if selects(self._selector, obj)]
        return [*lines, _bookmark(self._request, position, {"k8s.io/initial-events-end": "true"})]

    async def _deliver(self, change: Change) -> AsyncIterator[bytes]:
        slip = self._faults.slip(self._request, change)
        await asyncio.sleep(max(0.0, change.at + slip.lag - asyncio.get_running_loop().time()))
        self._check()
        line = self._event(change)
        if line is not None and slip.late:
            self._late.append(line)
        elif line is not None:
            for _ in range(slip.copies):
                yield line
            for late in self._overtaken():
                yield late
        if slip.end == "broken":
            raise Unavailable("the stream broke")
        if slip.end:
            yield _error(int(slip.end), "injected")

    def _overtaken(self) -> list[bytes]:
        """Events that were held back."""
        held, self._late = self._late, []
        return held

    async def _more(self) -> bool:
        """Wait for a change; False when it is time for a bookmark or for the end."""
        wait = LATE_SECONDS if self._late else BOOKMARK_SECONDS
        until = min(self._deadline, asyncio.get_running_loop().time() + wait)
        try:
            async with asyncio.timeout_at(until):
                await self._store.wait(self._request.resource.kind)
        except TimeoutError:
            return False
        return True

    def _event(self, change: Change) -> bytes | None:
        """The event as this watch sees it: an object that loses the label is deleted for it."""
        if self._request.namespace not in ("", change.ref.namespace):
            return None
        was = change.before is not None and selects(self._selector, change.before)
        is_now = change.type != "DELETED" and selects(self._selector, change.obj)
        if is_now:
            return _line("MODIFIED" if was else "ADDED", change.obj)
        if not was or change.before is None:
            return None
        version = {"resourceVersion": str(change.revision)}
        return _line("DELETED", change.before | {"metadata": change.before["metadata"] | version})

    def _check(self) -> None:
        if self._epoch != self._faults.epoch:
            raise Unavailable("every stream broke")


def _line(kind: str, obj: Json) -> bytes:
    return encoded({"type": kind, "object": obj})


def _bookmark(request: Request, version: int, annotations: Json | None = None) -> bytes:
    meta: Json = {"resourceVersion": str(version)}
    if annotations:
        meta["annotations"] = annotations
    return _line("BOOKMARK", {"kind": request.resource.kind, "metadata": meta})


def _error(code: int, message: str) -> bytes:
    return _line("ERROR", Refused(code, message).status())
