"""The named situation of a plug-in: health, what serves, which revision, and what stands in the way."""

from dataclasses import replace
from typing import Any

import pytest

from greffon.model.conditions import Reason
from greffon.reconcile.admit import Refusal
from greffon.reconcile.assess import Situation, assess, refused
from greffon.reconcile.health import State
from greffon.reconcile.trouble import Trouble
from tests.unit.reconcile.situations import ago, course, deployment, effective_of, job, observation, plugin, pod, run
from tests.unit.resources.samples import JOB, SERVICE, WEBHOOK, Json, with_run

GOOD, WORKING, FAILING = State.GOOD, State.WORKING, State.FAILING
CRON = {"triggers": [{"name": "nightly", "cron": "0 3 * * *", "timeZone": "Etc/UTC"}]}
CRASHED: dict[str, Any] = {"ready": False, "ended": "Error", "exit_code": 1, "finished_at": ago(5)}
TROUBLE = Trouble(Reason.CHILD_CONFLICT, "Service plg-sample", "in the way")
WAITS = Trouble(Reason.PROGRESSING, "Service plg-sample", "waits for the garbage collector")
DENIED = Trouble(Reason.CEILING_EXCEEDED, "Role plg-sample", "too much")
LOADED = deployment(current=False)


def situation(wire: Json, *troubles: Trouble, status: Json | None = None, revision: int = 3, **facts: Any) -> Situation:
    """The situation of a plug-in with that spec and those facts."""
    subject = plugin(wire, status)
    return assess(observation(subject, **facts), effective_of(subject), course(subject, revision), troubles)


ACTIVE: Json = {"revisions": {"active": "sample-r2"}}
ROWS: dict[str, tuple[Situation, State, Reason, int | None, bool]] = {
    "a service that serves": (
        situation(SERVICE, deployment=deployment(), pods=(pod(),)),
        GOOD,
        Reason.AVAILABLE,
        3,
        True,
    ),
    "a service that starts": (situation(SERVICE), WORKING, Reason.PROGRESSING, None, False),
    "a service whose old revision serves while the new one starts": (
        situation(SERVICE, deployment=deployment(updated=0, total=2), pods=(pod(revision=2), pod(ready=False))),
        WORKING,
        Reason.PROGRESSING,
        2,
        True,
    ),
    "a service whose old revision serves while the new one crashes": (
        situation(SERVICE, deployment=deployment(updated=1, total=2), pods=(pod(revision=2), pod(**CRASHED))),
        FAILING,
        Reason.CRASH_LOOP,
        2,
        True,
    ),
    "of two that serve the newer one": (
        situation(SERVICE, deployment=deployment(updated=1, total=2), pods=(pod(revision=2), pod())),
        WORKING,
        Reason.PROGRESSING,
        3,
        True,
    ),
    "a pod of no revision serves nothing": (
        situation(SERVICE, deployment=deployment(available=0), pods=(pod(revision=0),)),
        WORKING,
        Reason.PROGRESSING,
        None,
        False,
    ),
    "a service that is suspended": (
        situation(SERVICE | {"suspend": True}, deployment=deployment(replicas=0, ready=0)),
        FAILING,
        Reason.SUSPENDED,
        None,
        False,
    ),
    "a service whose pods are still ending": (
        situation(SERVICE | {"suspend": True}, deployment=deployment(ready=1), pods=(pod(),)),
        WORKING,
        Reason.SUSPENDED,
        3,
        False,
    ),
    "a service that is being told to stop": (
        situation(SERVICE | {"suspend": True}, deployment=deployment(current=False, ready=0)),
        WORKING,
        Reason.SUSPENDED,
        None,
        False,
    ),
    "a service without replicas": (
        situation(with_run(SERVICE, replicas=0), deployment=deployment(replicas=0, ready=0, updated=0)),
        GOOD,
        Reason.SCALED_TO_ZERO,
        None,
        False,
    ),
    "a service on its way to no replicas": (
        situation(with_run(SERVICE, replicas=0), deployment=deployment(ready=1), pods=(pod(),)),
        WORKING,
        Reason.SCALED_TO_ZERO,
        3,
        True,
    ),
    "a service with a foreign object in its way": (
        situation(SERVICE, TROUBLE, deployment=deployment(), pods=(pod(revision=2),)),
        FAILING,
        Reason.CHILD_CONFLICT,
        2,
        True,
    ),
    "a service that waits for a predecessor to go": (
        situation(SERVICE, WAITS),
        WORKING,
        Reason.PROGRESSING,
        None,
        False,
    ),
    "a job that waits for runs": (situation(JOB), GOOD, Reason.IDLE, 3, True),
    "a job that waits for its schedule": (situation(JOB | CRON), GOOD, Reason.SCHEDULED, 3, True),
    "a job whose last run failed": (
        situation(JOB, runs=(run("a", {"outcome": "Failed", "completionTime": ago(5), "message": "exit 1"}),)),
        FAILING,
        Reason.RUN_FAILED,
        3,
        True,
    ),
    "a job whose last run took too long": (
        situation(JOB | CRON, jobs=(("j", "u", job("DeadlineExceeded")),)),
        FAILING,
        Reason.RUN_FAILED,
        3,
        True,
    ),
    "a job that has recovered": (
        situation(
            JOB,
            runs=(
                run("a", {"outcome": "Failed", "completionTime": ago(50)}),
                run("b", {"outcome": "Succeeded", "completionTime": ago(5)}),
            ),
        ),
        GOOD,
        Reason.IDLE,
        3,
        True,
    ),
    "a job that is suspended": (situation(JOB | {"suspend": True}), FAILING, Reason.SUSPENDED, 3, False),
    "a job with a foreign object in its way runs what ran before": (
        situation(JOB, TROUBLE, status=ACTIVE),
        FAILING,
        Reason.CHILD_CONFLICT,
        2,
        True,
    ),
    "a first job with a foreign object in its way": (
        situation(JOB, TROUBLE),
        FAILING,
        Reason.CHILD_CONFLICT,
        None,
        False,
    ),
    "a webhook": (situation(WEBHOOK), GOOD, Reason.DELIVERY_UNAVAILABLE, 3, True),
}


