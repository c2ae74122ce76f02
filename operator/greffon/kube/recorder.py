"""Events about our objects, aggregated: one Event per (object, reason, message), repeats counted as its series.

Called by `reconcile.report`; written in the background, so that a reconcile never waits for them, and bounded, so
that a storm never becomes a storm of writes. A lost Event is logged and lost: the status carries the truth.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from greffon.errors import ApiError
from greffon.kube.api import Api
from greffon.kube.kinds import EVENT
from greffon.model.meta import Object

Json = dict[str, Any]
_log = logging.getLogger(__name__)
QUIET_SECONDS = 600.0
"""A repeat within this time is counted but not written."""
LONGEST_QUEUE = 1000


@dataclass(slots=True)
class _Series:
    name: str
    written_at: float
    count: int


class Recorder:
    """Records Events.

    Args:
        instance: name of this operator instance (its pod).
        clock: monotonic seconds.
    """

    def __init__(self, api: Api, *, instance: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._api, self._instance, self._clock = api, instance[:128], clock
        self._series: dict[tuple[str, str, str], _Series] = {}
        self._queue: asyncio.Queue[Callable[[], Any]] = asyncio.Queue(LONGEST_QUEUE)

    def record(self, about: Object, type_: str, reason: str, message: str) -> None:
        """Note something. `type_` is "Normal" or "Warning", `reason` a stable CamelCase word."""
        text = message[:1000]
        place = (about.uid, reason, text)
        now = self._clock()
        series = self._series.get(place)
        if series is None:
            while len(self._series) >= 4096:
                self._series.pop(next(iter(self._series)))
            series = self._series[place] = _Series(self._name(about, place), now, 1)
            self._put(lambda: self._api.create(self._event(about, series.name, type_, reason, text)))
            return
        series.count += 1
        if now - series.written_at >= QUIET_SECONDS:
            series.written_at = now
            patch = {"series": {"count": series.count, "lastObservedTime": _micro_now()}}
            self._put(lambda: self._api.merge(EVENT, about.namespace, series.name, patch))

    async def run(self) -> None:
        """Write what was recorded, for ever."""
        while True:
            write = await self._queue.get()
            try:
                await write()
            except ApiError as error:
                _log.info("an Event was not written: %s", error)

    def _put(self, write: Callable[[], Any]) -> None:
        try:
            self._queue.put_nowait(write)
        except asyncio.QueueFull:
            _log.warning("more than %d Events wait; one is dropped", LONGEST_QUEUE)

    def _name(self, about: Object, place: tuple[str, str, str]) -> str:
        tail = hashlib.sha256(f"{self._instance}{time.time_ns()}{place}".encode()).hexdigest()[:12]
        return f"{about.name}.{tail}"

    def _event(self, about: Object, name: str, type_: str, reason: str, text: str) -> Json:
        return {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {"name": name, "namespace": about.namespace},
            "eventTime": _micro_now(),
            "reportingController": "greffon.dev/operator",
            "reportingInstance": self._instance,
            "action": "Reconcile",
            "type": type_,
            "reason": reason,
            "note": text,
            "regarding": {
                "apiVersion": "greffon.dev/v1alpha1",
                "kind": type(about).__name__,
                "name": about.name,
                "namespace": about.namespace,
                "uid": about.uid,
            },
        }


def _micro_now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
