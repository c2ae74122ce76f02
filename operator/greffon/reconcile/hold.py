"""What a plug-in whose spec may not run keeps: the revision before, confined as it was, and never more of it.

Pure; called by `reconcile.keeper`. Without it, whoever has a spec refused could take the network policy of what runs
away for good, and nobody could suspend it.
"""

from __future__ import annotations

from greffon.model.plugin import PluginSpec
from greffon.model.vocabulary import RunMode
from greffon.reconcile import revisions
from greffon.reconcile.observe import Observation
from greffon.reconcile.plan import Accepted, Plan, plan
from greffon.reconcile.runs import number_of
from greffon.resources.desired import desired

NOTHING = Plan((), ())


def held(o: Observation) -> int:
    """Number of the revision whose workload exists; 0 when there is none."""
    recorded = o.plugin.status.revisions
    active = number_of(recorded.active) if recorded else 0
    return o.deployment.revision if o.deployment else active


def hold(o: Observation, spec: PluginSpec, number: int, accepted: Accepted) -> Plan:
    """Writes that bring back what somebody changed or deleted.

    Args:
        spec: of the held revision; `suspend` is the user's newest, so that stopping is always possible.
    """
    if o.deployment is None and any(child.key.kind == "CronJob" for child in o.children) and _serves(spec):
        return NOTHING  # the mode has just changed, and the status does not know it yet
    restart = (o.plugin.status.handled or {}).get("restart", "")
    stopped = o.deployment is not None and o.deployment.replicas == 0
    wanted = desired(o.identity, _as_many(o, spec), number, o.context, restart=restart, stopped=stopped)
    return plan(wanted, o.children, accepted, kept_files=revisions.kept_files(o.revisions))


def _as_many(o: Observation, spec: PluginSpec) -> PluginSpec:
    """The number of replicas is the user's and in no revision, so it is part of what was refused: as many as there are.

    Where nothing runs, only what else depends on it counts: a budget says that there were several.
    """
    if o.deployment is None or spec.run is None:
        return spec
    several = any(child.key.kind == "PodDisruptionBudget" for child in o.children)
    number = o.deployment.replicas or (2 if several else 1)
    return spec.model_copy(update={"run": spec.run.model_copy(update={"replicas": number})})


def _serves(spec: PluginSpec) -> bool:
    return spec.run is not None and spec.run.mode is RunMode.SERVICE
