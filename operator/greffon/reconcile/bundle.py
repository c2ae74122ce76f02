"""The crash bundle of a revision: its last words, and what it changed. Called by `reconcile.keeper`.

Two reads at once, each asked for once and for `SECONDS` at most: no decision waits longer, or fails, for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from greffon.kube import kinds
from greffon.kube.api import Api
from greffon.model import keys
from greffon.model.conditions import Reason
from greffon.model.plugin import PluginSpec
from greffon.reconcile.archive import Archive
from greffon.reconcile.course import Course
from greffon.reconcile.facts import PodFacts
from greffon.reconcile.faults import Fault
from greffon.reconcile.last_words import public_words, redact
from greffon.reconcile.observe import Observation
from greffon.reconcile.result import tail_of
from greffon.reconcile.rollout import QUARANTINED
from greffon.reconcile.seen import Seen
from greffon.resources.revisions import snapshot

SECONDS = 2.0
MOST_CHANGES, LONGEST_PATH = 50, 256
_DEEPEST = 16
_GONE = object()
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is kept of a failure.

    Attributes:
        last_words: the end of what it said, redacted, or why there is none.
        changes: paths of what differs from the last good revision; () when there is none to compare with.
    """

    last_words: str
    changes: tuple[str, ...] = ()


class Bundler:
    """Gathers bundles."""

    def __init__(self, api: Api, archive: Archive) -> None:
        self._api, self._archive = api, archive

    async def of(self, o: Observation, course: Course, number: int, fault: Fault) -> Bundle:
        """The bundle of a revision that has just been found at fault. Raises nothing."""
        good = last_good(o, course, number)
        specs = asyncio.gather(self._spec(o, course, number), self._spec(o, course, good))
        said, (spec, before) = await asyncio.gather(self._said(o, number, fault), specs)
        if isinstance(said, Unread):
            words = f"no last words: {said.reason}"
        else:
            words = redact(said, public_words(spec) if spec else frozenset())
        return Bundle(words, changes(snapshot(before), snapshot(spec)) if spec and before else ())

    async def _said(self, o: Observation, number: int, fault: Fault) -> str | Unread:
        chosen = witness(o.pods_seen, number, hooks=fault.reason is Reason.HOOK_FAILED)
        if chosen is None:
            return Unread("no process of it has ended")
        try:
            async with asyncio.timeout(SECONDS):
                text = last_words_of(await self._api.get(kinds.POD, chosen.key.namespace, chosen.key.name))
        except Exception as error:  # whatever it is: what must happen next is to go back
            return Unread(f"its pod could not be read ({type(error).__name__})")
        return text if text.strip() else Unread("it said nothing")

    async def _spec(self, o: Observation, course: Course, number: int) -> PluginSpec | None:
        if number == course.desired:
            return o.plugin.spec
        try:
            async with asyncio.timeout(SECONDS):
                return await self._archive.spec(o.plugin, number) if number else None
        except Exception:  # the same
            return None


@dataclass(frozen=True, slots=True)
class Unread:
    """Why there are no last words."""

    reason: str


def witness(pods: Iterable[Seen], number: int, *, hooks: bool) -> Seen | None:
    """The pod of a revision whose process ended last. Those that the platform took away say nothing about the fault.

    Args:
        hooks: the fault is a hook's, whose pods are others.
    """
    known = [(seen, seen.facts) for seen in pods if isinstance(seen.facts, PodFacts)]
    mine = [(seen, f) for seen, f in known if f.revision == number and bool(f.hook) is hooks and not f.disruption]
    ended = [(seen, f) for seen, f in mine if f.ended]
    return max(ended, key=lambda one: (one[1].finished_at, one[0].key.name))[0] if ended else None


def last_words_of(pod: Json) -> str:
    """The termination message of the plug-in's container: what a runner reports of a run, else the end of the log.

    The kubelet keeps it in the status of the pod (`terminationMessagePolicy: FallbackToLogsOnError`), 2 KiB at most.
    """
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    container: Json = next((status for status in statuses if status.get("name") == keys.CONTAINER), {})
    state, last = container.get("state") or {}, container.get("lastState") or {}
    ended = state.get("terminated") or last.get("terminated") or {}
    return tail_of(str(ended.get("message") or ""))


def last_good(o: Observation, course: Course, number: int) -> int:
    """The newest other revision that has served and is not in quarantine; 0 when there is none."""
    standing = {fact.number for fact in o.revisions if fact.state != QUARANTINED}
    return next((good for good in course.past.good if good != number and good in standing), 0)


def changes(before: Any, after: Any) -> tuple[str, ...]:
    """Paths of the fields that differ, never their values, in alphabetical order; "…" stands for more."""
    found = sorted({_short(path) for path in _differ(before, after, "", _DEEPEST)})
    return tuple(found) if len(found) <= MOST_CHANGES else (*found[: MOST_CHANGES - 1], "…")


def _differ(before: Any, after: Any, path: str, depth: int) -> Iterator[str]:
    mine, theirs = _parts(before), _parts(after)
    if depth == 0 or mine is None or theirs is None or (path and not (mine and theirs)):
        if before != after:
            yield path
        return
    for name in sorted({*mine, *theirs}):
        yield from _differ(mine.get(name, _GONE), theirs.get(name, _GONE), _joined(path, name), depth - 1)


def _parts(value: Any) -> dict[str, Any] | None:
    """Members of an object, and of a list of objects that have names; None for whatever is compared as a whole."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(one, dict) and "name" in one for one in value):
        named = {f"[{one['name']}]": one for one in value}
        return named if len(named) == len(value) else None
    return None


def _joined(path: str, name: str) -> str:
    text = "".join(c if c.isprintable() else "▒" for c in name)
    if text.startswith("["):
        return path + text
    plain = text.isascii() and text.replace("-", "_").isidentifier()
    return f"{path}.{text}".removeprefix(".") if plain else f"{path}[{text}]"


def _short(path: str) -> str:
    return path if len(path) <= LONGEST_PATH else path[: LONGEST_PATH - 1] + "…"
