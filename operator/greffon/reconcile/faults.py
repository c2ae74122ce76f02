"""Whose fault is it? A pure function over what the kubelet and the controllers say of a pod. Called by `verdict`.

Only the plug-in's own faults lead back to an older revision: going back does not bring a lost node again. The table
in docs/rollback.md has one line per branch here, and so have the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from greffon.model.conditions import Reason
from greffon.reconcile.facts import PodFacts
from greffon.reconcile.patience import NOT_SET_UP


class Side(Enum):
    """Who caused it."""

    PLUGIN = "Plugin"
    PLATFORM = "Platform"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that keeps a pod from serving.

    Attributes:
        crashes: how often its process has ended; 0 for what is no crash, which counts only against the deadline.
    """

    side: Side
    reason: Reason
    message: str
    crashes: int = 0


def attribute(pod: PodFacts, *, has_liveness: bool) -> Fault | None:
    """The fault of a pod, None when there is none.

    Args:
        has_liveness: the kubelet kills the process when a probe of the plug-in fails.
    """
    if pod.disruption:
        return Fault(Side.PLATFORM, Reason.DISRUPTED, f"the pod was taken away: {pod.disruption}")
    if pod.unschedulable:
        return Fault(Side.PLATFORM, Reason.UNSCHEDULABLE, f"no node takes the pod: {pod.unschedulable}")
    if pod.ended:
        return _ended(pod, has_liveness=has_liveness)
    if pod.waiting:
        return _waiting(pod)
    if not pod.ready and pod.phase == "Running":
        return Fault(Side.PLUGIN, Reason.NOT_READY, "the process runs, but its readiness probe fails")
    return None


def _ended(pod: PodFacts, *, has_liveness: bool) -> Fault:
    code, crashes = pod.exit_code, pod.crashes
    match pod.ended:
        case "OOMKilled":
            text = "killed for using more memory than its own limit"
            return Fault(Side.PLUGIN, Reason.OOM_KILLED, text, crashes)
        case "ContainerStatusUnknown" | "Unknown" | "NodeLost":
            return Fault(Side.PLATFORM, Reason.DISRUPTED, f"the node lost the process ({pod.ended})")
        case "Completed":
            return Fault(Side.PLUGIN, Reason.CRASH_LOOP, "the process of a Service ended with exit code 0", crashes)
        case "StartError" | "ContainerCannotRun":
            return Fault(Side.PLUGIN, Reason.CRASH_LOOP, "the process cannot be started", crashes)
    if code in _KILLED and has_liveness:
        return Fault(Side.PLUGIN, Reason.PROBE_FAILED, "killed because its liveness probe failed", crashes)
    if code in _KILLED:
        return Fault(Side.PLATFORM, Reason.DISRUPTED, f"the process was killed from outside (exit code {code})")
    return Fault(Side.PLUGIN, Reason.CRASH_LOOP, f"the process ended with exit code {code}", crashes)


_KILLED = (137, 143)
"""SIGKILL and SIGTERM: without a probe of the plug-in, nobody but the platform sends them."""


def _waiting(pod: PodFacts) -> Fault | None:
    text = pod.waiting_message
    match pod.waiting:
        case "InvalidImageName":
            return Fault(Side.PLUGIN, Reason.IMAGE_PULL_FAILED, "the image's name is invalid")
        case "ErrImagePull" | "ImagePullBackOff" | "ErrImageNeverPull":
            return _not_pulled(pod)
        case "CreateContainerConfigError":
            missing = "secret" in text.lower() and "not found" in text
            reason = Reason.SECRET_NOT_FOUND if missing else Reason.CONTAINER_CONFIG_ERROR
            return Fault(Side.PLUGIN, reason, text or "the container cannot be set up")
        case "CreateContainerError" | "RunContainerError":
            return Fault(Side.PLUGIN, Reason.CONTAINER_CONFIG_ERROR, text or "the process cannot be started")
    if pod.waiting in NOT_SET_UP:
        return Fault(Side.PLATFORM, Reason.SANDBOX_UNAVAILABLE, "the node has not set up the pod")
    return None


def _not_pulled(pod: PodFacts) -> Fault:
    """A name that the registry does not know is the plug-in's; a registry that does not answer is not."""
    if pod.image_refused:
        return Fault(Side.PLUGIN, Reason.IMAGE_PULL_FAILED, "the registry does not have the image, or does not give it")
    return Fault(Side.PLATFORM, Reason.IMAGE_PULL_FAILED, "the registry cannot be asked for the image")
