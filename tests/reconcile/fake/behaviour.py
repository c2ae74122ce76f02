"""How images behave in the simulated cluster: what a test chooses, what `kubelet` plays.

A Service's process becomes ready or fails in one of the ways a real one does; a Job's process ends with a code and a
termination message.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from tests.reconcile.fake.store import Store

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a container does.

    Attributes:
        start: seconds until it is ready (Service) or ends (Job).
        service: how a Service's process fares.
        exit_code, reason: how a Job's process ends.
        message: what it leaves in its termination message.
    """

    start: float = 1.0
    service: Literal["ready", "never", "pull", "unknown", "crash", "oom", "unschedulable", "secret"] = "ready"
    exit_code: int = 0
    reason: str = ""
    message: str = ""


def report(*, exit_code: int = 0, output: Any = None, tail: str = "", truncated: bool = False) -> str:
    """The termination message of a runner that keeps the contract."""
    made = {"contract": "v1", "exitCode": exit_code, "output": output, "truncated": truncated, "tail": tail}
    return orjson.dumps(made).decode()


@dataclass(slots=True)
class Images:
    """Behaviour by image name; every other image behaves well."""

    known: dict[str, Behaviour] = field(default_factory=dict)

    def of(self, pod: Json) -> Behaviour:
        """What the first container of a pod will do, whatever its digest; that of a hook is found as `image#hook`."""
        image = pod["spec"]["containers"][0].get("image", "").partition("@")[0]
        hook = pod["metadata"]["labels"].get("greffon.dev/hook", "")
        return self.known.get(f"{image}#{hook}" if hook else image, Behaviour())


def service_status(b: Behaviour, store: Store) -> Json:
    """The status of a Service's pod after its start."""
    now = store.timestamp()
    running: Json = {"state": {"running": {"startedAt": now}}, "ready": True, "restartCount": 0}
    if b.service == "ready":
        return _pod("Running", running)
    if b.service == "never":
        return _pod("Running", running | {"ready": False})
    if b.service == "unschedulable":
        text = "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available"
        return {
            "phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": text}],
        }
    if b.service == "pull":
        return _waiting("ImagePullBackOff", "Back-off pulling image")
    if b.service == "unknown":
        return _waiting("ImagePullBackOff", 'Back-off pulling image "x": ErrImagePull: manifest unknown: not found')
    if b.service == "secret":
        return _waiting("CreateContainerConfigError", 'secret "db" not found')
    code, reason = (137, "OOMKilled") if b.service == "oom" else (b.exit_code or 1, "Error")
    last = {"terminated": {"exitCode": code, "reason": reason, "finishedAt": now, "message": b.message}}
    return _pod("Running", {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": last, "restartCount": 3})


def job_status(b: Behaviour, store: Store) -> Json:
    """The status of a Job's pod after its end."""
    reason = b.reason or ("Completed" if b.exit_code == 0 else "Error")
    ended = {"exitCode": b.exit_code, "reason": reason, "finishedAt": store.timestamp(), "message": b.message}
    return _pod("Succeeded" if b.exit_code == 0 else "Failed", {"state": {"terminated": ended}, "restartCount": 0})


def _waiting(reason: str, message: str) -> Json:
    return _pod("Pending", {"state": {"waiting": {"reason": reason, "message": message}}, "restartCount": 0})


def _pod(phase: str, container: Json) -> Json:
    ready = bool(container.get("ready"))
    whole = {"name": "plugin", "ready": ready} | container
    condition = {"type": "Ready", "status": str(ready)}
    return {"phase": phase, "conditions": [condition], "containerStatuses": [whole]}
