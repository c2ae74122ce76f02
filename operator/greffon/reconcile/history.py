"""`status.history`: who ran when and why it changed. Pure; read by `reconcile.course`, grown by `reconcile.status`.

Newest first. An entry is derived from the difference between what the status says and what is decided now, so that a
process that died in between adds it later, and none is added twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from greffon.model.plugin_status import HistoryEntry

ACTIVATED = "Activated"
ROLLED_BACK = "RolledBack"
MANUAL = "ManualRollback"
QUARANTINED = "Quarantined"
DEACTIVATED = "Deactivated"
RESET = "Reset"
_SERVING = (ACTIVATED, ROLLED_BACK, MANUAL)
LIMIT = 50


@dataclass(frozen=True, slots=True)
class Past:
    """What a decision needs of the history.

    Attributes:
        good: revisions that have served, the latest first, each once.
        serving: the revision that served last, and since when; None when none did.
        in_a_row: automatic rollbacks since the last activation.
        reset: when quarantine was lifted last; what happened before counts no more.
        highest: the highest number of a revision that it names.
    """

    good: tuple[int, ...]
    serving: int | None
    since: datetime | None
    action: str
    in_a_row: int
    reset: datetime | None = None
    highest: int = 0


def read(entries: Sequence[HistoryEntry], last_good: int = 0) -> Past:
    """Digest a history.

    Args:
        last_good: what the status calls so; all there is when an older release wrote it.
    """
    serving = [entry for entry in entries if entry.action in _SERVING]
    good = tuple(dict.fromkeys(entry.revision for entry in serving)) or ((last_good,) if last_good else ())
    in_a_row = next((i for i, entry in enumerate(serving) if entry.action != ROLLED_BACK), len(serving))
    newest = serving[0] if serving else None
    stopped = next((entry.action for entry in entries if entry.action in (*_SERVING, DEACTIVATED)), "") == DEACTIVATED
    return Past(
        good=good,
        serving=newest.revision if newest and not stopped else None,
        since=newest.time if newest and not stopped else None,
        action=newest.action if newest and not stopped else "",
        in_a_row=in_a_row,
        reset=next((entry.time for entry in entries if entry.action == RESET), None),
        highest=max((entry.revision for entry in entries), default=0),
    )


@dataclass(frozen=True, slots=True)
class News:
    """What is decided and seen now, as far as history is concerned.

    Attributes:
        quarantined: (revision, cause) of those whose quarantine the status does not show yet.
        serves: the revision that serves well, None when none does.
        fallen_back: the revision that runs because another one failed.
        pinned: the revision that a person asked for.
        reset: the desired revision, when quarantine is being lifted.
        stopped: the spec asks for nothing to run, and nothing does.
    """

    quarantined: tuple[tuple[int, str], ...] = ()
    serves: int | None = None
    fallen_back: int | None = None
    pinned: int | None = None
    reset: int | None = None
    stopped: bool = False


def grow(past: Past, news: News) -> list[tuple[str, int, str]]:
    """New entries, the oldest first: (action, revision, cause)."""
    made = [(QUARANTINED, number, cause) for number, cause in news.quarantined]
    if news.reset is not None:
        made.append((RESET, news.reset, "asked for by annotation"))
    if news.stopped:
        if past.serving is not None:
            made.append((DEACTIVATED, past.serving, "spec.suspend is true"))
    elif news.pinned is not None:
        if (past.serving, past.action) != (news.pinned, MANUAL):
            made.append((MANUAL, news.pinned, "asked for by annotation"))
    elif news.fallen_back is not None:
        if news.quarantined:
            made.append((ROLLED_BACK, news.fallen_back, news.quarantined[-1][1]))
        elif past.serving != news.fallen_back:
            made.append((ACTIVATED, news.fallen_back, "in place of what is quarantined"))
    elif news.serves is not None and past.serving != news.serves:
        made.append((ACTIVATED, news.serves, ""))
    return made
