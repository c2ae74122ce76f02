"""Deployment, Service and disruption budget of a Service plug-in; CronJob and Job of a Job plug-in.

Used by `resources.desired`. Rollout, deadlines, retries and schedules are Kubernetes' own machinery.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from greffon.kube.kinds import CRON_JOB, DEPLOYMENT, JOB, POD_DISRUPTION_BUDGET, SERVICE
from greffon.model import keys
from greffon.resources import names
from greffon.resources.effective import Cron
from greffon.resources.metadata import envelope, labels, owned_by_run, selector, serving
from greffon.resources.pod import PodRequest, pod_template

Json = dict[str, Any]
JOB_GRACE_SECONDS = 60
"""Time a Job may need beside its script: scheduling, image pull, start."""

UNHARMED_BY_DISRUPTION: Json = {
    "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
}
"""What the platform took away is not the plug-in's failure: it is tried again beyond the retries."""


def deployment(request: PodRequest, *, suspended: bool) -> Json:
    """The Deployment of a Service plug-in; `Surge` keeps the old revision serving until the new one does."""
    e = request.effective
    surge = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    spec: Json = {
        "replicas": 0 if suspended else e.replicas,
        "selector": {"matchLabels": selector(request.plugin)},
        "strategy": surge if e.strategy == "Surge" else {"type": "Recreate"},
        "progressDeadlineSeconds": e.progress_deadline_seconds,
        "revisionHistoryLimit": 1,
        "template": pod_template(replace(request, serves=True)),
    }
    if e.soak_seconds:
        spec["minReadySeconds"] = e.soak_seconds
    return envelope(DEPLOYMENT, request.plugin, names.child(request.plugin.name), {"spec": spec})


def service(request: PodRequest) -> Json:
    """A ClusterIP Service in front of the declared ports."""
    plugin = request.plugin
    ports = [
        {"name": p.name, "port": p.port, "protocol": p.protocol, "targetPort": p.port} for p in request.effective.ports
    ]
    spec = {"type": "ClusterIP", "selector": serving(plugin), "ports": ports}
    return envelope(SERVICE, plugin, names.child(plugin.name), {"spec": spec})


def disruption_budget(request: PodRequest) -> Json:
    """At most one replica at a time may be taken away on purpose."""
    plugin = request.plugin
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": serving(plugin)}}
    return envelope(POD_DISRUPTION_BUDGET, plugin, names.child(plugin.name), {"spec": spec})


def cron_job(request: PodRequest, cron: Cron, *, suspended: bool) -> Json:
    """The CronJob of one schedule."""
    plugin, e = request.plugin, request.effective
    run = replace(request, trigger=f"Cron:{cron.name}", timeout_seconds=e.timeout_seconds)
    spec: Json = {
        "schedule": cron.schedule,
        "concurrencyPolicy": e.concurrency,
        "suspend": suspended,
        "startingDeadlineSeconds": 300,
        "successfulJobsHistoryLimit": 3,
        # Failed runs are counted from what is there to be seen.
        "failedJobsHistoryLimit": max(3, e.max_crashes),
        "jobTemplate": {"metadata": {"labels": labels(plugin)}, "spec": _job_spec(run)},
    }
    if cron.time_zone:
        spec["timeZone"] = cron.time_zone
    return envelope(CRON_JOB, plugin, names.cron_job(plugin.name, cron.name), {"spec": spec})


def run_job(request: PodRequest, run_uid: str) -> Json:
    """The one Job of a PluginRun, owned by it."""
    plugin = request.plugin
    made = envelope(
        JOB,
        plugin,
        names.run_job(plugin.name, run_uid),
        {"spec": _job_spec(request)},
        extra_labels={keys.LABEL_RUN: request.run},
    )
    return owned_by_run(made, request.run, run_uid)


def _job_spec(request: PodRequest) -> Json:
    e = request.effective
    attempts = e.retries + 1
    timeout = request.timeout_seconds or e.timeout_seconds
    return {
        "backoffLimit": e.retries,
        "activeDeadlineSeconds": timeout * attempts + JOB_GRACE_SECONDS * attempts,
        "podFailurePolicy": UNHARMED_BY_DISRUPTION,
        "template": pod_template(request),
    }
