"""Has the running revision failed? Pure; called by `reconcile.course`.

Before a revision has served, both its crashes and its deadline count. Afterwards only crashes within
`rollback.watchSeconds` do: what happens later is hardly the new version's doing.
"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from greffon.model.conditions import Reason
from greffon.reconcile.facts import PodFacts
from greffon.reconcile.faults import Fault, Side, attribute
from greffon.reconcile.observe import Observation
from greffon.reconcile.patience import seconds_left
from greffon.reconcile.runs import ended_runs, has_run_well
from greffon.resources.effective import Effective


def service_verdict(o: Observation, e: Effective, revision: int, activated: datetime | None) -> Fault | None:
    """The fault that makes the operator go back, None when there is none.

    Args:
        e: effective spec of that revision.
        activated: when it began to serve; None while it has not.
    """
    if o.plugin.spec.suspend or o.deployment is None or o.deployment.revision != revision:
        return None
    has_liveness = e.is_script or bool(e.probes and e.probes.live)
    pods = [pod for pod in o.pods if pod.revision == revision and not pod.deleting]
    found = [(pod, attribute(pod, has_liveness=has_liveness)) for pod in pods]
    crashed = [fault for pod, fault in found if fault and fault.side is Side.PLUGIN and _counts(pod, activated, e)]
    total = sum(fault.crashes for fault in crashed)
    if total >= e.max_crashes:
        worst = max(crashed, key=lambda fault: (fault.crashes, fault.reason, fault.message))
        return Fault(Side.PLUGIN, worst.reason, f"{worst.message}, {e.max_crashes} times or more", total)
    if activated is None:
        return _late(o, e, found)
    return None


def job_verdict(
    o: Observation, e: Effective, revision: int, activated: datetime | None, reset: datetime | None = None
) -> Fault | None:
    """The same for a Job plug-in: so many runs of a revision in a row have failed.

    A revision that has never ended well is judged without a window: its schedule may be slow. Runs without an exit
    code never got as far as the plug-in.

    Args:
        reset: when quarantine was lifted last; runs before that count no more.
    """
    runs = [run for run in ended_runs(o) if run.revision == revision and run.exit_code is not None]
    if reset:
        runs = [run for run in runs if datetime.fromisoformat(run.finished) > reset]
    failed = list(itertools.takewhile(lambda run: run.outcome in ("Failed", "TimedOut"), reversed(runs)))
    if activated and has_run_well(o, revision):
        limit = activated + timedelta(seconds=e.watch_seconds)
        failed = [run for run in failed if activated <= datetime.fromisoformat(run.finished) <= limit]
    if len(failed) < e.max_crashes:
        return None
    text = f"{len(failed)} runs in a row failed, the last one, {failed[0].name}: {failed[0].message}"
    return Fault(Side.PLUGIN, Reason.RUN_FAILED, text, len(failed))


def _counts(pod: PodFacts, activated: datetime | None, e: Effective) -> bool:
    """Whether the crashes of a pod belong to this activation. A pod tells how often it ended, and only of the last time
    when: one that is older than the activation counts only while the kubelet itself calls it a loop."""
    if activated is None or not pod.finished_at:
        return True
    finished = datetime.fromisoformat(pod.finished_at)
    if not activated <= finished <= activated + timedelta(seconds=e.watch_seconds):
        return False
    begun = activated - timedelta(seconds=e.progress_deadline_seconds)
    is_old = bool(pod.created) and datetime.fromisoformat(pod.created) < begun
    return not is_old or pod.waiting == "CrashLoopBackOff"


def _late(o: Observation, e: Effective, found: list[tuple[PodFacts, Fault | None]]) -> Fault | None:
    """The deadline has passed, that of the Deployment and that of a pod itself. If the platform is in the way, going
    back would meet the same; if it just was, the pod has its time still before it."""
    deployment = o.deployment
    if deployment is None or not (deployment.current and deployment.deadline_exceeded):
        return None
    if deployment.failure or any(fault and fault.side is Side.PLATFORM for _, fault in found):
        return None
    due = [(pod, fault) for pod, fault in found if not seconds_left(pod, e, o.now)]
    text = f"not available within {e.progress_deadline_seconds} s"
    if faults := [fault for _, fault in due if fault]:
        worst = max(faults, key=lambda fault: (fault.crashes, fault.reason, fault.message))
        return Fault(Side.PLUGIN, worst.reason, f"{text}: {worst.message}", worst.crashes)
    if not due or len(due) < max(len(found), e.replicas):  # some have time left, or are yet to be made
        return None
    return Fault(Side.PLUGIN, Reason.PROGRESS_DEADLINE_EXCEEDED, text)
