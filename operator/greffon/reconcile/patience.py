"""How long a pod still has to become ready. Pure; called by `health`, `verdict` and `assess`.

The Deployment's deadline runs on while the platform keeps a pod waiting, and once it has passed it stays so until the
rollout makes progress. A plug-in is judged by its own time: that of its process, from its start.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from greffon.reconcile.facts import PodFacts
from greffon.resources.effective import Effective

NOT_SET_UP = ("ContainerCreating", "PodInitializing")
"""What the kubelet says while the node prepares a pod."""


def seconds_left(pod: PodFacts, e: Effective, now: datetime) -> float:
    """Of the progress deadline: since the process began, or else since the node took the pod. A pod that no node has
    taken has all of it, one whose process has ended or cannot be started has none."""
    if pod.ended or (pod.waiting and pod.waiting not in NOT_SET_UP):
        return 0.0
    if not pod.since:
        return float(e.progress_deadline_seconds)
    age = (now - datetime.fromisoformat(pod.since)).total_seconds()
    return max(0.0, e.progress_deadline_seconds - max(0.0, age))


def next_look(pods: Iterable[PodFacts], e: Effective, now: datetime) -> float | None:
    """Seconds until the next of those that a node has taken has none left; None without any."""
    return min((left for pod in pods if pod.since and (left := seconds_left(pod, e, now))), default=None)
