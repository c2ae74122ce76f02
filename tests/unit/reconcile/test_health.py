"""How a Service plug-in does, one row per situation of pods and Deployment."""

from typing import Any

import pytest

from greffon.model.conditions import Reason
from greffon.reconcile.facts import DeploymentFacts, PodFacts
from greffon.reconcile.health import SETTLE_SECONDS, State, service_health, settles_in
from tests.unit.reconcile.situations import NOW, ago, deployment, effective_of, plugin, pod
from tests.unit.resources.samples import SERVICE, with_run

EFFECTIVE = effective_of(plugin(with_run(SERVICE, replicas=2)))
WORKING, GOOD, FAILING = State.WORKING, State.GOOD, State.FAILING
DONE = deployment(replicas=2, updated=2, ready=2, available=2, total=2)
ROLLING = deployment(replicas=2, updated=1, ready=1, available=1, total=2)
LATE = deployment(replicas=2, updated=1, available=1, total=3, deadline_exceeded=True)
CRASHED: dict[str, Any] = {"ready": False, "ended": "Error", "exit_code": 1, "finished_at": ago(5)}
MISSING = 'secret "db" not found'

ROWS: dict[str, tuple[DeploymentFacts | None, list[PodFacts], State, Reason, str]] = {
    "nothing exists yet": (None, [], WORKING, Reason.PROGRESSING, "Deployment is being created"),
    "the rollout is under way": (ROLLING, [pod(ready=False)], WORKING, Reason.PROGRESSING, "1 of 2 replicas"),
    "the controller has not seen the newest spec": (
        deployment(current=False, replicas=2, updated=2, available=2, total=2),
        [],
        WORKING,
        Reason.PROGRESSING,
        "2 of 2 replicas",
    ),
    "all is well": (DONE, [pod(), pod()], GOOD, Reason.AVAILABLE, "revision r3 (1.0.0): 2 of 2 replicas available"),
    "the node did not set the pod up in time": (
        LATE,
        [pod(ready=False, phase="Pending", waiting="ContainerCreating")],
        FAILING,
        Reason.SANDBOX_UNAVAILABLE,
        "the node has not set up the pod within 300 s",
    ),
    "the rollout took too long": (LATE, [pod(ready=False)], FAILING, Reason.PROGRESS_DEADLINE_EXCEEDED, "300 s"),
    "a complete rollout is not late": (
        deployment(replicas=2, updated=2, available=2, total=2, deadline_exceeded=True),
        [],
        GOOD,
        Reason.AVAILABLE,
        "",
    ),
    "quota leaves no room": (
        deployment(available=0, failure='pods "x" is forbidden: exceeded quota: q, requested: cpu=1'),
        [],
        FAILING,
        Reason.QUOTA_EXCEEDED,
        "ask for more quota",
    ),
    "pod security refuses the pod": (
        deployment(available=0, failure='violates PodSecurity "restricted:latest"'),
        [],
        FAILING,
        Reason.POD_SECURITY,
        "pods are refused",
    ),
    "the runtime class does not exist": (
        deployment(available=0, failure='pod rejected: RuntimeClass "gvisor" not found'),
        [],
        FAILING,
        Reason.SANDBOX_UNAVAILABLE,
        "install the RuntimeClass",
    ),
    "a limit range per container": (
        deployment(available=0, failure="maximum cpu usage per Container is 1, but limit is 2"),
        [],
        FAILING,
        Reason.LIMIT_RANGE,
        "LimitRange",
    ),
    "a limit range per pod": (
        deployment(available=0, failure="minimum memory usage per Pod is 1Gi"),
        [],
        FAILING,
        Reason.LIMIT_RANGE,
        "LimitRange",
    ),
    "an admission policy refuses the pod": (
        deployment(available=0, failure="admission webhook denied"),
        [],
        FAILING,
        Reason.FORBIDDEN,
        "admission webhook denied",
    ),
    **{
        f"the image cannot be pulled ({word})": (
            ROLLING,
            [pod(ready=False, waiting=word)],
            FAILING,
            Reason.IMAGE_PULL_FAILED,
            "registry.test/runner-python:1",
        )
        for word in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
    },
    "a Secret does not exist": (
        ROLLING,
        [pod(ready=False, waiting="CreateContainerConfigError", waiting_message=MISSING)],
        FAILING,
        Reason.SECRET_NOT_FOUND,
        "create it, or correct run.secrets",
    ),
    "the container cannot be set up": (
        ROLLING,
        [pod(ready=False, waiting="CreateContainerError", waiting_message="no such device")],
        FAILING,
        Reason.CONTAINER_CONFIG_ERROR,
        "no such device",
    ),
    "the program cannot be started": (
        ROLLING,
        [pod(ready=False, waiting="RunContainerError", waiting_message="exec: not found")],
        FAILING,
        Reason.CONTAINER_CONFIG_ERROR,
        "exec: not found",
    ),
    "the process crashes again and again": (
        ROLLING,
        [pod(waiting="CrashLoopBackOff", **CRASHED)],
        FAILING,
        Reason.CRASH_LOOP,
        "exit code 1",
    ),
    "the process has just crashed": (ROLLING, [pod(**CRASHED)], FAILING, Reason.CRASH_LOOP, "exit code 1"),
    "the process used too much memory": (
        ROLLING,
        [pod(ready=False, ended="OOMKilled", exit_code=137, finished_at=ago(5))],
        FAILING,
        Reason.OOM_KILLED,
        "limit of 256Mi",
    ),
    "the process ended as if its work were done": (
        ROLLING,
        [pod(ready=False, ended="Completed", exit_code=0, finished_at=ago(5))],
        FAILING,
        Reason.CRASH_LOOP,
        "run.mode: Job",
    ),
    "the process is back, but not for long": (
        DONE,
        [pod(**CRASHED | {"ready": True, "finished_at": ago(SETTLE_SECONDS - 1)})],
        FAILING,
        Reason.CRASH_LOOP,
        "exit code 1",
    ),
    "the process is back for good": (
        DONE,
        [pod(**CRASHED | {"ready": True, "finished_at": ago(SETTLE_SECONDS + 1)})],
        GOOD,
        Reason.AVAILABLE,
        "",
    ),
    "the process died long ago and is still not ready": (
        ROLLING,
        [pod(**CRASHED | {"finished_at": ago(3600)})],
        FAILING,
        Reason.CRASH_LOOP,
        "exit code 1",
    ),
    "no node has room": (
        ROLLING,
        [pod(ready=False, unschedulable="0/3 nodes are available")],
        WORKING,
        Reason.UNSCHEDULABLE,
        "0/3 nodes are available",
    ),
    "the container is being created": (
        ROLLING,
        [pod(ready=False, waiting="ContainerCreating")],
        WORKING,
        Reason.PROGRESSING,
        "",
    ),
    "pods of an older revision do not count": (DONE, [pod(revision=2, **CRASHED), pod()], GOOD, Reason.AVAILABLE, ""),
    "pods that are over do not count": (DONE, [pod(phase="Failed", **CRASHED), pod()], GOOD, Reason.AVAILABLE, ""),
    "what a pod says is told before what the Deployment says": (
        LATE,
        [pod(ready=False, waiting="ImagePullBackOff")],
        FAILING,
        Reason.IMAGE_PULL_FAILED,
        "",
    ),
    "a crash is told before a lack of room, whichever pod comes first": (
        ROLLING,
        [pod(ready=False, unschedulable="0/3 nodes are available"), pod(**CRASHED)],
        FAILING,
        Reason.CRASH_LOOP,
        "",
    ),
    "one bad pod among good ones is told": (
        ROLLING,
        [pod(), pod(ready=False, waiting="ImagePullBackOff")],
        FAILING,
        Reason.IMAGE_PULL_FAILED,
        "",
    ),
}


