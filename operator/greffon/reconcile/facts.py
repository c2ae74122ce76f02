"""The few facts that decisions need from each kind of child: pure readers of raw objects, called by `reconcile.seen`.

A body is read once, when its event arrives, and then forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from greffon.model import keys
from greffon.reconcile.pull_message import is_refusal

Json = dict[str, Any]
LONGEST_MESSAGE = 400


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """How far a Deployment's rollout is. `current`: its controller has seen the newest spec."""

    current: bool
    replicas: int
    updated: int
    ready: int
    available: int
    total: int
    deadline_exceeded: bool
    failure: str
    """Why pods cannot be made (quota, admission), "" when they can."""
    revision: int = 0
    """The revision whose pods its template makes."""

    @property
    def complete(self) -> bool:
        """All wanted replicas run the newest template, are available, and no old one is left."""
        return self.current and self.updated == self.available == self.total == self.replicas


@dataclass(frozen=True, slots=True)
class PodFacts:
    """The plug-in container of a pod.

    Attributes:
        waiting, waiting_message: why it does not run (ImagePullBackOff, CrashLoopBackOff, …).
        ended: reason of its last end (OOMKilled, Error, Completed), "" when it never ended.
        crashes: how often its process has ended by now.
        unschedulable: why no node takes the pod.
        disruption: why the platform took the pod away (eviction, preemption, lost node), "" when it did not.
        report: the termination message, which carries the result of a run.
        hook: the hook that the pod runs, "" for none.
        image_refused: the registry answered that it does not have the image, or does not give it.
        since: when its process began; before that when the node took the pod; "" before that, and after its first end.
    """

    revision: int
    controller_uid: str
    phase: str
    ready: bool
    restarts: int
    waiting: str
    waiting_message: str
    ended: str
    exit_code: int | None
    unschedulable: str
    finished_at: str
    report: str
    crashes: int = 0
    disruption: str = ""
    created: str = ""
    deleting: bool = False
    hook: str = ""
    image_refused: bool = False
    since: str = ""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A Job.

    Attributes:
        outcome: "" while it is active, "Complete", or the reason of its failure.
        hook: the hook that it runs, "" for none.
    """

    outcome: str
    message: str
    start: str
    end: str
    run: str
    revision: int = 0
    hook: str = ""


@dataclass(frozen=True, slots=True)
class RevisionFacts:
    """A PluginRevision; cause, message and time tell of its quarantine.

    Attributes:
        written: hash of the content before its tag was resolved; `content_hash` when there was no tag to resolve.
        digest: what the image's tag stood for, "" without an image or a digest.
        hooks: names of the hooks it has.
    """

    number: int
    version: str
    content_hash: str
    state: str
    sources: tuple[str, ...]
    parent: str | None
    cause: str = ""
    message: str = ""
    time: str = ""
    written: str = ""
    digest: str = ""
    hooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """A Plugin as its neighbours see it.

    Attributes:
        active, last_good: name of the revision that runs, and of the last that ran well; "" when there is none.
        depends_on: (plug-in, range) of its spec.
    """

    version: str
    active: str
    available: bool
    depends_on: tuple[tuple[str, str], ...]
    last_good: str = ""


def plugin(obj: Json) -> PluginFacts:
    """Read a Plugin; a spec that the schema let through may still be odd."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    needs, revisions = spec.get("dependsOn") or (), status.get("revisions") or {}
    return PluginFacts(
        version=str(spec.get("version", "")),
        active=str(revisions.get("active") or ""),
        last_good=str(revisions.get("lastGood") or ""),
        available=_conditions(status).get("Available", {}).get("status") == "True",
        depends_on=tuple((str(need["plugin"]), str(need.get("version") or "")) for need in needs),
    )


def deployment(obj: Json) -> DeploymentFacts:
    """Read a Deployment."""
    spec, status = obj["spec"], obj.get("status") or {}
    conditions = _conditions(status)
    progressing, failure = conditions.get("Progressing", {}), conditions.get("ReplicaFailure", {})
    current = status.get("observedGeneration", 0) >= obj["metadata"].get("generation", 0)
    return DeploymentFacts(
        current=current,
        replicas=spec.get("replicas", 1),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        available=status.get("availableReplicas", 0),
        total=status.get("replicas", 0),
        # What is said of the template before tells nothing of the newest one.
        deadline_exceeded=current and progressing.get("reason") == "ProgressDeadlineExceeded",
        failure=_short(failure.get("message", "")) if current and failure.get("status") == "True" else "",
        revision=_revision_of(spec.get("template") or {}),
    )


