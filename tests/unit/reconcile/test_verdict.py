"""Has the running revision failed? Crashes by time and number, the deadline, and what the platform is in the way of."""

from datetime import timedelta
from typing import Any

import pytest

from greffon.model.conditions import Reason
from greffon.reconcile.faults import Fault
from greffon.reconcile.verdict import job_verdict, service_verdict
from tests.unit.reconcile.situations import NOW, ago, deployment, effective_of, observation, plugin, pod, run
from tests.unit.resources.samples import JOB, SERVICE, Json


def crashed(times: int, *, seconds_ago: float = 5, **facts: Any) -> Any:
    """A pod whose process has ended so often, the last time then."""
    return (
        pod(ready=False, ended="Error", exit_code=1, crashes=times, finished_at=ago(seconds_ago))
        if not facts
        else pod(
            **{"ready": False, "ended": "Error", "exit_code": 1, "crashes": times, "finished_at": ago(seconds_ago)}
            | facts
        )
    )


def judged(*pods: Any, active_for: float | None = None, wire: Json = SERVICE, **rollout: Any) -> Fault | None:
    """The verdict on revision 3; `active_for` seconds, None while it has never served."""
    subject = plugin(wire)
    live = deployment(**({"revision": 3, "available": 0} | rollout))
    o = observation(subject, deployment=live, pods=tuple(pods))
    since = None if active_for is None else NOW - timedelta(seconds=active_for)
    return service_verdict(o, effective_of(subject), 3, since)


LATE: Json = {"deadline_exceeded": True}
TAKEN: Json = {"ready": False, "phase": "Pending"}
ROWS: dict[str, tuple[Fault | None, Reason | None]] = {
    "serves": (judged(pod()), None),
    "two crashes are forgiven": (judged(crashed(2)), None),
    "three are not": (judged(crashed(3)), Reason.CRASH_LOOP),
    "three of all its pods together": (judged(crashed(2), crashed(1)), Reason.CRASH_LOOP),
    "as many as the spec says": (judged(crashed(3), wire=SERVICE | {"rollback": {"maxCrashes": 4}}), None),
    "pods of another revision do not count": (judged(crashed(3, revision=2)), None),
    "pods that leave do not count": (judged(crashed(3, deleting=True)), None),
    "within the watch after it served": (judged(crashed(3), active_for=1700), Reason.CRASH_LOOP),
    "after the watch": (judged(crashed(3), active_for=1900), None),
    "a window of its own": (judged(crashed(3), active_for=90, wire=SERVICE | {"rollback": {"watchSeconds": 60}}), None),
    "the last crash was before it took over": (judged(crashed(3, seconds_ago=50), active_for=20), None),
    "an old pod's crashes of other days": (judged(crashed(7, created=ago(90_000)), active_for=20), None),
    "an old pod that crashes in a loop now": (
        judged(crashed(7, created=ago(90_000), waiting="CrashLoopBackOff"), active_for=20),
        Reason.CRASH_LOOP,
    ),
    "suspended": (judged(crashed(9), wire=SERVICE | {"suspend": True}), None),
    "the Deployment is at another revision": (judged(crashed(9), revision=2), None),
    "not ready at the deadline, but its process has just begun": (judged(pod(ready=False, since=ago(9)), **LATE), None),
    "a node has just taken the pod, after the deadline": (judged(pod(**TAKEN, since=ago(1)), **LATE), None),
    "a node is about to take the pod, after the deadline": (judged(pod(**TAKEN, since=""), **LATE), None),
    "ready, but only since the platform let it": (judged(pod(since=ago(9)), **LATE), None),
    "one serves, and one that was taken away is not back yet": (
        judged(pod(), wire=SERVICE | {"run": SERVICE["run"] | {"replicas": 2}}, **LATE),
        None,
    ),
    "one serves, and one that was taken away has just begun": (
        judged(pod(), pod(ready=False, since=ago(9)), **LATE),
        None,
    ),
    "one has just begun, and one has had its time": (
        judged(pod(ready=False), pod(ready=False, since=ago(9)), **LATE),
        Reason.NOT_READY,
    ),
    "not ready at the deadline": (judged(pod(ready=False), **LATE), Reason.NOT_READY),
    "ready, but not for long enough": (judged(pod(), **LATE), Reason.PROGRESS_DEADLINE_EXCEEDED),
    "one crash at the deadline": (judged(crashed(1), **LATE), Reason.CRASH_LOOP),
    "no pod is wanted": (judged(wire=SERVICE | {"run": SERVICE["run"] | {"replicas": 0}}, **LATE), None),
    "no pod could be made": (judged(**LATE), None),
    "quota is in the way": (judged(pod(ready=False), failure="exceeded quota", **LATE), None),
    "no node has room": (judged(pod(ready=False, phase="Pending", unschedulable="0/3"), **LATE), None),
    "the controller has not seen the spec": (judged(pod(ready=False), current=False, **LATE), None),
    "the deadline of one that has served": (judged(pod(ready=False), active_for=5000, **LATE), None),
}


@pytest.mark.parametrize(("fault", "reason"), ROWS.values(), ids=ROWS)
def test_service(fault: Fault | None, reason: Reason | None) -> None:
    assert (fault.reason if fault else None) is reason


def ended(name: str, outcome: str, seconds_ago: float, revision: int = 3, code: int | None = 1) -> Any:
    """A PluginRun that has ended."""
    status = {"outcome": outcome, "completionTime": ago(seconds_ago), "revision": f"sample-r{revision}", "message": "m"}
    return run(name, status | ({"exitCode": code} if code is not None else {}))


def runs_judged(*runs: Any, active_for: float | None = 100, **facts: Any) -> Fault | None:
    """The verdict on revision 3 of a Job."""
    subject = plugin(JOB)
    since = None if active_for is None else NOW - timedelta(seconds=active_for)
    return job_verdict(observation(subject, runs=runs, **facts), effective_of(subject), 3, since)


THREE = [ended(name, "Failed", seconds) for name, seconds in (("a", 30), ("b", 20), ("c", 10))]
RUNS: dict[str, tuple[Fault | None, bool]] = {
    "none": (runs_judged(), False),
    "two": (runs_judged(*THREE[:2]), False),
    "three": (runs_judged(*THREE), True),
    "three, one of them out of time": (runs_judged(*THREE[:2], ended("c", "TimedOut", 5)), True),
    "a success in between": (runs_judged(*THREE, ended("d", "Succeeded", 15, code=0)), False),
    "a success before": (runs_judged(*THREE, ended("d", "Succeeded", 40, code=0)), True),
    "a success before, and the watch is over": (
        runs_judged(*THREE, ended("d", "Succeeded", 40, code=0), active_for=5000),
        False,
    ),
    "never a success, however slow the schedule": (runs_judged(*THREE, active_for=900_000), True),
    "of another revision": (runs_judged(*[ended(n, "Failed", 9, revision=2) for n in "abc"]), False),
    "that never reached the plug-in": (runs_judged(*[ended(n, "TimedOut", 9, code=None) for n in "abc"]), False),
    "that were replaced": (runs_judged(*[ended(n, "Replaced", 9) for n in "abc"]), False),
}


@pytest.mark.parametrize(("fault", "expected"), RUNS.values(), ids=RUNS)
def test_job(fault: Fault | None, expected: bool) -> None:
    assert (fault is not None) is expected
    assert fault is None or "3 runs in a row failed, the last one, c: m" in fault.message
