"""Every request that reached the server, as an audit log has it. Kept by `server`, counted by tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.reconcile.fake.request import Request


@dataclass(frozen=True, slots=True)
class Entry:
    """A request and what came of it. `changed`: it made a new version of an object."""

    request: Request
    code: int
    changed: bool

    @property
    def label(self) -> str:
        """Kind, subresource and verb: `Plugin/status apply`."""
        r = self.request
        return f"{r.resource.kind}{'/' + r.subresource if r.subresource else ''} {r.verb}"


class Log:
    """Append-only."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self.entries)

    def writes(self, actor: str = "operator", since: int = 0) -> list[Entry]:
        """Accepted requests for a change, whether or not they changed something. Events are counted by `events`."""
        return [
            e
            for e in self.entries[since:]
            if e.request.actor == actor and e.request.writes and e.code < 400 and e.request.resource.kind != "Event"
        ]

    def refused(self, actor: str = "operator", since: int = 0) -> list[Entry]:
        """Requests for a change that the server did not grant."""
        return [e for e in self.entries[since:] if e.request.actor == actor and e.request.writes and e.code >= 400]

    def events(self, since: int = 0) -> list[str]:
        """Reasons of the Events that were posted."""
        found = [e.request for e in self.entries[since:] if e.request.resource.kind == "Event" and e.code < 400]
        return [str(r.body.get("reason") or "series") for r in found]

    def count(self, actor: str = "operator", since: int = 0) -> dict[str, int]:
        """Number of accepted writes by label."""
        return dict(Counter(e.label for e in self.writes(actor, since)))

    @staticmethod
    def show(entries: Iterable[Entry]) -> str:
        """Lines for a failed assertion."""
        return "\n".join(f"{e.code} {'' if e.changed else '(no change) '}{e.request}" for e in entries)
