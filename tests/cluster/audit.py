"""Reads an API server's audit log: who asked for what, and which requests changed something.

Called by tests that count writes and by benchmarks. Works on any log at Metadata level or above, from
the control-plane flavour or from a real cluster. Pure apart from reading the file.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

_MUTATING = frozenset({"create", "update", "patch", "delete", "deletecollection"})
# Posted like objects, but they are questions: nothing is stored.
_QUESTIONS = frozenset(
    {
        "localsubjectaccessreviews",
        "selfsubjectaccessreviews",
        "selfsubjectreviews",
        "selfsubjectrulesreviews",
        "subjectaccessreviews",
        "tokenreviews",
    }
)


class Call(NamedTuple):
    """What requests are grouped by; empty text where a request has no such part."""

    user: str
    verb: str
    resource: str
    subresource: str
    namespace: str


@dataclass(frozen=True)
class Request:
    """One finished request."""

    call: Call
    name: str
    code: int
    dry_run: bool

    @property
    def refused(self) -> bool:
        """Whether the server answered with an error: nothing was changed."""
        return self.code >= 400

    @property
    def mutating(self) -> bool:
        """Whether the request would store something if it succeeded."""
        return self.call.verb in _MUTATING and self.call.resource not in _QUESTIONS and not self.dry_run


@dataclass(frozen=True)
class Writes:
    """Mutating requests, those that took effect apart from those that were refused."""

    done: Counter[Call] = field(default_factory=Counter)
    refused: Counter[Call] = field(default_factory=Counter)


def mark(log: Path) -> int:
    """The position after the last complete line, for `requests(log, since=…)`."""
    try:
        with log.open("rb") as stream:
            return sum(len(line) for line in stream if line.endswith(b"\n"))
    except FileNotFoundError:
        return 0


def requests(log: Path, since: int = 0) -> Iterator[Request]:
    """Every finished request after `since`, in the order in which the server finished them.

    The server may write the line a moment after the client has its answer: wait for the expected
    request, not for a time.
    """
    with log.open("rb") as stream:
        stream.seek(since)
        for line in stream:
            if not line.endswith(b"\n"):  # still being written
                return
            event = json.loads(line)
            if event.get("stage") == "ResponseComplete":
                yield _request(event)


def writes(finished: Iterable[Request], user: str | None = None) -> Writes:
    """Count the mutating ones among `finished`, of one user or of all."""
    counted = Writes()
    for request in finished:
        if request.mutating and user in (None, request.call.user):
            (counted.refused if request.refused else counted.done)[request.call] += 1
    return counted


def _request(event: dict[str, Any]) -> Request:
    subject = event.get("objectRef") or {}
    call = Call(
        user=(event.get("user") or {}).get("username", ""),
        verb=event.get("verb", ""),
        resource=subject.get("resource", ""),
        subresource=subject.get("subresource", ""),
        namespace=subject.get("namespace", ""),
    )
    query = parse_qs(urlsplit(event.get("requestURI", "")).query)
    code = (event.get("responseStatus") or {}).get("code", 0)
    return Request(call, subject.get("name", ""), code, dry_run="dryRun" in query)
