"""Which revision a spec is, and which old ones may go: pure. Called by `reconcile.plugin`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from greffon.kube import kinds
from greffon.model import keys
from greffon.model.plugin import PluginSpec
from greffon.reconcile.facts import RevisionFacts
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


def choose(plugin: Identity, spec: PluginSpec, e: Effective, known: Sequence[RevisionFacts]) -> Choice:
    """The known revision with the same content, newest first, or the next number."""
    content = revisions.digest(revisions.snapshot(spec))
    for fact in reversed(known):
        if fact.content_hash == content:
            same = revisions.plugin_revision(plugin, spec, fact.number, parent=fact.parent, sources=fact.sources)
            return Choice(fact.number, same, is_new=False)
    number = known[-1].number + 1 if known else 1
    parent = keys.revision_name(plugin.name, known[-1].number) if known else None
    found = files(e)
    sources = (names.files(plugin.name, found.content_hash),) if found and e.mode else ()
    made = revisions.plugin_revision(plugin, spec, number, parent=parent, sources=sources)
    return Choice(number, made, is_new=True)


def kept(known: Sequence[RevisionFacts], current: int, limit: int) -> tuple[RevisionFacts, ...]:
    """Revisions to keep: the current one and the newest others, `limit` in all."""
    others = [fact for fact in known if fact.number != current]
    room = max(limit - 1, 0)
    newest = others[-room:] if room else []
    return tuple(fact for fact in known if fact.number == current or fact in newest)


def kept_files(facts: Collection[RevisionFacts]) -> frozenset[str]:
    """ConfigMaps that these revisions mount."""
    return frozenset(name for fact in facts for name in fact.sources)


def to_supersede(children: Collection[Seen], current: int) -> list[Seen]:
    """Revisions that still say Active though another one runs."""
    return [
        seen
        for seen in children
        if isinstance(seen.facts, RevisionFacts) and seen.facts.number != current and seen.facts.state == "Active"
    ]


def to_reactivate(children: Collection[Seen], current: int) -> list[Seen]:
    """The current revision, when an earlier change had superseded it."""
    return [
        seen
        for seen in children
        if isinstance(seen.facts, RevisionFacts) and seen.facts.number == current and seen.facts.state != "Active"
    ]


def to_delete(children: Collection[Seen], keep: Collection[RevisionFacts]) -> list[Seen]:
    """Revisions beyond the history limit."""
    numbers = {fact.number for fact in keep}
    return [
        seen
        for seen in children
        if isinstance(seen.facts, RevisionFacts) and seen.facts.number not in numbers and not seen.deleting
    ]


def state_of(seen: Seen, state: str) -> Json:
    """The status of a revision, to be applied."""
    return {
        "apiVersion": kinds.PLUGIN_REVISION.api_version,
        "kind": kinds.PLUGIN_REVISION.kind,
        "metadata": {"name": seen.key.name, "namespace": seen.key.namespace, "uid": seen.uid},
        "status": {"state": state},
    }
