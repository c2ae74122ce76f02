"""The part of a Plugin's status that tells of versions: who runs, who ran, who failed. Pure; called by `status`."""

from __future__ import annotations

from typing import Any

from greffon.model import keys
from greffon.model.base import to_rfc3339
from greffon.model.conditions import Reason
from greffon.model.plugin import Plugin
from greffon.model.plugin_status import Revisions
from greffon.reconcile import history, rollout
from greffon.reconcile.assess import Situation
from greffon.reconcile.course import Course
from greffon.reconcile.health import State
from greffon.reconcile.observe import Observation
from greffon.reconcile.rollout import QUARANTINED

Json = dict[str, Any]


def rolled_back(s: Situation) -> list[tuple[str, bool, Reason, str]]:
    """Only when another revision runs than the spec asks for, or a request to that end cannot be met."""
    if s.course is None:
        return []
    refused = s.course.requests.refused
    if s.course.run not in (s.course.desired, None):
        text = f"{s.health.message}; not done: {refused}" if refused else s.health.message
        return [("RolledBack", True, s.health.reason, text)]
    return [("RolledBack", False, Reason.REQUEST_REFUSED, refused)] if refused else []


def pin(plugin: Plugin, s: Situation, before: Revisions | None) -> Json:
    """What a person asked for, and for which desired revision."""
    if s.course is None:  # the spec was refused: what was asked for stays as it was
        return {"pinned": before.pinned, "pinnedOver": before.pinned_over} if before else {}
    asked = s.course.requests
    names = {"pinned": asked.pinned, "pinnedOver": asked.pinned_over}
    return {key: keys.revision_name(plugin.name, number) for key, number in names.items() if number}


def history_of(o: Observation, s: Situation) -> list[Json]:
    """Newest first."""
    entries = [entry.to_wire() for entry in o.plugin.status.history]
    if s.course is None:
        return entries
    versions = {fact.number: fact.version for fact in o.revisions}
    made = [
        {"revision": number, "action": action, "time": to_rfc3339(o.now)}
        | ({"version": versions[number]} if number in versions else {})
        | ({"cause": cause[:1024]} if cause else {})
        | ({"by": who[:MOST_OF_A_NAME]} if (who := _who(o, s.course, action)) else {})
        for action, number, cause in history.grow(s.course.past, _news(o, s, s.course))
    ]
    return [*reversed(made), *entries][: history.LIMIT]


def _who(o: Observation, course: Course, action: str) -> str:
    """Who caused an entry: the author of the spec, or whoever wrote the request; "" when it is not known.

    A revision that serves again after a manual rollback: by a spec that asks for it, or because the request was
    withdrawn; the annotations do not tell which.
    """
    again = course.past.action == history.MANUAL and course.desired <= course.past.highest
    key = ""
    if action in (history.MANUAL, history.RESET):
        key = keys.ANNOTATION_ASKED_BY
    elif action == history.DEACTIVATED or (action == history.ACTIVATED and course.run == course.desired and not again):
        key = keys.ANNOTATION_AUTHOR
    return o.plugin.annotations.get(key, "") if o.context.authors_recorded else ""


def _news(o: Observation, s: Situation, course: Course) -> history.News:
    known = {entry.revision for entry in o.plugin.status.quarantined}
    fresh = [
        f for f in o.revisions if f.state == QUARANTINED and keys.revision_name(o.plugin.name, f.number) not in known
    ]
    fell = course.situation in (rollout.Situation.FALLEN_BACK, rollout.Situation.EXHAUSTED)
    good = s.inner is not None and s.inner.state is State.GOOD
    return history.News(
        quarantined=tuple((fact.number, f"{fact.cause}: {fact.message}") for fact in fresh),
        serves=s.active if good and s.active == course.run else None,
        fallen_back=course.run if fell else None,
        pinned=course.run if course.situation is rollout.Situation.PINNED else None,
        reset=course.desired if course.requests.reset else None,
        stopped=bool(o.plugin.spec.suspend) and s.health.state is State.FAILING,
    )


def quarantined(o: Observation) -> list[Json]:
    """Newest first."""
    return [
        {"revision": keys.revision_name(o.plugin.name, fact.number), "cause": fact.cause, "message": fact.message}
        | ({"time": fact.time} if fact.time else {})
        for fact in reversed(o.revisions)
        if fact.state == QUARANTINED
    ][:MOST_QUARANTINED]


MOST_QUARANTINED = 50
MOST_OF_A_NAME = 256
