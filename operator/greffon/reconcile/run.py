"""THE STORY of a PluginRun: wait for its turn, make its one Job, read the result, keep it for its time.

Called by `engine.workers` for every key of kind PluginRun. A run never starts twice: its Job's name is derived from
the run's UID, and a run whose Job has vanished has failed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

import orjson

from greffon.engine.cache import Cache
from greffon.engine.queue import Key
from greffon.engine.scope import note
from greffon.engine.workers import Result
from greffon.errors import NotFound
from greffon.kube import kinds
from greffon.kube.api import Api
from greffon.model.conditions import Reason
from greffon.model.errors import SpecError
from greffon.reconcile import run_status
from greffon.reconcile.apply import Applier
from greffon.reconcile.archive import Archive
from greffon.reconcile.plan import Write
from greffon.reconcile.report import Reporter
from greffon.reconcile.run_decide import Action, Decision, decide
from greffon.reconcile.run_observe import RunObservation, observe_run
from greffon.reconcile.seen import Seen
from greffon.reconcile.trouble import Trouble
from greffon.resources.context import Context
from greffon.resources.run_job import job_of, ownership

_log = logging.getLogger(__name__)


class RunReconciler:
    """Carries a PluginRun from wish to result."""

    def __init__(
        self,
        api: Api,
        cache: Cache[Seen],
        applier: Applier,
        reporter: Reporter,
        archive: Archive,
        context: Callable[[], Context],
        now: Callable[[], datetime],
    ) -> None:
        self._api, self._cache, self._applier, self._reporter = api, cache, applier, reporter
        self._archive, self._context, self._now = archive, context, now
        self._starting: set[str] = set()

    async def reconcile(self, key: Key) -> Result:
        """One pass. Raises ApiError when the API server could not be asked; the caller tries again."""
        entry = self._cache.get(key)
        if entry is None or entry.deleting:
            return Result()
        try:
            o = observe_run(entry, self._cache, self._context(), self._now(), self._starting)
        except SpecError:
            return Result()  # the schema admits no such object; a newer version of us may read it
        note(plugin=o.run.spec.plugin_ref.name)
        decision = decide(o)
        match decision.action:
            case Action.EXPIRE:
                return await self._expire(entry)
            case Action.START:
                self._starting.add(entry.uid)
                try:
                    return await self._start(entry, o)
                finally:
                    self._starting.discard(entry.uid)
            case Action.KEEP:
                return Result(requeue_after=decision.requeue_after)
            case Action.STOP:
                await self._stop(o)
                return await self._tell(entry, o, decision)
            case Action.TELL:
                return await self._tell(entry, o, decision)

    async def _start(self, entry: Seen, o: RunObservation) -> Result:
        """Job first, status afterwards: after a crash in between the Job is found by its name."""
        if o.plugin is None or o.revision is None:
            raise AssertionError("a run starts only with a plug-in and a revision")
        if not o.is_owned:
            await self._api.apply(ownership(o.run, o.plugin), uid=o.run.uid)
        spec = o.plugin.spec if o.is_newest else await self._archive.spec(o.plugin, o.revision)
        if spec is None or spec.run is None or spec.run.mode != "Job":
            text = f"revision r{o.revision}, which runs now, cannot be run as a Job"
            return await self._tell(entry, o, Decision.waiting(Reason.PLUGIN_NOT_READY, text))
        obj = job_of(o.run, o.plugin, spec, o.revision, o.context)
        outcome = await self._applier.write(Write(obj, None), o.run.uid)
        if isinstance(outcome, Trouble) and outcome.reason is Reason.CHILD_REJECTED:
            return await self._tell(entry, o, Decision.refused(f"{outcome.message}; the run can never start"))
        if isinstance(outcome, Trouble):
            return await self._tell(entry, o, Decision.waiting(outcome.reason, outcome.message), failed=outcome.retry)
        return await self._tell(entry, o, Decision.running(obj["metadata"]["name"]))

    async def _stop(self, o: RunObservation) -> None:
        if o.job:
            await self._applier.remove(o.job)

    async def _expire(self, entry: Seen) -> Result:
        await self._api.delete(kinds.PLUGIN_RUN, entry.key.namespace, entry.key.name, uid=entry.uid)
        return Result()

    async def _tell(self, entry: Seen, o: RunObservation, decision: Decision, *, failed: bool = False) -> Result:
        made = run_status.compose(o, decision)
        if made != (orjson.loads(entry.body).get("status") or {}):
            # Not the message: it may quote what the plug-in said last, and that is the plug-in's own.
            _log.info("run is %s", decision.reason, extra={"outcome": made.get("outcome", "")})
            try:
                await self._reporter.write_status(run_status.apply_body(o.run, made))
            except NotFound:
                return Result()
        return Result(requeue_after=decision.requeue_after, failed=failed)
