"""How the workload does: a pure function over the facts of Deployment and pods. Called by `reconcile.assess`.

The most telling cause wins: what the kubelet says of the newest pods, then what the Deployment's controller says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from greffon.model.conditions import Reason
from greffon.reconcile.facts import DeploymentFacts, PodFacts
from greffon.reconcile.patience import NOT_SET_UP, seconds_left
from greffon.resources.effective import Effective

SETTLE_SECONDS = 60.0
"""A pod whose process died counts as failing until it has been back for this long."""


class State(Enum):
    """What the reader of a status wants to know first."""

    GOOD = "good"
    WORKING = "working"
    """On its way; may become good by itself."""
    FAILING = "failing"
    """Will not become good unless somebody acts, or the cause goes away."""


@dataclass(frozen=True, slots=True)
class Health:
    """State, a documented reason, and a sentence: what, why, what next."""

    state: State
    reason: Reason
    message: str


def service_health(
    e: Effective, deployment: DeploymentFacts | None, pods: Iterable[PodFacts], revision: int, now: datetime
) -> Health:
    """Health of a Service plug-in at a revision."""
    newest = [pod for pod in pods if pod.revision == revision and pod.phase not in ("Succeeded", "Failed")]
    complaints = [found for pod in newest if (found := _pod_complaint(pod, e, now))]
    if complaints:  # the worst one, and always the same of several
        return min(complaints, key=lambda h: (h.state is not State.FAILING, str(h.reason), h.message))
    if deployment is None:
        return Health(State.WORKING, Reason.PROGRESSING, f"revision r{revision}: the Deployment is being created")
    if deployment.failure:
        return _refused(deployment.failure)
    progress = f"{min(deployment.available, deployment.updated, e.replicas)} of {e.replicas} replicas available"
    if deployment.complete:
        return Health(State.GOOD, Reason.AVAILABLE, f"revision r{revision} ({e.version}): {progress}")
    late = deployment.deadline_exceeded and not any(seconds_left(pod, e, now) for pod in newest)
    if late and any(pod.waiting in NOT_SET_UP for pod in newest):
        return Health(State.FAILING, Reason.SANDBOX_UNAVAILABLE, _not_set_up(e, revision))
    if late:
        return Health(
            State.FAILING,
            Reason.PROGRESS_DEADLINE_EXCEEDED,
            f"revision r{revision} ({e.version}) did not become available within {e.progress_deadline_seconds} s "
            f"({progress}); look at the log of its pods, then change the spec",
        )
    return Health(State.WORKING, Reason.PROGRESSING, f"revision r{revision} ({e.version}): {progress}")


def _not_set_up(e: Effective, revision: int) -> str:
    """What the node misses stands in the Events of the pod only."""
    runtime = f", whether the node has the runtime of RuntimeClass {e.runtime_class}" if e.runtime_class else ""
    return (
        f"revision r{revision} ({e.version}): the node has not set up the pod within {e.progress_deadline_seconds} s; "
        f"look at kubectl describe pod{runtime}, and at its volumes"
    )


def settles_in(pods: Iterable[PodFacts], now: datetime) -> float | None:
    """Seconds until the last restart of a ready pod counts as overcome; None when there is none to wait for."""
    rests = [rest for pod in pods if pod.ready and (rest := _unsettled(pod, now)) > 0]
    return max(rests, default=None)


def _unsettled(pod: PodFacts, now: datetime) -> float:
    """A process that has just died and come back is not healthy yet: without this a crash loop would flicker."""
    if not pod.ended or not pod.finished_at:
        return 0.0
    age = (now - datetime.fromisoformat(pod.finished_at)).total_seconds()
    return min(SETTLE_SECONDS - age, SETTLE_SECONDS)


def _pod_complaint(pod: PodFacts, e: Effective, now: datetime) -> Health | None:
    if pod.waiting in _WAITING:
        return _WAITING[pod.waiting](pod, e)
    if pod.ended and (not pod.ready or _unsettled(pod, now) > 0):
        return _exited(pod, e)
    if pod.ready:
        return None
    if pod.unschedulable:
        return Health(
            State.WORKING,
            Reason.UNSCHEDULABLE,
            f"no node takes the pod: {pod.unschedulable}; lower run.resources or add nodes",
        )
    return None


def _not_pulled(pod: PodFacts, e: Effective) -> Health:
    return Health(
        State.FAILING,
        Reason.IMAGE_PULL_FAILED,
        f"image {e.image} cannot be pulled; check its name, source.image.pullSecrets and that nodes reach the registry",
    )


def _not_configured(pod: PodFacts, e: Effective) -> Health:
    text = pod.waiting_message
    if "secret" in text.lower() and "not found" in text:
        return Health(State.FAILING, Reason.SECRET_NOT_FOUND, f"{text}; create it, or correct run.secrets")
    return Health(State.FAILING, Reason.CONTAINER_CONFIG_ERROR, f"the kubelet cannot set up the container: {text}")


def _exited(pod: PodFacts, e: Effective) -> Health:
    if pod.ended == "OOMKilled":
        limit = e.resources["limits"]["memory"]
        text = f"killed for using more memory than its limit of {limit}; raise run.resources.limits.memory"
        return Health(State.FAILING, Reason.OOM_KILLED, text)
    if pod.ended == "Completed":
        text = "the process of a Service ended with exit code 0; keep it running, or set run.mode: Job"
        return Health(State.FAILING, Reason.CRASH_LOOP, text)
    text = (
        f"the process ended with exit code {pod.exit_code}; look at its log: kubectl logs -p of a pod of this plug-in"
    )
    return Health(State.FAILING, Reason.CRASH_LOOP, text)


_WAITING: dict[str, Callable[[PodFacts, Effective], Health]] = {
    "ErrImagePull": _not_pulled,
    "ImagePullBackOff": _not_pulled,
    "InvalidImageName": _not_pulled,
    "ErrImageNeverPull": _not_pulled,
    "CreateContainerConfigError": _not_configured,
    "CreateContainerError": _not_configured,
    "RunContainerError": _not_configured,
    "CrashLoopBackOff": _exited,
}


def _refused(message: str) -> Health:
    """Why the API server took no pod, from the text of its refusal (there is no machine-readable cause)."""
    for mark, reason, hint in _REFUSALS:
        if mark in message:
            return Health(State.FAILING, reason, f"pods are refused: {message}; {hint}")
    return Health(State.FAILING, Reason.FORBIDDEN, f"pods are refused: {message}")


_REFUSALS = (
    ("exceeded quota", Reason.QUOTA_EXCEEDED, "lower run.resources or ask for more quota"),
    ("violates PodSecurity", Reason.POD_SECURITY, "this is a defect of the sandbox or of a stricter policy"),
    ("RuntimeClass", Reason.SANDBOX_UNAVAILABLE, "install the RuntimeClass or change sandbox.runtimeClassName"),
    ("usage per Container", Reason.LIMIT_RANGE, "fit run.resources into the LimitRange of the namespace"),
    ("usage per Pod", Reason.LIMIT_RANGE, "fit run.resources into the LimitRange of the namespace"),
)
