"""A queue of keys with the semantics of client-go's work queue, fair across namespaces.

Filled by `engine.intake` and by results of reconciles; drained by `engine.workers`. A key is never handed to two
workers at once; a key added while it is being worked on comes again afterwards, once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Names an object, never carries it: the worker reads the newest state itself."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


class Priority(IntEnum):
    """Who asked: a user waits for an answer, a resync does not."""

    USER = 0
    CHILD = 1
    RESYNC = 2


class Queue:
    """Dirty set, processing set, delayed keys and per-key back-off.

    Args:
        base: seconds of the first retry; doubled for each failure in a row.
        cap: longest back-off in seconds.
        on_add, on_retry, on_get: observers for metrics; `on_get` receives the seconds spent waiting.
    """

    def __init__(
        self,
        *,
        base: float = 0.5,
        cap: float = 300.0,
        on_add: Callable[[], None] = lambda: None,
        on_retry: Callable[[], None] = lambda: None,
        on_get: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._base, self._cap = base, cap
        self._on_add, self._on_retry, self._on_get = on_add, on_retry, on_get
        self._ready: tuple[OrderedDict[str, deque[Key]], ...] = tuple(OrderedDict() for _ in Priority)
        self._dirty: dict[Key, tuple[Priority, float]] = {}
        self._processing: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, tuple[float, asyncio.Handle]] = {}
        self._closed = False
        self._quiet: asyncio.Future[None] | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._dirty)

    @property
    def processing(self) -> int:
        """Number of keys handed out and not yet done."""
        return len(self._processing)

    @property
    def idle(self) -> bool:
        """Nothing is waiting or under way (delayed keys do not count)."""
        return not self._dirty and not self._processing

    def add(self, key: Key, priority: Priority = Priority.USER) -> None:
        """Ask for a key to be worked on; asking again before that changes at most its priority."""
        self._cancel_timer(key)
        known = self._dirty.get(key)
        if known and known[0] <= priority:
            return
        since = known[1] if known else time.monotonic()
        self._dirty[key] = (priority, since)
        if known is None:
            self._on_add()
        if key not in self._processing:
            self._offer(key, priority)

    def add_after(self, key: Key, delay: float, priority: Priority = Priority.CHILD) -> None:
        """Ask for a key in `delay` seconds; the earliest of several wishes counts."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay
        timer = self._timers.get(key)
        if timer and timer[0] <= due:  # kept here: a handle of uvloop without delay does not know its time
            return
        self._cancel_timer(key)
        self._timers[key] = due, loop.call_later(delay, self.add, key, priority)

    def retry(self, key: Key) -> float:
        """Ask for a failed key again after its back-off; gives the delay in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self._on_retry()
        delay = min(self._base * 2.0 ** min(failures, 20), self._cap) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
        self.add_after(key, delay)
        return delay

    def forget(self, key: Key) -> None:
        """End the key's back-off: it succeeded, or its object changed."""
        self._failures.pop(key, None)

    async def get(self) -> Key:
        """Wait for the next key; call `done` with it afterwards."""
        while (key := self._take()) is None:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            try:
                await future
            except asyncio.CancelledError:
                if future.done() and not future.cancelled():
                    self._notify()  # the wake-up was meant for a worker that is still here
                raise
        return key

    def done(self, key: Key) -> None:
        """Hand a key back; it comes again at once if it was added meanwhile."""
        self._processing.discard(key)
        if self._quiet and not self._processing and not self._quiet.done():
            self._quiet.set_result(None)
        if again := self._dirty.get(key):
            self._offer(key, again[0])

    async def quiesce(self) -> None:
        """Hand out nothing more, and wait until everything handed out is done."""
        self._closed = True
        if self._processing:
            self._quiet = asyncio.get_running_loop().create_future()
            await self._quiet

    def close(self) -> None:
        """Cancel the delayed keys."""
        for key in list(self._timers):
            self._cancel_timer(key)

    def _offer(self, key: Key, priority: Priority) -> None:
        lane = self._ready[priority]
        lane.setdefault(key.namespace, deque()).append(key)
        self._notify()

    def _take(self) -> Key | None:
        if self._closed:
            return None
        for priority in Priority:
            lane = self._ready[priority]
            while lane:
                namespace, keys = next(iter(lane.items()))
                key = keys.popleft()
                # The namespace goes to the end of the round: a busy one never starves the others.
                lane.move_to_end(namespace) if keys else lane.pop(namespace)
                entry = self._dirty.get(key)
                if entry is None or entry[0] != priority or key in self._processing:
                    continue  # it was taken through a better lane meanwhile
                del self._dirty[key]
                self._processing.add(key)
                self._on_get(time.monotonic() - entry[1])
                return key
        return None

    def _notify(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return

    def _cancel_timer(self, key: Key) -> None:
        if timer := self._timers.pop(key, None):
            timer[1].cancel()
