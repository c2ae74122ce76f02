"""A periodic comparison of the cache with a fresh list: heals what a watch missed, proves that a watch lives.

Started by `__main__` for the kinds that come through kopf, whose watches do not notice deletions across a re-list.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Collection
from typing import Any

from greffon.engine.cache import Cache, Entry
from greffon.engine.queue import Key
from greffon.engine.watch import Sink
from greffon.errors import ApiError
from greffon.kube.api import Api
from greffon.kube.kinds import Resource

_log = logging.getLogger(__name__)


class Sweep:
    """Lists each kind, hands over what the cache lacks or keeps wrongly.

    Args:
        progress: called with the kind after a list that agrees with the cache, or was healed.
        repaired: called with the kind for every object the watch had missed.
    """

    def __init__(
        self,
        api: Api,
        cache: Cache[Any],
        resources: Collection[Resource],
        sink: Sink,
        *,
        namespaces: Collection[str],
        every: float,
        progress: Callable[[str], None],
        repaired: Callable[[str], None],
    ) -> None:
        self._api, self._cache, self._resources, self._sink = api, cache, resources, sink
        self._namespaces: Collection[str | None] = namespaces or (None,)
        self._every, self._progress, self._repaired = every, progress, repaired

    async def first(self) -> None:
        """Fill the cache before any worker starts: the barrier that kopf offers only at quadratic cost."""
        for resource in self._resources:
            for namespace in self._namespaces:
                async for items, _ in self._api.pages(resource, namespace):
                    for obj in items:
                        self._sink(resource, "ADDED", obj)
            self._progress(resource.kind)

    async def run(self) -> None:
        """Sweep for ever, each time after `every` seconds give or take a fifth."""
        while True:
            await asyncio.sleep(self._every * random.uniform(0.8, 1.2))  # noqa: S311 - spreads the load of replicas
            for resource in self._resources:
                try:
                    await self.once(resource)
                except ApiError as error:
                    _log.warning("sweep of %s did not finish: %s", resource.plural, error)

    async def once(self, resource: Resource) -> None:
        """Compare one kind; raises ApiError when the list cannot be read."""
        before: dict[Key, Entry] = {e.key: e for e in self._cache.of_kind(resource.kind)}
        seen: dict[Key, tuple[str, int]] = {}
        for namespace in self._namespaces:
            async for items, _ in self._api.pages(resource, namespace, metadata_only=True):
                for obj in items:
                    meta = obj["metadata"]
                    seen[Key(resource.kind, meta["namespace"], meta["name"])] = (
                        meta["uid"],
                        int(meta["resourceVersion"]),
                    )
        for key, entry in before.items():
            current = self._cache.get(key)
            uid, version = seen.get(key, ("", 0))
            if current is entry and (uid != entry.uid or version > entry.version):
                await self._check(resource, key, entry.uid, entry.version)
        for key in seen.keys() - before.keys():
            if self._cache.get(key) is None:
                await self._check(resource, key, "", 0)
        self._progress(resource.kind)

    async def _check(self, resource: Resource, key: Key, uid: str, version: int) -> None:
        """The list may be older than the cache: ask for the object itself before believing it."""
        started = time.monotonic()
        try:
            obj = await self._api.get(resource, key.namespace, key.name)
        except ApiError as error:
            if error.status != 404:
                raise
            meta = {"namespace": key.namespace, "name": key.name, "uid": uid, "resourceVersion": str(version)}
            self._sink(resource, "DELETED", {"metadata": meta})
        else:
            self._sink(resource, "MODIFIED", obj)
        self._repaired(resource.kind)
        _log.info("sweep repaired %s after %.0f ms", key, (time.monotonic() - started) * 1000)
