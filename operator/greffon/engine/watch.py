"""List and watch of one kind by label, at a tenth of the cost of kopf's event path.

Started by `__main__` for every kind the operator owns; events go to `engine.intake`. A list is streamed
(`sendInitialEvents`) where the server can, so that no page blocks the loop; otherwise it is read in pages.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable
from typing import Any

from greffon.engine.cache import Entry
from greffon.errors import ApiError, Gone, Invalid
from greffon.kube.api import Api
from greffon.kube.kinds import Resource

Json = dict[str, Any]
Sink = Callable[[Resource, str, Json], None]
"""Receives (kind, "ADDED" | "MODIFIED" | "DELETED", object)."""

_log = logging.getLogger(__name__)
_END_OF_LIST = "k8s.io/initial-events-end"


class Watch:
    """Keeps one kind of one namespace (or all) up to date for ever.

    Attributes:
        synced: set once the first list is complete.

    Args:
        known: the cached digests of this kind, to find what a complete list lacks.
        relist_after: seconds after which a stream that ends is followed by a complete list.
        progress: called with the kind at every sign of life of the stream (the liveness probe listens).
    """

    def __init__(
        self,
        api: Api,
        resource: Resource,
        sink: Sink,
        *,
        namespace: str | None = None,
        selector: str = "",
        known: Callable[[], Iterable[Entry]] = tuple,
        progress: Callable[[str], None] = lambda _: None,
        relist_after: float = 1800.0,
        clock: Callable[[], float] = lambda: asyncio.get_running_loop().time(),
    ) -> None:
        self._api, self._resource, self._sink = api, resource, sink
        self._namespace, self._selector, self._progress = namespace, selector, progress
        self._known = known
        self._version = ""
        self._received = 0
        self._relist_after, self._clock, self._listed_at = relist_after, clock, 0.0
        self._streams_lists = True
        self.synced = asyncio.Event()

    async def run(self) -> None:
        """Watch until cancelled; a try that brought nothing leads to a longer pause before the next."""
        fruitless = 0
        while True:
            before = self._received
            await self._try()
            fruitless = 0 if self._received > before else fruitless + 1
            delay = min(0.1 * 2.0 ** min(fruitless, 10), 30.0)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    async def _try(self) -> None:
        try:
            if not self._version and not self._streams_lists:
                await self._list()
            await self._follow()
            if self._clock() - self._listed_at > self._relist_after:
                self._version = ""  # the next stream begins with a complete list: heals an event that was lost
        except Gone:
            self._version = ""
        except Invalid as error:
            if not self._streams_lists:
                raise
            _log.info("%s: the server does not stream lists (%s); reading pages", self._resource.plural, error)
            self._streams_lists = False
        except ApiError as error:
            _log.warning("watch of %s broke: %s", self._resource.plural, error)

    async def _follow(self) -> None:
        fresh: set[tuple[str, str]] | None = None if self._version else set()
        async for event in self._api.watch(
            self._resource, self._namespace, selector=self._selector, version=self._version
        ):
            self._progress(self._resource.kind)
            self._received += 1
            obj = event["object"]
            if event["type"] == "BOOKMARK":
                if fresh is not None and _END_OF_LIST in (obj["metadata"].get("annotations") or {}):
                    self._replace(fresh, obj["metadata"]["resourceVersion"])
                    fresh = None
                if fresh is None:
                    self._version = obj["metadata"]["resourceVersion"]
                continue
            self._sink(self._resource, event["type"], obj)
            if fresh is None:
                self._version = obj["metadata"]["resourceVersion"]
            elif event["type"] != "DELETED":
                fresh.add(_place(obj))

    async def _list(self) -> None:
        fresh: set[tuple[str, str]] = set()
        version = ""
        async for items, at in self._api.pages(self._resource, self._namespace, selector=self._selector):
            version = at
            for obj in items:
                fresh.add(_place(obj))
                self._sink(self._resource, "ADDED", obj)
        self._progress(self._resource.kind)
        self._received += 1
        self._replace(fresh, version)
        self._version = version

    def _replace(self, fresh: set[tuple[str, str]], version: str) -> None:
        """A complete list: what it lacks was deleted while nobody looked, unless it is newer than the list."""
        self._listed_at = self._clock()
        gone = [e for e in self._known() if _spot(e) not in fresh and e.version <= int(version)]
        for entry in gone:
            meta = {"namespace": entry.key.namespace, "name": entry.key.name, "uid": entry.uid}
            self._sink(self._resource, "DELETED", {"metadata": meta | {"resourceVersion": str(entry.version)}})
        self.synced.set()


def _spot(entry: Entry) -> tuple[str, str]:
    return entry.key.namespace, entry.key.name


def _place(obj: Json) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
