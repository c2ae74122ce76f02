"""The next step of a run, one row per situation of its own; turns among several runs are in `test_run_turns`."""

from dataclasses import replace
from typing import Any

import pytest

from greffon.engine.queue import Key
from greffon.model.conditions import Reason
from greffon.model.vocabulary import RunOutcome
from greffon.reconcile.facts import JobFacts
from greffon.reconcile.run_decide import DEFAULT_TTL_SECONDS, Action, Decision, decide
from greffon.reconcile.run_observe import RunObservation
from greffon.reconcile.seen import Seen
from tests.unit.reconcile.situations import ago, job, plugin, pod, run, run_observation
from tests.unit.resources.samples import JOB, SERVICE, WEBHOOK, Json

TELL, START, KEEP, EXPIRE = Action.TELL, Action.START, Action.KEEP, Action.EXPIRE


def with_job(facts: JobFacts, status: Json | None = None, **more: Any) -> RunObservation:
    """A run whose Job exists."""
    return run_observation(status, job=Seen(Key("Job", "team-a", "plg-sample-x"), "u", 1, None, facts=facts), **more)


FRESH = replace(job("Complete"), end=ago(2))
STARTED: Json = {"job": "plg-sample-x"}
DONE: Json = {"outcome": "Succeeded", "completionTime": ago(100)}
REPORT = pod(phase="Succeeded", exit_code=0, ended="Completed", finished_at=ago(2))
ROWS: dict[str, tuple[RunObservation, Action, Reason, RunOutcome | None]] = {
    "it can start": (run_observation(), START, Reason.RUNNING, None),
    "its plug-in does not exist": (run_observation(plugin=None, revision=None), TELL, Reason.PLUGIN_NOT_FOUND, None),
    "its plug-in is a service": (
        run_observation(plugin=plugin(SERVICE)),
        TELL,
        Reason.PLUGIN_NOT_RUNNABLE,
        RunOutcome.REFUSED,
    ),
    "its plug-in is a webhook": (
        run_observation(plugin=plugin(WEBHOOK)),
        TELL,
        Reason.PLUGIN_NOT_RUNNABLE,
        RunOutcome.REFUSED,
    ),
    "its plug-in is suspended": (
        run_observation(plugin=plugin(JOB | {"suspend": True})),
        TELL,
        Reason.PLUGIN_SUSPENDED,
        None,
    ),
    "its plug-in has nothing to run": (run_observation(revision=None), TELL, Reason.PLUGIN_NOT_READY, None),
    "its Job has just been made": (with_job(job()), TELL, Reason.RUNNING, None),
    "its Job works": (with_job(job(), STARTED), TELL, Reason.RUNNING, None),
    "its Job works though the plug-in is suspended": (
        with_job(job(), STARTED, plugin=plugin(JOB | {"suspend": True})),
        TELL,
        Reason.RUNNING,
        None,
    ),
    "its Job works though the plug-in is gone": (with_job(job(), STARTED, plugin=None), TELL, Reason.RUNNING, None),
    "its Job has ended well": (
        with_job(FRESH, STARTED, pods=(REPORT,)),
        TELL,
        Reason.COMPLETED,
        RunOutcome.SUCCEEDED,
    ),
    "its Job has ended, its pod is not known yet": (with_job(FRESH, STARTED), TELL, Reason.RUNNING, None),
    "its Job has ended, and its pod will not come any more": (
        with_job(replace(FRESH, end=ago(11)), STARTED),
        TELL,
        Reason.COMPLETED,
        RunOutcome.SUCCEEDED,
    ),
    "its Job has ended at a time nobody gave": (
        with_job(replace(FRESH, end=""), STARTED),
        TELL,
        Reason.COMPLETED,
        RunOutcome.SUCCEEDED,
    ),
    "its Job ran out of time, and a pod may never have started": (
        with_job(replace(job("DeadlineExceeded"), end=ago(1)), STARTED),
        TELL,
        Reason.TIMED_OUT,
        RunOutcome.TIMED_OUT,
    ),
    "its Job vanished": (run_observation(STARTED), TELL, Reason.JOB_LOST, RunOutcome.FAILED),
    "it is over and kept": (run_observation(DONE), KEEP, Reason.COMPLETED, None),
    "it is over and its Job is still there": (with_job(FRESH, DONE), KEEP, Reason.COMPLETED, None),
    "it is over for a day": (
        run_observation(DONE | {"completionTime": ago(DEFAULT_TTL_SECONDS + 1)}),
        EXPIRE,
        Reason.COMPLETED,
        None,
    ),
    "it is over and nobody knows since when": (run_observation({"outcome": "Failed"}), KEEP, Reason.COMPLETED, None),
    "it is over and was to be kept for no time": (
        replace(run_observation(), run=run("me", DONE, ttlSecondsAfterFinished=0)),
        EXPIRE,
        Reason.COMPLETED,
        None,
    ),
    "it is over and is to be kept for a week": (
        replace(
            run_observation(), run=run("me", DONE | {"completionTime": ago(86400 * 6)}, ttlSecondsAfterFinished=604800)
        ),
        KEEP,
        Reason.COMPLETED,
        None,
    ),
}


@pytest.mark.parametrize(("found", "action", "reason", "outcome"), ROWS.values(), ids=ROWS)
def test_decisions(found: RunObservation, action: Action, reason: Reason, outcome: RunOutcome | None) -> None:
    decision = decide(found)
    assert (decision.action, decision.reason) == (action, reason)
    assert (decision.ending.outcome if decision.ending else None) == outcome
    if action is TELL:
        assert decision.message


AGAIN: dict[str, tuple[RunObservation, float | None]] = {
    "a kept result is looked at when its time is up": (run_observation(DONE), DEFAULT_TTL_SECONDS - 100),
    "a missing pod is waited for": (with_job(FRESH, STARTED), 0.5),
    "a running Job tells by itself": (with_job(job(), STARTED), None),
    "a waiting run is woken by others": (run_observation(plugin=None), None),
}


@pytest.mark.parametrize(("found", "seconds"), AGAIN.values(), ids=AGAIN)
def test_when_a_run_is_looked_at_again(found: RunObservation, seconds: float | None) -> None:
    assert decide(found).requeue_after == seconds


def test_a_clock_that_is_behind_the_cluster_s_does_not_wait_for_a_pod_for_hours() -> None:
    ahead = with_job(replace(FRESH, end=ago(-3600)), STARTED)
    assert decide(ahead).ending is not None


def test_a_running_run_names_its_job() -> None:
    assert decide(with_job(job(), STARTED)).job == "plg-sample-x"


def test_a_run_that_can_never_start_steps_aside() -> None:
    decision = Decision.refused("input is too large")
    assert decision.ending is not None
    assert decision.ending.outcome is RunOutcome.REFUSED
