"""Everything a decision about a Plugin may look at, gathered into one frozen value. Called by `reconcile.plugin`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from greffon.engine.cache import Cache
from greffon.kube import kinds
from greffon.model.errors import SpecError
from greffon.model.plugin import Plugin
from greffon.model.run import PluginRun
from greffon.reconcile.dependency_graph import Nodes
from greffon.reconcile.facts import DeploymentFacts, JobFacts, PodFacts, RevisionFacts
from greffon.reconcile.seen import Seen
from greffon.resources.context import Context, Identity


@dataclass(frozen=True, slots=True)
class Hooked:
    """A hook at work, or ended."""

    seen: Seen
    job: JobFacts
    pod: PodFacts | None


@dataclass(frozen=True, slots=True)
class Observation:
    """The world as the operator knows it now.

    Attributes:
        children: objects that carry our label, ours by UID (`is_ours`).
        revisions: every kept revision, oldest first.
        pods: pods of the plug-in that belong to no PluginRun.
        jobs: (name, uid, facts) of the Jobs that the plug-in's CronJobs made.
        runs: PluginRuns that name this plug-in.
        hooks: the Jobs of its hooks, each with its pod if there is one.
        now: wall clock, for transition times only.
        nodes: the plug-ins around this one; {} when it neither depends on others nor they on it.
        pods_seen: every pod of it, those of hooks and PluginRuns too.
        written: hash of the spec's content as its author wrote it, once its image's tag has been resolved; else "".
    """

    plugin: Plugin
    children: tuple[Seen, ...]
    revisions: tuple[RevisionFacts, ...]
    deployment: DeploymentFacts | None
    pods: tuple[PodFacts, ...]
    jobs: tuple[tuple[str, str, JobFacts], ...]
    runs: tuple[PluginRun, ...]
    context: Context
    now: datetime
    nodes: Nodes = field(default_factory=dict)
    written: str = ""
    hooks: tuple[Hooked, ...] = ()
    pods_seen: tuple[Seen, ...] = ()

    @property
    def identity(self) -> Identity:
        """Whose children these are."""
        return Identity(self.plugin.name, self.plugin.namespace, self.plugin.uid)


def observe(
    plugin: Plugin, entry: Seen, cache: Cache[Seen], context: Context, now: datetime, nodes: Nodes | None = None
) -> Observation:
    """Gather from the cache; no request is sent."""
    related = cache.owned(entry.key)
    ours = tuple(seen for seen in related if is_ours(seen, entry.uid))
    by_plugin = [seen for seen in related if seen.plugin_uid == entry.uid]
    return Observation(
        plugin=plugin,
        children=ours,
        revisions=tuple(sorted((s.facts for s in ours if isinstance(s.facts, RevisionFacts)), key=lambda f: f.number)),
        deployment=next((s.facts for s in ours if isinstance(s.facts, DeploymentFacts)), None),
        pods=tuple(s.facts for s in by_plugin if isinstance(s.facts, PodFacts) and not s.facts.hook),
        jobs=tuple(
            (s.key.name, s.uid, s.facts) for s in by_plugin if isinstance(s.facts, JobFacts) and not s.facts.hook
        ),
        runs=readable_runs(related),
        context=context,
        now=now,
        nodes=nodes or {},
        hooks=tuple(_hooks(ours, by_plugin)),
        pods_seen=tuple(_pods(related, entry.uid, cache)),
    )


def _pods(related: Iterable[Seen], plugin_uid: str, cache: Cache[Seen]) -> Iterator[Seen]:
    """Those of a PluginRun belong to it."""
    for seen in related:
        found = cache.owned(seen.key) if seen.key.kind == kinds.PLUGIN_RUN.kind else (seen,)
        yield from (one for one in found if one.key.kind == kinds.POD.kind and one.plugin_uid == plugin_uid)


def _hooks(ours: Iterable[Seen], by_plugin: Iterable[Seen]) -> Iterator[Hooked]:
    pods = {s.facts.controller_uid: s.facts for s in by_plugin if isinstance(s.facts, PodFacts) and s.facts.hook}
    for seen in ours:
        if isinstance(seen.facts, JobFacts) and seen.facts.hook:
            yield Hooked(seen, seen.facts, pods.get(seen.uid))


def is_ours(seen: Seen, plugin_uid: str) -> bool:
    """Owned by this very Plugin; or our label says so and nobody else controls it (its owner reference was removed)."""
    if seen.key.kind in (kinds.PLUGIN_RUN.kind, kinds.POD.kind):
        return False
    return seen.controller == plugin_uid or (not seen.controller and seen.plugin_uid == plugin_uid)


def readable_runs(related: Iterable[Seen]) -> tuple[PluginRun, ...]:
    """PluginRuns among these; one that cannot be read must not hold up the others."""
    found = []
    for seen in related:
        if seen.key.kind == kinds.PLUGIN_RUN.kind and not seen.deleting:
            with contextlib.suppress(SpecError):
                found.append(PluginRun.parse(orjson.loads(seen.body)))
    return tuple(found)