@pytest.mark.parametrize(("found", "state", "reason", "active", "available"), ROWS.values(), ids=ROWS)
def test_situations(found: Situation, state: State, reason: Reason, active: int | None, available: bool) -> None:
    assert (found.health.state, found.health.reason) == (state, reason)
    assert (found.active, found.available) == (active, available)
    assert found.revision == 3
    assert found.health.message
    assert found.available_message


REFUSAL = Refusal(Reason.INVALID_CONFIG, "spec.config: wrong")
REFUSED: dict[str, tuple[Json, dict[str, Any], int | None]] = {
    "nothing ran before": (SERVICE, {}, None),
    "the old revision serves on": (SERVICE, {"pods": (pod(revision=2),)}, 2),
    "a pod that is not ready serves nothing": (SERVICE, {"pods": (pod(revision=2, ready=False),)}, None),
    "a job can still be run as it was": (JOB, {"status": ACTIVE}, 2),
    "a job that never ran": (JOB, {}, None),
    "a recorded name that nobody understands": (JOB, {"status": {"revisions": {"active": "x"}}}, None),
}


@pytest.mark.parametrize(("wire", "facts", "active"), REFUSED.values(), ids=REFUSED)
def test_a_refused_spec_changes_nothing_of_what_runs(wire: Json, facts: dict[str, Any], active: int | None) -> None:
    known = {name: value for name, value in facts.items() if name != "status"}
    found = refused(observation(plugin(wire, facts.get("status")), **known), REFUSAL)
    assert (found.health.state, found.health.reason) == (FAILING, Reason.INVALID_CONFIG)
    assert (found.active, found.available, found.revision) == (active, active is not None, None)


def test_a_refusal_of_rights_is_told_with_the_permissions_too() -> None:
    found = refused(observation(), replace(REFUSAL, reason=Reason.CEILING_EXCEEDED))
    assert found.permission is not None
    assert found.permission.reason is Reason.CEILING_EXCEEDED
    assert refused(observation(), REFUSAL).permission is None


def test_troubles_are_told_where_they_belong() -> None:
    found = situation(SERVICE, DENIED, TROUBLE)
    assert found.health.reason is Reason.CEILING_EXCEEDED
    assert found.permission == DENIED
    assert found.conflict == "Service plg-sample"
    assert situation(SERVICE, TROUBLE).permission is None
    assert situation(SERVICE, WAITS).conflict == ""


def test_a_situation_that_changes_by_itself_says_when() -> None:
    restarted = pod(ended="Error", exit_code=1, finished_at=ago(20))
    assert situation(SERVICE, deployment=deployment(), pods=(restarted,)).settles_in == 40
    assert situation(SERVICE, deployment=deployment(), pods=(pod(),)).settles_in is None
    assert situation(JOB, pods=(restarted,)).settles_in is None


def test_only_jobs_have_a_last_run() -> None:
    runs = (run("a", {"outcome": "Succeeded", "completionTime": ago(5)}),)
    assert situation(JOB, runs=runs).last_run is not None
    assert situation(SERVICE, runs=runs).last_run is None
