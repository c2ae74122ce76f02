"""An event loop whose clock jumps: when everything waits for a timer, the timer's moment is now.

Used by `play` for every test of this folder. Nothing in them does real I/O, so a day of the operator's life costs as
long as its work does, and each run of a test is the same run.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
"""Wall clock at loop time 0."""
_REAL_WAIT = 5.0
T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Asks for ready files, but never waits for a timer."""

    advance: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            ready = super().select(_REAL_WAIT)
            if not ready:
                raise RuntimeError("deadlock: every task waits and no timer is set")
            return ready
        self.advance(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A selector loop that counts virtual seconds."""

    def __init__(self) -> None:
        self._virtual = 0.0
        selector = _Selector()
        selector.advance = self._advance
        super().__init__(selector)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual

    def now(self) -> datetime:
        """Virtual wall clock."""
        return BEGIN + timedelta(seconds=self._virtual)

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """Resolve without a thread: the clock would jump while the thread works."""
        return socket.getaddrinfo(host, port, **options)

    def _advance(self, seconds: float) -> None:
        self._virtual += seconds


def play(script: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine function from virtual second 0 to its end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(script())


def here() -> VirtualLoop:
    """The loop that runs this test."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        raise TypeError("a test of this folder runs by `play`")
    return loop


async def cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended; what they raise while ending does not matter any more."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
