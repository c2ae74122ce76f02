"""THE STORY of a Plugin, on one screen: observe, admit, choose, desire, plan, apply, assess, tell.

Called by `engine.workers` for every key of kind Plugin. Level-triggered: whatever woke it, it looks at the whole
state and does what is missing. Everything that decides is pure and lives in the modules named here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import orjson

from greffon.engine.cache import Cache
from greffon.engine.queue import Key
from greffon.engine.scope import note
from greffon.engine.workers import Result
from greffon.model.errors import SpecError
from greffon.model.plugin import Plugin
from greffon.reconcile import revisions
from greffon.reconcile.admit import admit
from greffon.reconcile.apply import Applier
from greffon.reconcile.assess import Situation, assess, refused
from greffon.reconcile.observe import Observation, observe
from greffon.reconcile.plan import Plan, plan
from greffon.reconcile.report import Reporter
from greffon.reconcile.seen import Seen
from greffon.reconcile.trouble import Trouble
from greffon.resources.context import Context
from greffon.resources.desired import desired
from greffon.resources.effective import Effective, effective


class PluginReconciler:
    """Makes the cluster match a Plugin, and its status match the cluster."""

    def __init__(
        self,
        cache: Cache[Seen],
        applier: Applier,
        reporter: Reporter,
        context: Callable[[], Context],
        now: Callable[[], datetime],
    ) -> None:
        self._cache, self._applier, self._reporter = cache, applier, reporter
        self._context, self._now = context, now

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
        o = observe(plugin, entry, self._cache, self._context(), self._now())
        e = effective(plugin.spec, o.context)
        if refusal := admit(plugin.spec, e, o.context):
            return await self._reporter.tell(entry, o, e, refused(o, refusal))
        choice = revisions.choose(o.identity, plugin.spec, e, o.revisions)
        note(revision=choice.number)
        todo = self._plan(o, e, choice)
        if o.revisions and todo.creates and await self._applier.has_vanished(entry):
            return Result()  # its children are missing because it is deleted: do not fight the garbage collector
        troubles = await self._carry_out(o, choice, todo)
        o = observe(plugin, entry, self._cache, o.context, o.now)
        situation = assess(o, e, choice.number, troubles)
        result = await self._reporter.tell(entry, o, e, situation)
        await self._tidy(o, choice.number, situation, keep=e.history_limit)
        return result if not any(t.retry for t in troubles) else Result(failed=True)

    def _plan(self, o: Observation, e: Effective, choice: revisions.Choice) -> Plan:
        wanted = desired(o.identity, o.plugin.spec, choice.number, o.context)
        kept = revisions.kept(o.revisions, choice.number, e.history_limit)
        return plan([choice.obj, *wanted], o.children, self._applier.accepted, kept_files=revisions.kept_files(kept))

    async def _carry_out(self, o: Observation, choice: revisions.Choice, todo: Plan) -> tuple[Trouble, ...]:
        self._reporter.announce(o, choice, todo)
        results = await self._applier.carry_out(todo, o.plugin.uid)
        return tuple(result for result in results if isinstance(result, Trouble))

    async def _tidy(self, o: Observation, current: int, situation: Situation, *, keep: int) -> None:
        """Old revisions step back once the new one serves; those beyond the limit go."""
        if situation.active != current:
            return
        for seen in revisions.to_supersede(o.children, current):
            await self._reporter.write_status(revisions.state_of(seen, "Superseded"))
        for seen in revisions.to_reactivate(o.children, current):
            await self._reporter.write_status(revisions.state_of(seen, "Active"))
        for seen in revisions.to_delete(o.children, revisions.kept(o.revisions, current, keep)):
            await self._applier.remove(seen)
