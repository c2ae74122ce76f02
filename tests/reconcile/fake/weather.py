"""Random faults from a seed: the same seed gives the same weather. Used by `scenario`."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.reconcile.fake.faults import Fault, Faults, Slip
from tests.reconcile.fake.request import Refused, Request
from tests.reconcile.fake.store import Change


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad it is.

    Attributes:
        seed: of everything that is random here.
        requests: share of the operator's requests that meet a fault.
        crashes: share of its writes at which it dies.
        streams: share of the events after which a stream breaks, expires or repeats.
        lies: share of the events that a stream loses or reorders, which no correct server does.
    """

    seed: int
    requests: float = 0.0
    crashes: float = 0.0
    streams: float = 0.0
    lies: float = 0.0

    def over(self, faults: Faults) -> None:
        """Let it begin."""
        luck = random.Random(self.seed)  # noqa: S311 - repeatable, not secret
        faults.requests.append(lambda request: self._of_request(luck, request))
        faults.events.append(lambda request, change: self._of_event(luck, change))

    def _of_request(self, luck: random.Random, request: Request) -> Fault | None:
        if luck.random() < self.crashes and request.writes and request.actor == "operator":
            return Fault(crash=luck.choice(("before", "after")))
        if luck.random() >= self.requests:
            return None
        return luck.choice(
            (
                Fault(refuse=Refused(429, "slow down", retry_after=luck.choice((0, 1, 5)))),
                Fault(refuse=Refused(500, "etcdserver: request timed out")),
                Fault(refuse=Refused(503, "unavailable")),
                Fault(refuse=Refused(504, "timeout")),
                Fault(lose="request"),
                Fault(lose="answer"),
                Fault(lose="answer", before=luck.random(), after=luck.random()),
                Fault(before=luck.random() * 3, after=luck.random() * 3),
                Fault(after=luck.random() * 3),
                Fault(after=40.0),
            )
        )

    def _of_event(self, luck: random.Random, change: Change) -> Slip | None:
        lag = luck.choice((0.0, 0.003, 0.003, 0.003, 0.1, 1.0, 3.0))
        if luck.random() < self.lies:
            return luck.choice((Slip(copies=0), Slip(late=True), Slip(late=True, lag=lag)))
        if luck.random() < self.streams:
            return luck.choice(
                (Slip(lag, end="broken"), Slip(lag, end=410), Slip(lag, end=500), Slip(lag, copies=2), Slip(lag))
            )
        return None
