"""What the log lines of one reconcile have in common. Opened by `engine.workers`, filled by the reconcilers with
`note`, read by `observe.logs`."""

from __future__ import annotations

import itertools
from contextvars import ContextVar
from dataclasses import dataclass, field

from greffon.engine.queue import Key

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Scope:
    """One reconcile of one key.

    Attributes:
        number: joins the lines of one reconcile; unique in this process.
        facts: what was learnt on the way: generation, revision.
    """

    key: Key
    number: int = field(default_factory=lambda: next(_numbers))
    facts: dict[str, str | int] = field(default_factory=dict)


current: ContextVar[Scope | None] = ContextVar("current", default=None)


def note(**facts: str | int) -> None:
    """Put facts on every line that this reconcile logs from now on."""
    if scope := current.get():
        scope.facts.update(facts)
