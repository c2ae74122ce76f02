"""Everything a decision about a PluginRun may look at. Called by `reconcile.run`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from greffon.engine.cache import Cache
from greffon.engine.queue import Key
from greffon.kube import kinds
from greffon.model.errors import SpecError
from greffon.model.plugin import Plugin
from greffon.model.run import PluginRun
from greffon.reconcile.facts import JobFacts, PodFacts, RevisionFacts
from greffon.reconcile.observe import readable_runs
from greffon.reconcile.rollout import QUARANTINED
from greffon.reconcile.runs import number_of
from greffon.reconcile.seen import Seen
from greffon.resources import names
from greffon.resources.context import Context
from greffon.resources.revisions import digest, snapshot


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another thing that runs the same plug-in. `order` sorts by age; a run of a schedule has no uid of ours."""

    order: tuple[datetime, str]
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class RunObservation:
    """The world as the operator knows it now.

    Attributes:
        plugin: the plug-in to run; None when there is none.
        revision: number of its active revision; None when none can be run.
        is_newest: that revision is the spec to the letter; else its own spec must be fetched.
        job: the Job of this run.
        siblings: unfinished runs of the plug-in, and unfinished Jobs of its schedules.
    """

    run: PluginRun
    is_owned: bool
    plugin: Plugin | None
    revision: int | None
    job: Seen | None
    pods: tuple[PodFacts, ...]
    siblings: tuple[Sibling, ...]
    context: Context
    now: datetime
    is_newest: bool = True

    @property
    def job_facts(self) -> JobFacts | None:
        """How far the Job is."""
        return self.job.facts if self.job and isinstance(self.job.facts, JobFacts) else None


def observe_run(
    entry: Seen, cache: Cache[Seen], context: Context, now: datetime, starting: Collection[str] = ()
) -> RunObservation:
    """Gather from the cache. Raises SpecError when the run cannot be read.

    Args:
        starting: UIDs of the runs whose Job is being made at this moment.
    """
    run = PluginRun.parse(orjson.loads(entry.body))
    plugin_key = Key(kinds.PLUGIN.kind, run.namespace, run.spec.plugin_ref.name)
    plugin = _plugin(cache.get(plugin_key))
    job = cache.get(Key(kinds.JOB.kind, run.namespace, names.run_job(plugin_key.name, run.uid)))
    mine = job if job and job.controller == run.uid else None
    revision, is_newest = _active(plugin, plugin_key, cache)
    return RunObservation(
        run=run,
        is_owned=any(ref.kind == kinds.PLUGIN.kind for ref in run.metadata.owner_references),
        plugin=plugin,
        revision=revision,
        is_newest=is_newest,
        job=mine,
        pods=tuple(
            seen.facts
            for seen in cache.owned(entry.key)
            if isinstance(seen.facts, PodFacts) and mine and seen.facts.controller_uid == mine.uid
        ),
        siblings=tuple(_siblings(cache, plugin_key, entry, starting)),
        context=context,
        now=now,
    )


def _plugin(entry: Seen | None) -> Plugin | None:
    if entry is None or entry.deleting:
        return None
    try:
        return Plugin.parse(orjson.loads(entry.body))
    except SpecError:
        return None


def _active(plugin: Plugin | None, key: Key, cache: Cache[Seen]) -> tuple[int | None, bool]:
    """The active revision, and whether it is the newest spec. A spec that was refused, or whose children were not all
    written, is never run: neither its checks nor its confinement would hold. After a rollback the older one runs."""
    if plugin is None or plugin.status.observed_generation != plugin.generation or not plugin.status.revisions:
        return None, True
    number = number_of(plugin.status.revisions.active)
    content = digest(snapshot(plugin.spec))  # as written: this spec's tag is not resolved
    facts = (seen.facts for seen in cache.owned(key) if seen.controller == plugin.uid)
    known = (fact for fact in facts if isinstance(fact, RevisionFacts))
    fact = next((f for f in known if f.number == number and f.state != QUARANTINED), None)
    if fact is None or fact.content_hash == content:
        return (fact.number if fact else None), True
    if fact.written == content:  # its tag stands for what the revision recorded, whatever it may mean by now
        return fact.number, False
    back = plugin.status.condition("RolledBack")
    return (fact.number, False) if back and back.status == "True" else (None, True)


def _siblings(cache: Cache[Seen], plugin: Key, entry: Seen, starting: Collection[str]) -> list[Sibling]:
    related = cache.owned(plugin)
    runs = [run for run in readable_runs(related) if run.uid != entry.uid and run.status.outcome is None]
    found = [Sibling(order(run), run.name, active=_is_active(run, cache, plugin, starting)) for run in runs]
    jobs = [
        seen for seen in related if isinstance(seen.facts, JobFacts) and not (seen.facts.outcome or seen.facts.hook)
    ]
    oldest = datetime.min.replace(tzinfo=UTC)
    return found + [Sibling((oldest, seen.key.name), seen.key.name, active=True) for seen in jobs]


def _is_active(run: PluginRun, cache: Cache[Seen], plugin: Key, starting: Collection[str]) -> bool:
    """Its Job exists, or is being made at this moment by another worker."""
    job = Key(kinds.JOB.kind, run.namespace, names.run_job(plugin.name, run.uid))
    return run.status.job is not None or run.uid in starting or cache.get(job) is not None


def order(run: PluginRun) -> tuple[datetime, str]:
    """Age, then name: the same for every observer, so that two workers agree on whose turn it is."""
    return run.metadata.creation_timestamp or datetime.max.replace(tzinfo=UTC), run.name
