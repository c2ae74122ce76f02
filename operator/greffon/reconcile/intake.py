"""Turns events into cache entries and keys: whose reconcile does this concern?

Called by the sources of `engine` (as their sink) and by `reconcile.apply` with the answers to our own writes.
"""

from __future__ import annotations

import logging
from typing import Any

from greffon.engine.cache import Cache
from greffon.engine.queue import Key, Priority, Queue
from greffon.kube import kinds
from greffon.kube.kinds import Resource
from greffon.reconcile.facts import PluginFacts
from greffon.reconcile.neighbours import Neighbours
from greffon.reconcile.seen import Seen, seen

Json = dict[str, Any]
_log = logging.getLogger(__name__)


class Intake:
    """The sink of every source."""

    def __init__(self, cache: Cache[Seen], queue: Queue, neighbours: Neighbours) -> None:
        self._cache, self._queue, self._neighbours = cache, queue, neighbours

    def sink(self, resource: Resource, kind: str, obj: Json) -> None:
        """Take one event. An object that cannot be read is logged and left out; the others go on."""
        try:
            if kind == "DELETED":
                self._deleted(resource, obj)
            else:
                self._changed(resource, obj)
        except (KeyError, TypeError, ValueError, AttributeError):
            name = (obj.get("metadata") or {}).get("name")
            _log.exception("an event of %s %r cannot be read", resource.plural, name)

    def remember(self, resource: Resource, obj: Json) -> Seen:
        """Keep the answer to our own write; its echo on the watch then tells nothing new."""
        entry = seen(resource, obj)
        before = self._cache.get(entry.key)
        is_news = self._cache.put(entry)
        if is_news and before and entry.differs_beyond_status(before):
            # The answer carries a change that a user made meanwhile; its own event will tell nothing new.
            self._queue.forget(entry.key)
            self._queue.add(entry.key, Priority.USER)
        if resource is kinds.PLUGIN:
            self._wake_runs(entry.key)
            if is_news:
                self._tell_neighbours(entry, before)
        elif resource is kinds.PLUGIN_RUN and entry.owner:
            self._queue.add(entry.owner, Priority.CHILD)
            self._wake_runs(entry.owner, except_for=entry.key)
        return entry

    def forget(self, key: Key, uid: str) -> None:
        """An object that we have just deleted, or found to be gone."""
        self._cache.drop(key, uid=uid)

    def _changed(self, resource: Resource, obj: Json) -> None:
        entry = seen(resource, obj)
        before = self._cache.get(entry.key)
        if not self._cache.put(entry):
            return
        if before is None or not entry.tells_the_same(before):
            self._wake(resource, entry)
            if resource is kinds.PLUGIN:
                self._tell_neighbours(entry, before)
        if before and before.owner and before.owner != entry.owner:
            self._queue.add(before.owner, Priority.CHILD)

    def _deleted(self, resource: Resource, obj: Json) -> None:
        meta = obj["metadata"]
        key = Key(resource.kind, meta.get("namespace", ""), meta["name"])
        gone = self._cache.drop(key, uid=meta.get("uid"), version=int(meta.get("resourceVersion") or 0))
        if gone:
            self._wake(resource, gone)
            if resource is kinds.PLUGIN:
                self._tell_neighbours(None, gone)

    def _wake(self, resource: Resource, entry: Seen) -> None:
        if resource in (kinds.PLUGIN, kinds.PLUGIN_RUN):
            self._queue.forget(entry.key)  # the user changed something: no back-off for that
            self._queue.add(entry.key, Priority.USER)
        if entry.owner is None:
            self._wake_runs(entry.key)
        else:
            self._queue.add(entry.owner, Priority.CHILD)
            if resource is kinds.PLUGIN_RUN:
                self._wake_runs(entry.owner)

    def _tell_neighbours(self, entry: Seen | None, before: Seen | None) -> None:
        """Those that depend on a plug-in, and those it depends on, look again when what they see of it changed."""
        if entry and before and (entry.uid, entry.facts, entry.deleting) == (before.uid, before.facts, before.deleting):
            return
        known = entry or before
        if known is None:
            return
        reach = self._neighbours.around if _same_needs(entry, before) else self._neighbours.concerned
        affected = reach(known.key)
        if entry:
            self._neighbours.note(entry)
        else:
            self._neighbours.forget(known.key)
        for key in affected | reach(known.key):
            self._queue.add(key, Priority.CHILD)

    def _wake_runs(self, plugin: Key, except_for: Key | None = None) -> None:
        """Runs wait for their plug-in and for each other."""
        for sibling in self._cache.owned(plugin):
            if sibling.key.kind == kinds.PLUGIN_RUN.kind and sibling.key != except_for:
                self._queue.add(sibling.key, Priority.CHILD)


def _same_needs(entry: Seen | None, before: Seen | None) -> bool:
    """It was there before and depends on the same plug-ins: only its direct neighbours see a difference."""
    known = [seen.facts.depends_on for seen in (entry, before) if seen and isinstance(seen.facts, PluginFacts)]
    return len(known) == 2 and known[0] == known[1]
