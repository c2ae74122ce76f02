"""Who depends on whom among the plug-ins that were seen, kept as an index so that no reconcile scans a namespace.

Filled by `reconcile.intake`, which also learns from it whom to wake; read by `reconcile.plugin` for one plug-in.
"""

from __future__ import annotations

from collections.abc import Iterable

from greffon.engine.cache import Cache
from greffon.engine.queue import Key
from greffon.kube import kinds
from greffon.reconcile.dependency_graph import Node, Nodes
from greffon.reconcile.facts import PluginFacts, RevisionFacts
from greffon.reconcile.seen import Seen


class Neighbours:
    """The index: dependants by dependency."""

    def __init__(self, cache: Cache[Seen]) -> None:
        self._cache = cache
        self._needs: dict[Key, tuple[Key, ...]] = {}
        self._dependants: dict[Key, dict[Key, None]] = {}

    def note(self, entry: Seen) -> None:
        """A Plugin was seen."""
        self.forget(entry.key)
        if isinstance(entry.facts, PluginFacts) and entry.facts.depends_on:
            needs = tuple(_key(entry.key, name) for name, _ in entry.facts.depends_on)
            self._needs[entry.key] = needs
            for need in needs:
                self._dependants.setdefault(need, {})[entry.key] = None

    def forget(self, key: Key) -> None:
        """A Plugin is gone."""
        for need in self._needs.pop(key, ()):
            known = self._dependants[need]
            del known[key]
            if not known:
                del self._dependants[need]

    def around(self, key: Key) -> set[Key]:
        """Those it needs and those that need it: what they must be told of it."""
        return {*self._needs.get(key, ()), *self._dependants.get(key, ())}

    def concerned(self, key: Key) -> set[Key]:
        """Those it needs, and all that need it, by way of others too: a circle closes and opens for all of them."""
        reached, waiting = set(self._needs.get(key, ())), [key]
        while waiting:
            fresh = [found for found in self._dependants.get(waiting.pop(), ()) if found not in reached]
            reached.update(fresh)
            waiting += fresh
        return reached - {key}

    def of(self, key: Key) -> Nodes:
        """The plug-in itself, all that it depends on by way of others, and its direct dependants; {} for a loner."""
        if not self.around(key):
            return {}
        reached, waiting = {key}, [key]
        while waiting:
            fresh = [need for need in self._needs.get(waiting.pop(), ()) if need not in reached]
            reached.update(fresh)
            waiting += fresh
        return dict(self._nodes([*reached, *(k for k in self._dependants.get(key, ()) if k not in reached)]))

    def _nodes(self, keys: Iterable[Key]) -> Iterable[tuple[str, Node]]:
        for key in keys:
            entry = self._cache.get(key)
            if entry and isinstance(entry.facts, PluginFacts):
                yield key.name, self._node(entry, entry.facts)

    def _node(self, entry: Seen, facts: PluginFacts) -> Node:
        known = [(seen.key.name, seen.facts) for seen in self._cache.owned(entry.key)]
        versions = {name: fact.version for name, fact in known if isinstance(fact, RevisionFacts)}
        return Node(
            entry.key.name,
            versions.get(facts.active),
            facts.version,
            facts.available,
            entry.deleting,
            facts.depends_on,
            versions.get(facts.last_good),
        )


def _key(near: Key, name: str) -> Key:
    return Key(kinds.PLUGIN.kind, near.namespace, name)
