"""N workers that drain the queue. Started by `__main__`; each key goes to the reconciler of its kind.

An error of one object never ends a worker and never delays another object.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from greffon.engine import scope
from greffon.engine.queue import Key, Priority, Queue
from greffon.errors import ApiError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """What a reconcile asks for.

    Attributes:
        requeue_after: seconds until the key must be looked at again; None leaves it to events.
        failed: try again with back-off; the object's status already says why.
    """

    requeue_after: float | None = None
    failed: bool = False


Reconciler = Callable[[Key], Awaitable[Result]]
Observer = Callable[[str, str, float], None]
"""Called with (kind, "success" | "requeue_after" | "requeue" | "error", seconds)."""


async def work(queue: Queue, reconcilers: Mapping[str, Reconciler], observe: Observer) -> None:
    """Take keys until cancelled."""
    while True:
        key = await queue.get()
        token = scope.current.set(scope.Scope(key))
        start = time.monotonic()
        try:
            outcome = await _once(key, queue, reconcilers)
            observe(key.kind, outcome, time.monotonic() - start)
        finally:
            scope.current.reset(token)
            queue.done(key)


async def _once(key: Key, queue: Queue, reconcilers: Mapping[str, Reconciler]) -> str:
    try:
        result = await reconcilers[key.kind](key)
    except ApiError as error:
        delay = queue.retry(key)
        _log.warning("reconcile of %s will be tried again in %.1f s: %s", key, delay, error)
        return "error"
    except Exception:
        # A defect met by one object: the others must go on, and this one must not spin.
        delay = queue.retry(key)
        _log.exception("reconcile of %s met a defect; next try in %.1f s", key, delay)
        return "error"
    if result.failed:
        queue.retry(key)
        return "requeue"
    queue.forget(key)
    if result.requeue_after is not None:
        queue.add_after(key, result.requeue_after, Priority.CHILD)
        return "requeue_after"
    return "success"


async def resync(queue: Queue, keys: Callable[[], list[Key]], every: float) -> None:
    """Ask for every key at the lowest priority, for ever: heals what no event told."""
    while True:
        await asyncio.sleep(every)
        for key in keys():
            queue.add(key, Priority.RESYNC)
