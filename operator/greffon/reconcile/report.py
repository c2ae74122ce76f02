"""Tells the world: status written only when it differs, Events for what a status cannot show, metrics of the fleet.

Called by `reconcile.plugin` and `reconcile.run`. A rollout that succeeds within the grace time costs one status
write: until then the default of the schema, or the last status, is still true enough.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import orjson

from greffon.engine.queue import Key
from greffon.engine.scope import note
from greffon.engine.workers import Result
from greffon.errors import NotFound
from greffon.kube import kinds
from greffon.kube.api import Api
from greffon.kube.recorder import Recorder
from greffon.model.conditions import Reason
from greffon.model.errors import SpecError
from greffon.reconcile import history, status
from greffon.reconcile.assess import Situation
from greffon.reconcile.course import Course
from greffon.reconcile.health import State
from greffon.reconcile.intake import Intake
from greffon.reconcile.observe import Observation
from greffon.reconcile.plan import Plan
from greffon.reconcile.revisions import Choice
from greffon.reconcile.seen import Seen
from greffon.resources.effective import Effective

Json = dict[str, Any]
_log = logging.getLogger(__name__)
_TOLD = (history.QUARANTINED, history.RESET)
_URGENT = ("handled", "history", "quarantined")
"""Parts of a status that are part of a decision, or that somebody waits for."""
Fleet = Callable[[Key, tuple[str, str, str] | None], None]
"""Called with (key, (type, "True" | "False", reason)) for a Plugin, with None when it is gone."""


class Reporter:
    """Writes statuses and Events.

    Args:
        grace: seconds that a rollout may take before its progress is written.
        fleet: receives what the metrics show of each Plugin.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        api: Api,
        intake: Intake,
        recorder: Recorder,
        *,
        grace: float,
        fleet: Fleet = lambda *_: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api, self._intake, self._recorder = api, intake, recorder
        self._grace, self._fleet, self._clock = grace, fleet, clock
        self._working_since: dict[Key, float] = {}

    def forget(self, key: Key) -> None:
        """The object is gone."""
        self._working_since.pop(key, None)
        self._fleet(key, None)

    async def tell(self, entry: Seen, o: Observation, e: Effective, s: Situation) -> Result:
        """Write the status if it differs and is due; gives when to look again."""
        self._fleet(entry.key, (e.type, str(s.health.state is State.GOOD), str(s.health.reason)))
        wait = self._grace_left(entry.key, s)
        made = status.compose(o, e, s)
        before = orjson.loads(entry.body).get("status") or {}
        if made != before:
            if wait > 0 and all(made.get(part) == before.get(part) for part in _URGENT):
                return Result(requeue_after=wait)
            self._tell_history(o, made.get("history") or [], before.get("history") or [])
            ready = str(s.health.state is State.GOOD)
            _log.info("%s", s.health.message, extra={"ready": ready, "reason": str(s.health.reason)})
            self._warn(entry, o, s)
            await self.write_status(status.apply_body(o.plugin, made))
        return Result(requeue_after=s.settles_in)

    async def unreadable(self, entry: Seen, error: SpecError) -> Result:
        """A spec that the schema let through but the models cannot read: say so, touch nothing else."""
        meta = orjson.loads(entry.body)["metadata"]
        text = f"{error}"[:1000]
        # The spec cannot be read, so neither can the old conditions be trusted: a fixed time keeps this one stable.
        since = meta["creationTimestamp"]
        condition = {
            "reason": str(Reason.INVALID_SPEC),
            "observedGeneration": meta["generation"],
            "lastTransitionTime": since,
        }
        made = {
            "observedGeneration": meta["generation"],
            "conditions": [
                {"type": "Ready", "status": "False", "message": text, **condition},
                {"type": "Reconciling", "status": "False", "message": "", **condition},
                {"type": "Stalled", "status": "True", "message": text, **condition},
            ],
        }
        self._fleet(entry.key, ("", "False", str(Reason.INVALID_SPEC)))
        note(plugin=entry.key.name, generation=meta["generation"])
        if made != (orjson.loads(entry.body).get("status") or {}):
            _log.info("%s", text, extra={"ready": "False", "reason": str(Reason.INVALID_SPEC)})
            identity = {key: meta[key] for key in ("name", "namespace", "uid")}
            await self.write_status(
                {"apiVersion": kinds.PLUGIN.api_version, "kind": "Plugin", "metadata": identity, "status": made}
            )
        return Result()

    def announce(self, o: Observation, choice: Choice, course: Course, todo: Plan) -> None:
        """Events for what is about to be done to a plug-in that was settled before."""
        if choice.is_new and o.revisions:
            text = f"revision r{choice.number} ({o.plugin.spec.version}) is being activated"
            self._recorder.record(o.plugin, "Normal", "Activating", text)
        settled = o.plugin.status.condition("Ready")
        known = settled is not None and settled.status == "True"
        if (
            known
            and not choice.is_new
            and not _turns(o, course)
            and o.plugin.status.observed_generation == o.plugin.generation
        ):
            for write in (write for step in todo.steps for write in step):
                verb = "changed" if write.uid else "deleted"
                where = f"{write.obj['kind']} {write.obj['metadata']['name']}"
                self._recorder.record(
                    o.plugin, "Normal", "DriftRepaired", f"{where} was {verb} by somebody; it is repaired"
                )

    async def write_status(self, body: Json) -> None:
        """Apply a status; an object that is gone or replaced needs none."""
        try:
            stored = await self._api.apply_status(body)
        except NotFound:
            return
        self._intake.remember(kinds.BY_KIND[body["kind"]], stored)

    def _grace_left(self, key: Key, s: Situation) -> float:
        if State.WORKING not in (s.health.state, s.inner.state if s.inner else None):
            self._working_since.pop(key, None)
            return 0.0
        return self._working_since.setdefault(key, self._clock()) + self._grace - self._clock()

    def _tell_history(self, o: Observation, now: list[Json], before: list[Json]) -> None:
        """Events for what is new in the history and does not show as a new reason of `Ready`."""
        known = {(entry["action"], entry["revision"], entry.get("time")) for entry in before}
        for entry in reversed(now):
            if entry["action"] not in _TOLD or (entry["action"], entry["revision"], entry.get("time")) in known:
                continue
            kind = "Warning" if entry["action"] == history.QUARANTINED else "Normal"
            by = f", by {entry['by']}" if "by" in entry else ""
            text = f"revision r{entry['revision']} ({entry.get('version')}): {entry.get('cause', '')}{by}"
            self._recorder.record(o.plugin, kind, entry["action"], text)

    def _warn(self, entry: Seen, o: Observation, s: Situation) -> None:
        """One Event when a plug-in starts to fail for a new reason."""
        before = o.plugin.status.condition("Ready")
        fails = s.health.state is State.FAILING and s.health.reason is not Reason.SUSPENDED
        if fails and (before is None or before.reason != s.health.reason):
            self._recorder.record(o.plugin, "Warning", str(s.health.reason), s.health.message)


def _turns(o: Observation, course: Course) -> bool:
    """The operator itself is changing what runs: by a decision, or because somebody asked for it."""
    runs = o.deployment.revision if o.deployment else course.number
    return runs != course.number or dict(course.requests.handled) != (o.plugin.status.handled or {})
