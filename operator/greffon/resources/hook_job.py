"""The Job of a hook: the plug-in's own pod at a revision, with another entrypoint. Pure; called by `reconcile.hooks`.

Its pods carry the plug-in's labels, so that the same network policy confines them, but not the one by which the Service
and the disruption budget know what serves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from greffon.kube.kinds import JOB
from greffon.model import keys
from greffon.model.plugin import PluginSpec
from greffon.resources import names
from greffon.resources.context import Context, Identity
from greffon.resources.desired import pod_request
from greffon.resources.effective import effective
from greffon.resources.metadata import envelope
from greffon.resources.pod import pod_template
from greffon.resources.workloads import JOB_GRACE_SECONDS, UNHARMED_BY_DISRUPTION

Json = dict[str, Any]
KEPT_SECONDS = 86_400
"""How long the API server keeps an ended one, if nobody removes it before."""


def hook_job(plugin: Identity, spec: PluginSpec, revision: int, hook: str, occasion: str, context: Context) -> Json:
    """The Job.

    Args:
        spec: of that revision.
        hook: `preActivate`, `postActivate` or `preDeactivate`; the spec must have it.
        occasion: tells one activation of a revision from the next.
    """
    e = effective(spec, context)
    words = arguments(spec, hook)
    limit = e.progress_deadline_seconds
    job = replace(e, mode="Job", entrypoint=words, ports=(), probes=None, replicas=1, retries=0)
    request = replace(
        pod_request(plugin, spec, e, revision), effective=job, trigger=f"Hook:{hook}", timeout_seconds=limit
    )
    template = pod_template(replace(request, hook=hook))
    # The limit is the pod's and not the Job's: time in which the platform has no place for it does not count.
    template["spec"]["activeDeadlineSeconds"] = limit + JOB_GRACE_SECONDS
    body: Json = {
        "backoffLimit": 0,
        "podFailurePolicy": UNHARMED_BY_DISRUPTION,
        "ttlSecondsAfterFinished": KEPT_SECONDS,
        "template": template,
    }
    name = names.hook_job(plugin.name, revision, hook, occasion)
    return envelope(JOB, plugin, name, {"spec": body}, extra_labels={keys.LABEL_HOOK: hook})


def arguments(spec: PluginSpec, hook: str) -> tuple[str, ...]:
    """What a hook starts; () when the spec does not have it."""
    if spec.hooks is None:
        return ()
    found = {
        "preActivate": spec.hooks.pre_activate,
        "postActivate": spec.hooks.post_activate,
        "preDeactivate": spec.hooks.pre_deactivate,
    }
    return found[hook] or ()
