"""Which revision a spec is, and which old ones may go: pure. Called by `reconcile.plugin`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from greffon.kube import kinds
from greffon.model import keys
from greffon.model.base import to_rfc3339
from greffon.model.plugin import PluginSpec
from greffon.reconcile.facts import RevisionFacts
from greffon.reconcile.faults import Fault
from greffon.reconcile.seen import Seen
from greffon.resources import names, revisions
from greffon.resources.context import Identity
from greffon.resources.effective import Effective
from greffon.resources.files import files

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """The revision that a spec asks for, as the object that records it; `is_new` when it is not written yet."""

    number: int
    obj: Json
    is_new: bool


def choose(
    plugin: Identity,
    spec: PluginSpec,
    e: Effective,
    known: Sequence[RevisionFacts],
    fresh: Callable[[], int] | None = None,
    written: str = "",
) -> Choice:
    """The known revision with the same content, newest first, or the next number.

    Args:
        spec: with its tag resolved; `written` is the hash of what it was before, "" when nothing was to be resolved.
        fresh: gives the number for a content that is not known; None counts on from the known ones.
    """
    content = revisions.digest(revisions.snapshot(spec))
    for fact in reversed(known):
        if fact.content_hash == content:
            before = fact.written if fact.written != fact.content_hash else ""
            same = revisions.plugin_revision(
                plugin, spec, fact.number, parent=fact.parent, sources=fact.sources, written=before
            )
            return Choice(fact.number, same, is_new=False)
    number = fresh() if fresh else known[-1].number + 1 if known else 1
    parent = keys.revision_name(plugin.name, known[-1].number) if known else None
    found = files(e)
    sources = (names.files(plugin.name, found.content_hash),) if found and e.mode else ()
    made = revisions.plugin_revision(plugin, spec, number, parent=parent, sources=sources, written=written)
    return Choice(number, made, is_new=True)


def kept(known: Sequence[RevisionFacts], needed: Collection[int], limit: int) -> tuple[RevisionFacts, ...]:
    """Revisions to keep: those that are needed, quarantined ones so that they stay known, and the newest others.

    Args:
        needed: what runs, what is desired, what one would go back to, what runs in flight use.
        limit: how many in all; only the needed ones may exceed it, and `MOST_QUARANTINED` of the others.
    """
    quarantined = [fact.number for fact in known if fact.state == "Quarantined" and fact.number not in needed]
    firm = {*needed, *quarantined[-MOST_QUARANTINED:]}
    others = [fact.number for fact in known if fact.number not in firm and fact.number not in quarantined]
    room = max(limit - len(firm), 0)
    keep = firm | set(others[-room:] if room else ())
    return tuple(fact for fact in known if fact.number in keep)


MOST_QUARANTINED = 10
"""A pipeline that produces one bad version after another must not fill the cluster with their records."""


def kept_files(facts: Collection[RevisionFacts]) -> frozenset[str]:
    """ConfigMaps that these revisions mount."""
    return frozenset(name for fact in facts for name in fact.sources)


def to_move(children: Collection[Seen], current: int, good: Collection[int], *, reset: bool) -> list[tuple[Seen, str]]:
    """Revisions whose state is no longer true, with the new one; `current` is the one that runs.

    Args:
        good: revisions that have served; one can go back to them.
        reset: quarantine is lifted.
    """
    found = [(seen, seen.facts) for seen in children if isinstance(seen.facts, RevisionFacts)]
    wanted = [(seen, fact.state, _state(fact, current, good, reset=reset)) for seen, fact in found]
    return [(seen, state) for seen, before, state in wanted if state != before]


def _state(fact: RevisionFacts, current: int, good: Collection[int], *, reset: bool) -> str:
    if fact.state == "Quarantined" and not reset:
        return fact.state
    if fact.number == current:
        return "Active"
    if fact.state == "Active" or (fact.state == "Quarantined" and reset):
        return "Standby" if fact.number in good else "Superseded"
    return fact.state


def to_delete(children: Collection[Seen], keep: Collection[RevisionFacts]) -> list[Seen]:
    """Revisions beyond the history limit."""
    numbers = {fact.number for fact in keep}
    return [
        seen
        for seen in children
        if isinstance(seen.facts, RevisionFacts) and seen.facts.number not in numbers and not seen.deleting
    ]


def quarantined(seen: Seen, fault: Fault, now: datetime, last_words: str, changes: Sequence[str] = ()) -> Json:
    """The status of a revision that has failed: the durable part of the decision to go back, with its crash bundle."""
    body = state_of(seen, "Quarantined")
    body["status"] |= {
        "cause": str(fault.reason),
        "message": fault.message[:1024],
        "time": to_rfc3339(now),
        "crashes": fault.crashes,
        "lastWords": last_words,
    }
    if changes:
        body["status"]["changes"] = list(changes)
    return body


def state_of(seen: Seen, state: str) -> Json:
    """The status of a revision, to be applied."""
    return {
        "apiVersion": kinds.PLUGIN_REVISION.api_version,
        "kind": kinds.PLUGIN_REVISION.kind,
        "metadata": {"name": seen.key.name, "namespace": seen.key.namespace, "uid": seen.uid},
        "status": {"state": state},
    }
