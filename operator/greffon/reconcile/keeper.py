"""Keeps the revisions: chooses which one runs, makes that decision durable, and tidies up behind it.

The I/O around the pure decisions of `course` and `revisions`; called by `reconcile.plugin`.
"""

from __future__ import annotations

from typing import Any

from greffon.model.conditions import Reason
from greffon.model.plugin import PluginSpec
from greffon.reconcile import hold, hooks, revisions
from greffon.reconcile.admit import admit, unreadable
from greffon.reconcile.apply import Applier
from greffon.reconcile.archive import Archive
from greffon.reconcile.assess import Situation
from greffon.reconcile.bundle import Bundler
from greffon.reconcile.course import Course, needed, steer
from greffon.reconcile.facts import RevisionFacts
from greffon.reconcile.gate import blocked_revisions
from greffon.reconcile.health import State
from greffon.reconcile.observe import Observation
from greffon.reconcile.plan import WORKLOAD, Plan, plan
from greffon.reconcile.report import Reporter
from greffon.reconcile.rollout import QUARANTINED
from greffon.resources.desired import desired
from greffon.resources.effective import Effective, effective
from greffon.resources.hook_job import hook_job

Json = dict[str, Any]


class Keeper:
    """Carries out what concerns revisions themselves, not what they run."""

    def __init__(self, applier: Applier, reporter: Reporter, archive: Archive, bundler: Bundler) -> None:
        self._applier, self._reporter, self._archive, self._bundler = applier, reporter, archive, bundler

    async def steer(self, o: Observation, e: Effective, choice: revisions.Choice) -> tuple[Course, PluginSpec]:
        """The course and what it runs. An older revision passes the checks of today, or it is none to go back to."""
        blocked = dict(blocked_revisions(o))
        while True:
            course = steer(o, e, choice, blocked)
            if course.number == choice.number:
                return course, o.plugin.spec
            spec = await self._archive.spec(o.plugin, course.number)
            refusal = admit(spec, effective(spec, o.context), o.context) if spec else unreadable(course.number)
            if spec and not refusal:
                return course, spec
            blocked[course.number] = refusal.message if refusal else ""

    async def plan(
        self, o: Observation, e: Effective, spec: PluginSpec, choice: revisions.Choice, course: Course
    ) -> tuple[hooks.Stage, Plan]:
        """Where the hooks are, and what to write and remove in this pass; `e` and `spec` are of what is to run."""
        stage, hook = await self._stage(o, e, spec, course)
        restart, stopped = course.requests.restart, course.run is None
        children = desired(o.identity, spec, course.number, o.context, restart=restart, stopped=stopped)
        files = revisions.kept_files(revisions.kept(o.revisions, needed(o, course), e.history_limit))
        wanted, held = [choice.obj, *children, *hook], WORKLOAD if stage.holds else ()
        return stage, plan(wanted, o.children, self._applier.accepted, kept_files=files, held=held)

    async def _stage(
        self, o: Observation, e: Effective, spec: PluginSpec, course: Course
    ) -> tuple[hooks.Stage, list[Json]]:
        stage = hooks.stage(o, e, course.past, course.situation, course.run, reset=course.requests.reset)
        if stage.start is None:
            return stage, []
        turn = stage.start
        of = spec if turn.revision == course.number else await self._archive.spec(o.plugin, turn.revision)
        if of is None:
            return hooks.NO_HOOKS, []  # the revision that leaves cannot be read any more, and is not kept for that
        return stage, [hook_job(o.identity, of, turn.revision, turn.hook, hooks.occasion(o.plugin), o.context)]

    async def hold(self, o: Observation) -> Plan:
        """What to repair of a plug-in whose spec may not run."""
        number = hold.held(o)
        spec = await self._archive.spec(o.plugin, number) if number else None
        return hold.hold(o, spec, number, self._applier.accepted) if spec else hold.NOTHING

    async def decree(self, o: Observation, course: Course) -> None:
        """Make the decision durable before it is carried out: whoever comes after a crash decides alike."""
        seen = {child.facts.number: child for child in o.children if isinstance(child.facts, RevisionFacts)}
        for number, fault in course.quarantine:
            if number in seen:
                bundle = await self._bundler.of(o, course, number, fault)
                body = revisions.quarantined(seen[number], fault, o.now, bundle.last_words, bundle.changes)
                await self._reporter.write_status(body)
        if course.requests.reset:
            for child, state in revisions.to_move(o.children, course.number, course.past.good, reset=True):
                if isinstance(child.facts, RevisionFacts) and child.facts.state == QUARANTINED:
                    await self._reporter.write_status(revisions.state_of(child, state))

    async def tidy(self, o: Observation, course: Course, situation: Situation, *, keep: int) -> bool:
        """Old revisions step back once the new one is in place; those beyond the limit go, and old Jobs of hooks.

        Gives whether a revision went: its files may go in the next pass.
        """
        for hooked in hooks.ended_before(o):
            await self._applier.remove(hooked.seen)
        if course.run is None or not (situation.active == course.run or _rests(situation)):
            return False
        for child, state in revisions.to_move(o.children, course.run, course.past.good, reset=False):
            await self._reporter.write_status(revisions.state_of(child, state))
        gone = revisions.to_delete(o.children, revisions.kept(o.revisions, needed(o, course), keep))
        for child in gone:
            await self._applier.remove(child)
        return bool(gone)


def _rests(situation: Situation) -> bool:
    """Nothing is to run, and nothing does: the revision is in place all the same."""
    inner = situation.inner
    asked = inner is not None and inner.reason in (Reason.SUSPENDED, Reason.SCALED_TO_ZERO)
    return asked and inner is not None and inner.state is not State.WORKING
