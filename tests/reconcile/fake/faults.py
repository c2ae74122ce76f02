"""What goes wrong between a client and the server, on order. Asked by `server` for each request and by `streaming` for
each event.

A test adds rules; the first one that has something to say about a request or an event decides. `calm` ends it all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.reconcile.fake.request import Refused, Request
from tests.reconcile.fake.store import Change


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request.

    Attributes:
        before, after: seconds on the way to the server and back.
        refuse: the answer, without the request being carried out.
        lose: the connection breaks before the request arrives, or after it was carried out.
        crash: the client's process dies before the request arrives, or after it was carried out.
    """

    before: float = 0.001
    after: float = 0.001
    refuse: Refused | None = None
    lose: Literal["", "request", "answer"] = ""
    crash: Literal["", "before", "after"] = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """What happens to one event on a stream.

    Attributes:
        lag: seconds behind the write.
        copies: 0 loses it, 2 delivers it twice.
        late: it is delivered after the next event.
        end: then the stream ends: "broken", or with an ERROR event of this code.
    """

    lag: float = 0.003
    copies: int = 1
    late: bool = False
    end: Literal["", "broken"] | int = ""


FINE = Fault()
ON_TIME = Slip()
RequestRule = Callable[[Request], Fault | None]
EventRule = Callable[[Request, Change], Slip | None]


class Faults:
    """The rules in force.

    Attributes:
        requests, events: rules; the first that answers decides.
        crash: what a fault calls to kill the client's process.
        epoch: counts the moments when all streams broke.
    """

    def __init__(self) -> None:
        self.requests: list[RequestRule] = []
        self.events: list[EventRule] = []
        self.crash: Callable[[], None] = lambda: None
        self.epoch = 0

    def of(self, request: Request) -> Fault:
        """The fate of a request."""
        return next((fault for rule in self.requests if (fault := rule(request))), FINE)

    def slip(self, request: Request, change: Change) -> Slip:
        """The fate of an event on the stream that `request` opened."""
        return next((slip for rule in self.events if (slip := rule(request, change))), ON_TIME)

    def calm(self) -> None:
        """From now on everything works."""
        self.requests.clear()
        self.events.clear()


def sometimes(fault: Fault, match: Callable[[Request], bool], *, skip: int = 0, times: int = 1) -> RequestRule:
    """A rule that lets `skip` matching requests pass and then meets the next `times`."""
    seen = 0

    def rule(request: Request) -> Fault | None:
        nonlocal seen
        if not match(request):
            return None
        seen += 1
        return fault if skip < seen <= skip + times else None

    return rule


def by_operator(verb: str = "", kind: str = "", subresource: str | None = None) -> Callable[[Request], bool]:
    """Matches requests of the operator."""

    def match(r: Request) -> bool:
        fits = r.actor == "operator" and verb in ("", r.verb) and kind in ("", r.resource.kind)
        return fits and subresource in (None, r.subresource)

    return match
