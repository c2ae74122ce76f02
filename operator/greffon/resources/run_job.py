"""What a PluginRun makes: its one Job, and the ownership that lets the run vanish with its plug-in. Pure; called by
`reconcile.run`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from greffon.kube.kinds import PLUGIN, PLUGIN_RUN
from greffon.model.plugin import Plugin, PluginSpec
from greffon.model.run import PluginRun
from greffon.resources import metadata, workloads
from greffon.resources.context import Context, Identity
from greffon.resources.desired import pod_request
from greffon.resources.effective import effective

Json = dict[str, Any]


def job_of(run: PluginRun, plugin: Plugin, spec: PluginSpec, revision: int, context: Context) -> Json:
    """The Job of a run: the plug-in's own pod, its input as an event, its time limit if it has one.

    Args:
        spec: of that revision; another than the plug-in's newest one after a rollback.
    """
    e = effective(spec, context)
    identity = Identity(plugin.name, plugin.namespace, plugin.uid)
    request = replace(
        pod_request(identity, spec, e, revision),
        trigger="Manual",
        run=run.name,
        event=orjson.dumps(run.spec.input).decode() if run.spec.input else "",
        timeout_seconds=run.spec.timeout_seconds or e.timeout_seconds,
    )
    return workloads.run_job(request, run.uid)


def ownership(run: PluginRun, plugin: Plugin) -> Json:
    """The owner reference of a run, to be applied: deleting the plug-in deletes its runs and their Jobs."""
    reference = metadata.owner(PLUGIN, plugin.name, plugin.uid) | {"controller": False}
    return {
        "apiVersion": PLUGIN_RUN.api_version,
        "kind": PLUGIN_RUN.kind,
        "metadata": {"name": run.name, "namespace": run.namespace, "ownerReferences": [reference]},
    }