@pytest.mark.parametrize(("rollout", "pods", "state", "reason", "text"), ROWS.values(), ids=ROWS)
def test_health(rollout: DeploymentFacts | None, pods: list[PodFacts], state: State, reason: Reason, text: str) -> None:
    found = service_health(EFFECTIVE, rollout, pods, 3, NOW)
    assert (found.state, found.reason) == (state, reason)
    assert text in found.message


def test_progress_of_a_new_revision_does_not_count_the_replicas_of_the_old_one() -> None:
    surging = deployment(replicas=2, updated=1, ready=2, available=2, total=3)
    message = service_health(EFFECTIVE, surging, [pod(revision=2), pod(revision=2), pod(ready=False)], 3, NOW).message
    assert "2 of 2" not in message


SETTLING: dict[str, tuple[list[PodFacts], float | None]] = {
    "no pods": ([], None),
    "no restart": ([pod()], None),
    "a restart of ten seconds ago": ([pod(ended="Error", finished_at=ago(10))], 50.0),
    "the latest restart counts": (
        [pod(ended="Error", finished_at=ago(10)), pod(ended="Error", finished_at=ago(50))],
        50.0,
    ),
    "a restart of long ago": ([pod(ended="Error", finished_at=ago(600))], None),
    "a pod that is not ready settles nothing": ([pod(ready=False, ended="Error", finished_at=ago(10))], None),
    "a clock that is behind never waits longer than a minute": ([pod(ended="Error", finished_at=ago(-600))], 60.0),
}


@pytest.mark.parametrize(("pods", "seconds"), SETTLING.values(), ids=SETTLING)
def test_when_a_restart_counts_as_overcome(pods: list[PodFacts], seconds: float | None) -> None:
    assert settles_in(pods, NOW) == seconds
