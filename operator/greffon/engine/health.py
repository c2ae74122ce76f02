"""Liveness as proven progress: the age of the last sign of life of every watch, and the lag of the event loop.

Fed by `engine.watch`, `engine.source` and `engine.sweep`; asked by `observe.http` for `/healthz` and `/readyz`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable


class Health:
    """Collects signs of life.

    Args:
        limits: seconds without a sign after which a kind counts as dead. A quiet watch gives a bookmark about
            once a minute and is reopened after five; a swept kind gives one per sweep.
        clock: monotonic seconds.
    """

    def __init__(self, limits: dict[str, float], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._seen = {kind: clock() for kind in limits}
        self._beat = clock()
        self._synced = False
        self._checks: list[Callable[[], list[str]]] = []
        self._complaint_since: float | None = None

    def progress(self, kind: str) -> None:
        """The watch or the sweep of this kind has just proved that it works."""
        self._seen[kind] = self._clock()

    def synced(self) -> None:
        """Every cache has been filled once."""
        self._synced = True

    @property
    def ready(self) -> bool:
        """Caches are filled."""
        return self._synced

    def require(self, check: Callable[[], list[str]]) -> None:
        """Ask this too; a problem counts once it has lasted for the time a start may take."""
        self._checks.append(check)

    def ages(self) -> Iterable[tuple[str, float]]:
        """Seconds since the last sign of life, by kind."""
        now = self._clock()
        return ((kind, now - seen) for kind, seen in self._seen.items())

    def age(self, kind: str) -> float:
        """Seconds since the last sign of life of one kind."""
        return self._clock() - self._seen[kind]

    def problems(self) -> list[str]:
        """Reasons to restart the process; empty when all is well."""
        found = [
            f"watch of {kind}: no sign of life for {age:.0f} s (limit {self._limits[kind]:.0f} s)"
            for kind, age in self.ages()
            if age > self._limits[kind]
        ]
        lag = self._clock() - self._beat
        if lag > 15.0:
            found.append(f"event loop: stood still for {lag:.0f} s")
        return found + self._lasting(problem for check in self._checks for problem in check())

    def _lasting(self, problems: Iterable[str]) -> list[str]:
        """Problems of the required checks, once there have been some for a minute."""
        found = list(problems)
        if not found:
            self._complaint_since = None
            return []
        self._complaint_since = self._complaint_since or self._clock()
        return found if self._clock() - self._complaint_since > 60.0 else []

    async def beat(self) -> None:
        """Prove that the loop turns, for ever."""
        while True:
            self._beat = self._clock()
            await asyncio.sleep(1.0)
