"""What `Ready` says when versions are the story: pure. Called by `reconcile.assess`."""

from __future__ import annotations

from greffon.model import keys
from greffon.model.conditions import Reason
from greffon.reconcile.course import Course
from greffon.reconcile.facts import RevisionFacts
from greffon.reconcile.health import Health, State
from greffon.reconcile.observe import Observation
from greffon.reconcile.rollout import Situation


def course_health(o: Observation, course: Course, inner: Health) -> Health:
    """Health of the plug-in: of what runs, as long as that is what the spec asks for."""
    facts = {fact.number: fact for fact in o.revisions}
    wanted, runs = _named(facts, course.desired), _named(facts, course.number)
    again = f"change the spec, or set the annotation {keys.ANNOTATION_RESET} to a new value to try it again"
    match course.situation:
        case Situation.TRYING:
            return inner
        case Situation.UNMANAGED:
            why = course.fault.message if course.fault else ""
            reason = course.fault.reason if course.fault else inner.reason
            return Health(State.FAILING, reason, f"{wanted} failed: {why}; rollback.auto is false, so it runs on")
        case Situation.PINNED:
            text = f"{runs} runs instead of {wanted}, as asked by the annotation {keys.ANNOTATION_ROLLBACK_TO}"
            return Health(State.FAILING, Reason.ROLLED_BACK, f"{text}{_if_failing(inner)}; remove it to go on")
        case Situation.STRANDED:
            text = f"{wanted} failed: {_why(facts, course.desired)}; nothing good to go back to, so nothing runs"
            return Health(State.FAILING, Reason.NO_TARGET, f"{text}; {again}")
        case _:
            text = f"{wanted} failed: {_why(facts, course.desired)}; {runs} runs instead{_if_failing(inner)}"
            return Health(State.FAILING, Reason.ROLLED_BACK, f"{text}; {again}")


def _named(facts: dict[int, RevisionFacts], number: int) -> str:
    return f"revision r{number} ({facts[number].version})" if number in facts else f"revision r{number}"


def _why(facts: dict[int, RevisionFacts], number: int) -> str:
    fact = facts.get(number)
    return f"{fact.cause}: {fact.message}" if fact and fact.cause else "see its PluginRevision"


def _if_failing(inner: Health) -> str:
    return f" ({inner.message})" if inner.state is State.FAILING else ""
