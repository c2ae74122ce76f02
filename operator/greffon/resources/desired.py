"""Everything that should exist for a Plugin, in the order in which it must be written.

Called by `reconcile.plugin`; the first of the two pure functions that carry the product. The revision object is not
part of it: it is written once, when a revision is activated (`reconcile.revisions`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from greffon.model.plugin import PluginSpec
from greffon.resources import network, permissions, workloads
from greffon.resources.context import Context, Identity
from greffon.resources.effective import Effective, effective
from greffon.resources.files import config_map, files
from greffon.resources.pod import PodRequest

Json = dict[str, Any]


def desired(
    plugin: Identity, spec: PluginSpec, revision: int, context: Context, *, restart: str = "", stopped: bool = False
) -> list[Json]:
    """The children of a plug-in at a revision: confinement first, what it confines last.

    Args:
        spec: the spec to run; another than the user's newest one when an older revision runs.
        revision: its number, shown on the pods.
        restart: token of the last wish for new pods.
        stopped: nothing of it may run, whatever the spec says.
    """
    e = effective(spec, context)
    if not e.mode:
        return []  # a Webhook has no pod, hence nothing to confine
    made = [
        network.network_policy(plugin, spec.permissions, context),
        permissions.service_account(plugin),
    ]
    if rules := spec.permissions.rules if spec.permissions else ():
        made += [permissions.role(plugin, rules), permissions.role_binding(plugin)]
    if content := files(e):
        made.append(config_map(plugin, content))
    request = replace(pod_request(plugin, spec, e, revision), restart=restart if e.mode == "Service" else "")
    return made + _workloads(request, suspended=bool(spec.suspend) or stopped)


def pod_request(plugin: Identity, spec: PluginSpec, e: Effective, revision: int) -> PodRequest:
    """What `resources.pod` needs to know; `reconcile.run` adds the run to it."""
    has_rules = bool(spec.permissions and spec.permissions.rules)
    return PodRequest(plugin, e, files(e), has_rules=has_rules, revision=revision)


def _workloads(request: PodRequest, *, suspended: bool) -> list[Json]:
    e = request.effective
    if e.mode == "Job":
        return [workloads.cron_job(request, cron, suspended=suspended) for cron in e.crons]
    made = []
    if e.ports:
        made.append(workloads.service(request))
    if e.replicas > 1:
        made.append(workloads.disruption_budget(request))
    return [*made, workloads.deployment(request, suspended=suspended)]
