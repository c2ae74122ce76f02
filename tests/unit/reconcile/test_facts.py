"""What is read from raw objects: few facts, bounded texts, and never a surprise from a missing field."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.reconcile import facts
from greffon.reconcile.facts import LONGEST_MESSAGE, DeploymentFacts, JobFacts, PodFacts

Json = dict[str, Any]


def deployment(status: Json, *, replicas: int | None = 2, generation: int = 3) -> DeploymentFacts:
    """Read a Deployment with that status."""
    spec = {} if replicas is None else {"replicas": replicas}
    return facts.deployment({"metadata": {"generation": generation}, "spec": spec, "status": status})


DONE = {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
ROLLOUTS: dict[str, tuple[Json, bool]] = {
    "all replicas are new, available and alone": (DONE, True),
    "the controller has not seen the newest spec": (DONE | {"observedGeneration": 2}, False),
    "the controller has not looked yet": ({}, False),
    "an old replica is left": (DONE | {"replicas": 3}, False),
    "one is not updated": (DONE | {"updatedReplicas": 1}, False),
    "one is not available": (DONE | {"availableReplicas": 1}, False),
    "ready does not count, available does": (DONE | {"readyReplicas": 0}, True),
}


@pytest.mark.parametrize(("status", "complete"), ROLLOUTS.values(), ids=ROLLOUTS)
def test_a_rollout_is_complete(status: Json, complete: bool) -> None:
    assert deployment(status).complete is complete


def test_a_deployment_scaled_to_zero_is_complete_without_any_number_in_its_status() -> None:
    assert deployment({"observedGeneration": 3}, replicas=0).complete


def test_replicas_left_out_are_one() -> None:
    assert deployment({}, replicas=None).replicas == 1


def condition(type_: str, status: str, reason: str = "", message: str = "") -> Json:
    """A status with one condition, about the newest spec."""
    return {
        "observedGeneration": 3,
        "conditions": [{"type": type_, "status": status, "reason": reason, "message": message}],
    }


CONDITIONS: dict[str, tuple[Json, tuple[bool, str]]] = {
    "progressing": (condition("Progressing", "True", "ReplicaSetUpdated"), (False, "")),
    "out of time": (condition("Progressing", "False", "ProgressDeadlineExceeded"), (True, "")),
    "pods are refused": (
        condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota"),
        (False, "exceeded quota"),
    ),
    "the spec before was out of time": (
        condition("Progressing", "False", "ProgressDeadlineExceeded") | {"observedGeneration": 2},
        (False, ""),
    ),
    "pods of the spec before were refused": (
        condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota") | {"observedGeneration": 2},
        (False, ""),
    ),
    "pods were refused once": (condition("ReplicaFailure", "False", "FailedCreate", "exceeded quota"), (False, "")),
    "no conditions": ({"conditions": None}, (False, "")),
}


@pytest.mark.parametrize(("status", "expected"), CONDITIONS.values(), ids=CONDITIONS)
def test_conditions_of_a_deployment(status: Json, expected: tuple[bool, str]) -> None:
    found = deployment(status)
    assert (found.deadline_exceeded, found.failure) == expected


def pod(status: Json, **meta: Any) -> PodFacts:
    """Read a Pod with that status."""
    labels = {"greffon.dev/revision": "5"}
    return facts.pod({"metadata": {"name": "x", "labels": labels} | meta, "status": status})


def container(name: str = "plugin", **fields: Any) -> Json:
    """A status with one container."""
    return {"phase": "Running", "containerStatuses": [{"name": name, **fields}]}


ENDED = {"reason": "Error", "exitCode": 3, "finishedAt": "2026-11-22T12:00:00Z", "message": "last words"}
PODS: dict[str, tuple[Json, dict[str, Any]]] = {
    "just made": ({}, {"phase": "", "ready": False, "ended": "", "exit_code": None, "report": ""}),
    "no statuses yet": ({"containerStatuses": None}, {"ready": False}),
    "running and ready": (container(ready=True, state={"running": {}}), {"ready": True, "restarts": 0}),
    "restarted nine times counts as restarted": (container(ready=True, restartCount=9), {"restarts": 1}),
    "waiting for its image": (
        container(state={"waiting": {"reason": "ImagePullBackOff", "message": "not  found\n"}}),
        {"waiting": "ImagePullBackOff", "waiting_message": "not found"},
    ),
    "crashed and waiting": (
        container(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState={"terminated": ENDED}),
        {"waiting": "CrashLoopBackOff", "ended": "Error", "exit_code": 3, "finished_at": "2026-11-22T12:00:00Z"},
    ),
    "back after a crash": (
        container(ready=True, state={"running": {}}, lastState={"terminated": ENDED}),
        {"ready": True, "ended": "Error", "report": ""},
    ),
    "the last words of a service's process are no result": (
        container(state={"terminated": ENDED}),
        {"ended": "Error", "report": ""},
    ),
    "a pod that failed for good carries its result": (
        container(state={"terminated": ENDED}) | {"phase": "Failed"},
        {"exit_code": 3, "report": "last words"},
    ),
    "a pod that succeeded carries its result": (
        container(state={"terminated": ENDED | {"exitCode": 0}}) | {"phase": "Succeeded"},
        {"exit_code": 0, "report": "last words"},
    ),
    "an injected sidecar is not the plug-in": (
        {
            "containerStatuses": [
                {"name": "istio-proxy", "ready": True, "state": {"terminated": ENDED}},
                {"name": "plugin", "ready": False, "state": {"waiting": {"reason": "X"}}},
            ]
        },
        {"ready": False, "waiting": "X", "ended": ""},
    ),
    "only a sidecar is known": (container("istio-proxy", ready=True), {"ready": False}),
    "no node takes it": (
        condition("PodScheduled", "False", "Unschedulable", "0/3 nodes: no cpu. preemption: 0/3 nodes are available"),
        {"unschedulable": "0/3 nodes: no cpu."},
    ),
    "not scheduled yet": (condition("PodScheduled", "False", "SchedulingGated", "gated"), {"unschedulable": ""}),
}


@pytest.mark.parametrize(("status", "expected"), PODS.values(), ids=PODS)
def test_pods(status: Json, expected: dict[str, Any]) -> None:
    found = pod(status)
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_pod_that_is_going_is_not_ready() -> None:
    assert not pod(container(ready=True), deletionTimestamp="2026-11-22T12:00:00Z").ready


REVISIONS = {"5": 5, "": 0, "x": 0, "-1": 0}


@pytest.mark.parametrize(("label", "number"), REVISIONS.items())
def test_the_revision_of_a_pod_is_a_number_or_none(label: str, number: int) -> None:
    assert pod({}, labels={"greffon.dev/revision": label}).revision == number
    assert pod({}, labels=None).revision == 0


def job(status: Json) -> JobFacts:
    """Read a Job with that status."""
    return facts.job({"metadata": {"labels": {"greffon.dev/run": "r"}}, "status": status})


AT = "2026-11-22T12:00:00Z"


def over(type_: str, reason: str = "", message: str = "", status: str = "True") -> Json:
    """A status with one dated condition."""
    return {"conditions": [condition(type_, status, reason, message)["conditions"][0] | {"lastTransitionTime": AT}]}


JOBS: dict[str, tuple[Json, tuple[str, str, str]]] = {
    "active": ({"active": 1, "startTime": AT}, ("", "", "")),
    "complete": (over("Complete") | {"completionTime": AT}, ("Complete", "", AT)),
    "complete without a time of its own": (over("Complete"), ("Complete", "", AT)),
    "failed": (over("Failed", "BackoffLimitExceeded", "too many"), ("BackoffLimitExceeded", "too many", AT)),
    "failed for a reason nobody gave": ({"conditions": [{"type": "Failed", "status": "True"}]}, ("Failed", "", "")),
    "out of time": (over("Failed", "DeadlineExceeded", "x"), ("DeadlineExceeded", "x", AT)),
    "about to fail": (over("FailureTarget", "DeadlineExceeded"), ("", "", "")),
    "not failed": (over("Failed", "BackoffLimitExceeded", status="False"), ("", "", "")),
}


@pytest.mark.parametrize(("status", "expected"), JOBS.values(), ids=JOBS)
def test_jobs(status: Json, expected: tuple[str, str, str]) -> None:
    found = job(status)
    assert (found.outcome, found.message, found.end) == expected
    assert found.run == "r"


def test_texts_of_the_cluster_are_bounded_and_on_one_line() -> None:
    long = "a\tb\n" * 1000
    texts = [
        deployment(condition("ReplicaFailure", "True", "", long)).failure,
        pod(container(state={"waiting": {"reason": "X", "message": long}})).waiting_message,
        pod(condition("PodScheduled", "False", "Unschedulable", long)).unschedulable,
        job(over("Failed", "X", long)).message,
    ]
    for text in texts:
        assert len(text) == LONGEST_MESSAGE
        assert text.startswith("a b a b")
        assert text.endswith("…")


def test_revisions() -> None:
    obj: Json = {"metadata": {"name": "p-r2"}, "spec": {"revision": 2, "version": "1", "contentHash": "h"}}
    found = facts.revision(obj | {"status": {"state": "Superseded"}})
    assert (found.number, found.content_hash, found.state, found.sources) == (2, "h", "Superseded", ())
    assert facts.revision(obj).state == "Active"


OWNERS: dict[str, tuple[list[Json], str]] = {
    "nobody": ([], ""),
    "an owner that does not control": ([{"uid": "a"}], ""),
    "the one that controls": ([{"uid": "a"}, {"uid": "b", "controller": True}], "b"),
}


@pytest.mark.parametrize(("references", "uid"), OWNERS.values(), ids=OWNERS)
def test_who_controls_an_object(references: list[Json], uid: str) -> None:
    assert facts.controller_uid({"metadata": {"ownerReferences": references}}) == uid


STATES = st.fixed_dictionaries(
    {},
    optional={
        "waiting": st.fixed_dictionaries({}, optional={"reason": st.text(max_size=5), "message": st.text(max_size=9)}),
        "terminated": st.fixed_dictionaries(
            {"exitCode": st.integers(0, 255)}, optional={"reason": st.text(max_size=5), "message": st.text(max_size=9)}
        ),
        "running": st.just({}),
    },
)


@settings(max_examples=60, deadline=None)
@given(STATES, STATES, st.booleans(), st.sampled_from(["", "Pending", "Running", "Succeeded", "Failed", "Unknown"]))
def test_any_state_of_a_container_is_read(state: Json, last: Json, ready: bool, phase: str) -> None:
    found = pod(container(state=state, lastState=last, ready=ready) | {"phase": phase})
    assert found.ready is ready
    if found.report:
        assert phase in ("Succeeded", "Failed")
