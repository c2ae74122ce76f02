"""What the real server adds to, drops from and refuses in the built-in kinds. Called by `writing`.

Only what an operator can trip over: defaults that it did not apply, empty values that are not stored, immutable fields.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from greffon.kube import kinds
from tests.reconcile.fake.store import copy_of

Json = dict[str, Any]
WITH_STATUS = frozenset({"Plugin", "PluginRun", "PluginRevision", "Deployment", "Job", "CronJob", "Pod", "Service"}) | {
    "PodDisruptionBudget"
}
"""Kinds with a status subresource."""
WITHOUT_GENERATION = frozenset({"ServiceAccount", "ConfigMap", "Role", "RoleBinding", "Service", "Event"}) | {
    "EndpointSlice"
}
_POD = {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler"}


def stored(kind: str, obj: Json) -> Json:
    """The object as the server keeps it."""
    made = copy_of(_without_nulls(obj))
    fill = _DEFAULTS.get(kind)
    if fill:
        fill(made)
    return made


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(child) for key, child in value.items() if child is not None}
    return [_without_nulls(child) for child in value] if isinstance(value, list) else value


def _policy(obj: Json) -> None:
    for side in ("ingress", "egress"):
        if obj["spec"].get(side) == []:
            del obj["spec"][side]


def _deployment(obj: Json) -> None:
    obj["spec"].setdefault("replicas", 1)
    _template(obj["spec"]["template"])


def _job(obj: Json) -> None:
    spec = {"completions": 1, "parallelism": 1, "suspend": False}
    for key, value in spec.items():
        obj["spec"].setdefault(key, value)
    uid = obj["metadata"]["uid"]
    obj["spec"].setdefault("selector", {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}})
    template = obj["spec"]["template"]
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    labels.setdefault("batch.kubernetes.io/controller-uid", uid)
    labels.setdefault("batch.kubernetes.io/job-name", obj["metadata"]["name"])
    _template(template)


def _cron_job(obj: Json) -> None:
    obj["spec"].setdefault("suspend", False)
    _template(obj["spec"]["jobTemplate"]["spec"]["template"])


def _service(obj: Json) -> None:
    obj["spec"].setdefault("sessionAffinity", "None")
    obj["spec"].setdefault("clusterIP", f"198.19.0.{len(obj['metadata']['name']) % 250 + 1}")


def _template(template: Json) -> None:
    for key, value in _POD.items():
        template["spec"].setdefault(key, value)
    for container in template["spec"]["containers"]:
        for variable in container.get("env") or ():
            if variable.get("value") == "":
                del variable["value"]


_DEFAULTS: dict[str, Callable[[Json], None]] = {
    kinds.NETWORK_POLICY.kind: _policy,
    kinds.DEPLOYMENT.kind: _deployment,
    kinds.JOB.kind: _job,
    kinds.CRON_JOB.kind: _cron_job,
    kinds.SERVICE.kind: _service,
}

_IMMUTABLE: dict[str, tuple[tuple[str, ...], ...]] = {
    kinds.ROLE_BINDING.kind: (("roleRef",),),
    kinds.DEPLOYMENT.kind: (("spec", "selector"),),
    kinds.JOB.kind: (("spec", "template"), ("spec", "selector"), ("spec", "completions")),
    kinds.PLUGIN_RUN.kind: (("spec",),),
    kinds.PLUGIN_REVISION.kind: (("spec",),),
}


def immutable_changes(kind: str, old: Json, new: Json) -> list[str]:
    """Fields that were changed though they never may be."""
    fields = _IMMUTABLE.get(kind, ())
    if kind == kinds.CONFIG_MAP.kind and old.get("immutable"):
        fields = (("data",), ("immutable",))
    return [".".join(path) for path in fields if _at(old, path) != _at(new, path)]


def _at(obj: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        obj = obj.get(step) if isinstance(obj, dict) else None
    return obj


def never_settles(kind: str, config: Json) -> bool:
    """An applied `ingress: []` of a policy is not stored, so that each apply of it counts as a change."""
    spec = config.get("spec") or {}
    return kind == kinds.NETWORK_POLICY.kind and [] in (spec.get("ingress"), spec.get("egress"))