def pod(obj: Json) -> PodFacts:
    """Read a Pod."""
    meta, status = obj["metadata"], obj.get("status") or {}
    statuses = status.get("containerStatuses") or ()
    # Injected sidecars have statuses too.
    container: Json = next((c for c in statuses if c.get("name") == keys.CONTAINER), {})
    state, last = container.get("state") or {}, container.get("lastState") or {}
    waiting = state.get("waiting") or {}
    ended = state.get("terminated") or last.get("terminated") or {}
    scheduled = _conditions(status).get("PodScheduled", {})
    restarts = container.get("restartCount", 0)
    return PodFacts(
        revision=_revision_of(obj),
        controller_uid=controller_uid(obj),
        phase=status.get("phase", ""),
        ready=bool(container.get("ready")) and "deletionTimestamp" not in meta,
        restarts=min(restarts, 1),
        waiting=waiting.get("reason", ""),
        waiting_message=_short(waiting.get("message", "")),
        ended=ended.get("reason", ""),
        exit_code=ended.get("exitCode"),
        unschedulable=_unschedulable(scheduled),
        finished_at=ended.get("finishedAt") or "",
        # Only a pod that has ended for good carries a result; a service's last words are not one.
        report=(state.get("terminated") or {}).get("message", "") if status.get("phase") in _ENDED else "",
        crashes=min(restarts + (1 if ended and "running" not in state else 0), MOST_CRASHES),
        disruption=_disruption(status),
        created=meta.get("creationTimestamp") or "",
        deleting="deletionTimestamp" in meta,
        hook=(meta.get("labels") or {}).get(keys.LABEL_HOOK, ""),
        image_refused=is_refusal(waiting.get("message", "")),
        # The times of a process that has ended before would differ at each restart.
        since="" if ended else (state.get("running") or {}).get("startedAt") or status.get("startTime") or "",
    )


def _revision_of(template: Json) -> int:
    number = ((template.get("metadata") or {}).get("labels") or {}).get(keys.LABEL_REVISION, "")
    return int(number) if number.isdigit() else 0


def _disruption(status: Json) -> str:
    """The API server's own mark, and the reasons that a kubelet gives when it ends a pod by itself."""
    condition = _conditions(status).get("DisruptionTarget", {})
    if condition.get("status") == "True":
        return _short(f"{condition.get('reason', '')}: {condition.get('message', '')}")
    return str(status["reason"]) if status.get("reason") in _TAKEN_AWAY else ""


MOST_CRASHES = 100
_TAKEN_AWAY = (
    "Evicted",
    "Preempting",
    "Shutdown",
    "Terminated",
    "NodeLost",
    "NodeShutdown",
    "NodeAffinity",
    "OutOfcpu",
    "OutOfmemory",
    "OutOfpods",
    "UnexpectedAdmissionError",
)


def _unschedulable(condition: Json) -> str:
    """The scheduler's verdict, without its remarks on preemption, which vary."""
    if condition.get("reason") != "Unschedulable":
        return ""
    return _short(condition.get("message", "").partition(" preemption:")[0])


_ENDED = ("Succeeded", "Failed")


def job(obj: Json) -> JobFacts:
    """Read a Job."""
    status = obj.get("status") or {}
    conditions = _conditions(status)
    failed, complete = conditions.get("Failed", {}), conditions.get("Complete", {})
    outcome = message = end = ""
    if complete.get("status") == "True":
        outcome, end = "Complete", status.get("completionTime") or complete.get("lastTransitionTime", "")
    elif failed.get("status") == "True":
        outcome, message = failed.get("reason", "Failed"), _short(failed.get("message", ""))
        end = failed.get("lastTransitionTime", "")
    labels = obj["metadata"].get("labels") or {}
    run, hook = labels.get(keys.LABEL_RUN, ""), labels.get(keys.LABEL_HOOK, "")
    number = _revision_of((obj.get("spec") or {}).get("template") or {})
    return JobFacts(outcome, message, status.get("startTime") or "", end, run, number, hook)


def revision(obj: Json) -> RevisionFacts:
    """Read a PluginRevision."""
    spec, status = obj["spec"], obj.get("status") or {}
    return RevisionFacts(
        number=int(spec["revision"]),
        version=str(spec.get("version", "")),
        content_hash=str(spec.get("contentHash", "")),
        state=status.get("state", "Active"),
        sources=tuple(str(name) for name in spec.get("sources") or ()),
        parent=spec.get("parent"),
        cause=status.get("cause", ""),
        message=status.get("message", ""),
        time=status.get("time", ""),
        written=str(spec.get("writtenHash") or spec.get("contentHash", "")),
        digest=str((spec.get("image") or {}).get("digest") or ""),
        hooks=tuple(sorted((spec.get("plugin") or {}).get("hooks") or ())),
    )


def controller_uid(obj: Json) -> str:
    """UID of the controlling owner, "" when there is none."""
    references = obj["metadata"].get("ownerReferences") or ()
    return next((str(ref["uid"]) for ref in references if ref.get("controller")), "")


def _conditions(status: Json) -> dict[str, Json]:
    return {condition["type"]: condition for condition in status.get("conditions") or ()}


def _short(text: str) -> str:
    clean = " ".join(text.split())
    return clean if len(clean) <= LONGEST_MESSAGE else clean[: LONGEST_MESSAGE - 1] + "…"
