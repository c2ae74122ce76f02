"""THE STORY of a Plugin, on one screen: observe, admit, choose, steer, gate, desire, plan, apply, assess, tell.

Called by `engine.workers` for every key of kind Plugin. Level-triggered: whatever woke it, it looks at the whole
state and does what is missing. Everything that decides is pure and lives in the modules named here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

import orjson

from greffon.engine.cache import Cache
from greffon.engine.queue import Key
from greffon.engine.scope import note
from greffon.engine.workers import Result
from greffon.model.errors import SpecError
from greffon.model.plugin import Plugin
from greffon.reconcile import revisions
from greffon.reconcile.admit import Refusal, admit
from greffon.reconcile.apply import Applier
from greffon.reconcile.assess import assess, refused
from greffon.reconcile.course import Course, fresh_number
from greffon.reconcile.gate import gate
from greffon.reconcile.keeper import Keeper
from greffon.reconcile.neighbours import Neighbours
from greffon.reconcile.observe import Observation, observe
from greffon.reconcile.plan import Plan
from greffon.reconcile.report import Reporter
from greffon.reconcile.resolver import Resolver
from greffon.reconcile.seen import Seen
from greffon.reconcile.trouble import Trouble
from greffon.resources.context import Context
from greffon.resources.effective import Effective, effective


class PluginReconciler:
    """Makes the cluster match a Plugin, and its status match the cluster."""

    def __init__(
        self,
        cache: Cache[Seen],
        applier: Applier,
        reporter: Reporter,
        resolver: Resolver,
        keeper: Keeper,
        neighbours: Neighbours,
        context: Callable[[], Context],
        now: Callable[[], datetime],
    ) -> None:
        self._cache, self._applier, self._reporter = cache, applier, reporter
        self._resolver = resolver
        self._keeper, self._neighbours, self._context, self._now = keeper, neighbours, context, now

    async def reconcile(self, key: Key) -> Result:
        """One pass. Raises ApiError when the API server could not be asked; the caller tries again."""
        entry = self._cache.get(key)
        if entry is None or entry.deleting:
            self._reporter.forget(key)
            return Result()  # owner references let the API server remove the children
        try:
            plugin = Plugin.parse(orjson.loads(entry.body))
        except SpecError as error:
            return await self._reporter.unreadable(entry, error)
        note(plugin=key.name, generation=plugin.generation)
        nodes = self._neighbours.of(key)
        o = observe(plugin, entry, self._cache, self._context(), self._now(), nodes)
        e = effective(plugin.spec, o.context)
        if refusal := admit(plugin.spec, e, o.context):
            return await self._refuse(entry, o, e, refusal)
        pinned = await self._resolver.pin(o)
        if isinstance(pinned, Refusal):
            return await self._refuse(entry, o, e, pinned)
        o, e = pinned, effective(pinned.plugin.spec, o.context)
        choice = revisions.choose(
            o.identity, o.plugin.spec, e, o.revisions, partial(fresh_number, o), written=o.written
        )
        note(revision=choice.number)
        course, spec = await self._keeper.steer(o, e, choice)
        if closed := gate(o, course):
            return await self._refuse(entry, o, e, closed)
        e = effective(spec, o.context)
        stage, todo = await self._keeper.plan(o, e, spec, choice, course)
        if o.revisions and todo.creates and await self._applier.has_vanished(entry):
            return Result()  # its children are missing because it is deleted: do not fight the garbage collector
        await self._keeper.decree(o, course)
        troubles = await self._carry_out(o, choice, course, todo)
        o = self._anew(entry, o)
        situation = assess(o, e, course, troubles, stage)
        result = await self._reporter.tell(entry, o, e, situation)
        if await self._keeper.tidy(o, course, situation, keep=e.history_limit):
            result = replace(result, requeue_after=0.0)
        return result if not any(t.retry for t in troubles) else Result(failed=True)

    async def _refuse(self, entry: Seen, o: Observation, e: Effective, refusal: Refusal) -> Result:
        """The spec may not run; what ran before runs on, confined as it was."""
        todo = await self._keeper.hold(o)
        if todo.creates and await self._applier.has_vanished(entry):
            return Result()
        results = await self._applier.carry_out(todo, o.plugin.uid)
        o = o if todo.empty else self._anew(entry, o)
        result = await self._reporter.tell(entry, o, e, refused(o, refusal))
        return Result(failed=True) if any(isinstance(r, Trouble) and r.retry for r in results) else result

    def _anew(self, entry: Seen, o: Observation) -> Observation:
        """The world after our own writes."""
        return replace(observe(o.plugin, entry, self._cache, o.context, o.now, o.nodes), written=o.written)

    async def _carry_out(
        self, o: Observation, choice: revisions.Choice, course: Course, todo: Plan
    ) -> tuple[Trouble, ...]:
        self._reporter.announce(o, choice, course, todo)
        results = await self._applier.carry_out(todo, o.plugin.uid)
        return tuple(result for result in results if isinstance(result, Trouble))
