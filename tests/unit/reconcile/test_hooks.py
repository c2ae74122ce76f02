"""Which hook comes next, whether the workload waits, and when a hook's failure is the plug-in's."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from greffon.engine.queue import Key
from greffon.model.conditions import Reason
from greffon.reconcile import history
from greffon.reconcile.facts import JobFacts, PodFacts
from greffon.reconcile.health import State
from greffon.reconcile.hooks import KEPT, LEAVE, POST, PRE, Stage, ended_before, fault, occasion, stage
from greffon.reconcile.observe import Hooked, Observation
from greffon.reconcile.rollout import Situation
from greffon.reconcile.seen import Seen
from greffon.resources import names
from tests.unit.reconcile.situations import NOW, ago, deployment, effective_of, job, observation, plugin, pod, revision
from tests.unit.resources.samples import JOB, SERVICE, Json, with_run

HOOKS = {PRE: ["check"], POST: ["announce"], LEAVE: ["say-goodbye"]}
ACTIVATED = {"history": [{"revision": 1, "action": "Activated", "time": ago(600)}]}
OLD, NEW = 1, 2
Facts = dict[str, Any]


def world(*jobs: tuple[str, int, str], wire: Json = SERVICE, status: Json | None = None, **facts: Any) -> Observation:
    """Revision 1 has served, the spec asks for revision 2; each job is (hook, revision, outcome)."""
    subject = plugin(wire | {"hooks": wire.get("hooks", HOOKS)}, ACTIVATED if status is None else status)
    key = occasion(subject)
    made = tuple(hooked(names.hook_job("sample", n, hook, key), hook, outcome) for hook, n, outcome in jobs)
    known = (revision(OLD, hooks=tuple(HOOKS)), revision(NEW, hooks=tuple(HOOKS)))
    seen = {"deployment": deployment(revision=OLD), "revisions": known, "hooks": made} | facts
    return observation(subject, **seen)


def hooked(name: str, hook: str, outcome: str, at: PodFacts | None = None, facts: JobFacts | None = None) -> Hooked:
    """A Job of a hook; one that failed has a pod that ended with exit code 7."""
    ended = pod(ready=False, phase="Failed", ended="Error", exit_code=7) if outcome == "Failed" else None
    live = Seen(Key("Job", "team-a", name), f"uid-{name}", 1, None)
    return Hooked(live, facts or job(outcome, hook=hook), at or ended)


def staged(o: Observation, situation: Situation = Situation.TRYING, run: int | None = NEW, **more: Any) -> Stage:
    return stage(o, effective_of(o.plugin), history.read(o.plugin.status.history), situation, run, **more)


PRE_DONE, LEFT, POST_DONE = (PRE, NEW, "Complete"), (LEAVE, OLD, "Complete"), (POST, NEW, "Complete")
OVER: Facts = {"deployment": deployment(revision=NEW), "pods": (pod(revision=NEW),)}
ON_ITS_WAY: Facts = {"deployment": deployment(revision=NEW, updated=0), "pods": (pod(revision=OLD),)}
# name → (what is seen, hook to start with its revision, whether the workload waits, reason shown)
STAGES: dict[str, tuple[Observation, tuple[str, int] | None, bool, Reason | None]] = {
    "nothing has happened yet": (world(), (PRE, NEW), True, Reason.HOOK_RUNNING),
    "preActivate is at work": (world((PRE, NEW, "")), None, True, Reason.HOOK_RUNNING),
    "preActivate has ended well": (world(PRE_DONE), (LEAVE, OLD), True, Reason.HOOK_RUNNING),
    "preActivate has failed": (world((PRE, NEW, "Failed")), None, True, Reason.HOOK_FAILED),
    "the old revision says goodbye": (world(PRE_DONE, (LEAVE, OLD, "")), None, True, Reason.HOOK_RUNNING),
    "the goodbye has failed": (world(PRE_DONE, (LEAVE, OLD, "Failed")), None, False, Reason.HOOK_RUNNING),
    "both are done": (world(PRE_DONE, LEFT), None, False, Reason.HOOK_RUNNING),
    "the new one is on its way": (world(PRE_DONE, LEFT, **ON_ITS_WAY), None, False, Reason.HOOK_RUNNING),
    "the new one is available": (world(PRE_DONE, LEFT, **OVER), (POST, NEW), False, Reason.HOOK_RUNNING),
    "postActivate is at work": (world((POST, NEW, ""), **OVER), None, False, Reason.HOOK_RUNNING),
    "postActivate has failed": (world((POST, NEW, "Failed"), **OVER), None, False, Reason.HOOK_FAILED),
    "postActivate has ended well": (world(POST_DONE, **OVER), None, False, None),
    "the Jobs of an earlier occasion count for nothing": (
        replace(world(), hooks=(hooked("plg-sample-other", PRE, "Complete"),)),
        (PRE, NEW),
        True,
        Reason.HOOK_RUNNING,
    ),
    "there is no hook": (world(wire=SERVICE | {"hooks": {}}, revisions=(revision(OLD),)), None, False, None),
    "a first revision": (world(status={}, deployment=None), (PRE, NEW), True, Reason.HOOK_RUNNING),
    "a suspended one": (
        world(wire=SERVICE | {"suspend": True}, deployment=deployment(revision=OLD)),
        (LEAVE, OLD),
        True,
        Reason.HOOK_RUNNING,
    ),
    "a suspended one that is gone": (
        world(wire=SERVICE | {"suspend": True}, deployment=deployment(revision=OLD, replicas=0)),
        None,
        False,
        None,
    ),
    "one without replicas": (world(wire=with_run(SERVICE, replicas=0)), None, False, None),
    "a Job plug-in that is in place": (
        world(PRE_DONE, wire=JOB, deployment=None),
        (POST, NEW),
        False,
        Reason.HOOK_RUNNING,
    ),
}


@pytest.mark.parametrize(("o", "start", "holds", "reason"), STAGES.values(), ids=STAGES)
def test_stage(o: Observation, start: tuple[str, int] | None, holds: bool, reason: Reason | None) -> None:
    found = staged(o)
    assert (found.start and (found.start.hook, found.start.revision)) == start
    assert (found.holds, found.health and found.health.reason) == (holds, reason)


@pytest.mark.parametrize(
    ("situation", "run"),
    [(s, OLD) for s in Situation if s not in (Situation.TRYING, Situation.UNMANAGED)] + [(Situation.TRYING, None)],
)
def test_going_back_runs_no_hook(situation: Situation, run: int | None) -> None:
    assert staged(world(), situation, run) == Stage()


def test_a_revision_that_serves_already_runs_no_hook() -> None:
    assert staged(world(), run=OLD) == Stage()


def test_when_quarantine_is_lifted_the_next_pass_has_another_occasion() -> None:
    found = staged(world((PRE, NEW, "Failed")), reset=True)
    assert (found.start, found.holds, found.again_in) == (None, True, 0.1)


def _stuck(at: PodFacts, since: float) -> Observation:
    made = hooked(
        names.hook_job("sample", NEW, PRE, occasion(world().plugin)), PRE, "", at, job(hook=PRE, start=ago(since))
    )
    return replace(world(), hooks=(made,))


UNKNOWN = pod(ready=False, phase="Pending", waiting="ImagePullBackOff", image_refused=True)
AWAY = pod(ready=False, phase="Pending", waiting="ImagePullBackOff")
NO_PLACE = pod(ready=False, phase="Pending", unschedulable="0/3 nodes are available")
LOST = pod(ready=False, phase="Failed", ended="", exit_code=None)
FAULTS: dict[str, tuple[Observation, str | None]] = {
    "none has run": (world(), None),
    "it is at work": (world((PRE, NEW, "")), None),
    "it has ended well": (world(PRE_DONE), None),
    "it has failed": (
        world((PRE, NEW, "Failed")),
        "hook preActivate of revision r2 failed: exit code 7; see the log of Job",
    ),
    "the later one has failed": (
        world(PRE_DONE, (POST, NEW, "Failed"), **OVER),
        "hook postActivate of revision r2 failed",
    ),
    "what leaves has failed": (world(PRE_DONE, (LEAVE, OLD, "Failed")), None),
    "its image is unknown, for a while": (_stuck(UNKNOWN, 10), None),
    "its image is unknown, for too long": (
        _stuck(UNKNOWN, 301),
        "hook preActivate did not start: the registry does not have",
    ),
    "the registry is away, for long": (_stuck(AWAY, 900), None),
    "no node takes it, for long": (_stuck(NO_PLACE, 900), None),
    "the plug-in is suspended": (world((PRE, NEW, "Failed"), wire=SERVICE | {"suspend": True}), None),
}


@pytest.mark.parametrize(("o", "said"), FAULTS.values(), ids=FAULTS)
def test_fault(o: Observation, said: str | None) -> None:
    found = fault(o, effective_of(o.plugin), history.read(o.plugin.status.history), NEW)
    assert (found is None) == (said is None)
    if found and said:
        assert found.reason is Reason.HOOK_FAILED
        assert said in found.message


def test_a_hook_that_cannot_start_says_why_and_is_looked_at_when_its_time_is_up() -> None:
    found = staged(_stuck(NO_PLACE, 100))
    assert found.health is not None
    assert found.health.state is State.WORKING
    assert (
        found.health.message == "hook preActivate of revision r2 waits: no node takes the pod: 0/3 nodes are available"
    )
    assert found.again_in == 200


def test_every_entry_of_the_history_makes_another_occasion() -> None:
    later = {
        "history": [{"revision": 1, "action": "Reset", "time": (NOW + timedelta(1)).isoformat()}, *ACTIVATED["history"]]
    }
    assert len({occasion(plugin(status=status)) for status in ({}, ACTIVATED, later)}) == 3


def test_only_the_newest_ended_jobs_stay() -> None:
    jobs = tuple(hooked(f"plg-sample-{n}", PRE, "Complete", facts=job("Complete", hook=PRE)) for n in range(KEPT + 2))
    running = hooked("plg-sample-x", PRE, "")
    gone = ended_before(replace(world(), hooks=(*jobs, running)))
    assert [h.seen.key.name for h in gone] == ["plg-sample-0", "plg-sample-1"]
