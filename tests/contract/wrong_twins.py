"""Wrong values where a rule stands a second time: the other place must refuse as well."""

# ruff: noqa: E501 (a table is read by its rows: one situation, one line)

from typing import Any, Final

from tests.contract.manifests import job, policy, service
from tests.contract.wrong import Wrong

_WRONG_AMOUNTS: Final = {"cpu": "0", "memory": "100m", "ephemeral-storage": "1Ei"}
_PLACES: Final = {
    "spec.run.resources.requests": service(),
    "spec.run.resources.limits": service(),
    "spec.resources.maximum": policy(),
    "spec.resources.defaults.requests": policy(),
    "spec.resources.defaults.limits": policy(),
}
_LARGER: Final = {"cpu": ("2", "1"), "memory": ("2Gi", "1Gi"), "ephemeral-storage": ("2Gi", "1Gi")}


def _watch(selector: dict[str, Any]) -> dict[str, Any]:
    return {
        "spec.triggers": [{"name": "t", "watch": {"apiVersion": "v1", "kind": "Secret", "labelSelector": selector}}]
    }


def _in(cidr: str) -> dict[str, Any]:
    return {"spec.permissions.ingress": [{"cidr": cidr, "ports": [{"port": 8080}]}]}


TWINS: Final = [
    *(
        Wrong(f"{resource} {amount} in {place}", base, {f"{place}.{resource}": amount}, f"{place}.{resource}", f"{place}.{resource} is not allowed")
        for place, base in _PLACES.items()
        for resource, amount in _WRONG_AMOUNTS.items()
    ),
    *(
        Wrong(f"a default request of {resource} above its limit", policy(), {"spec.resources.defaults": {"requests": {resource: request}, "limits": {resource: limit}}}, "spec.resources.defaults.requests", f"requests.{resource} is larger")
        for resource, (request, limit) in _LARGER.items()
    ),
    *(
        Wrong(f"an empty program in {hook}", job(), {f"spec.hooks.{hook}": ["", "x"]}, f"spec.hooks.{hook}", f"spec.hooks.{hook} has an empty program")
        for hook in ("preActivate", "postActivate", "preDeactivate")
    ),
    Wrong("a NUL in a hook", job(), {"spec.hooks.preActivate": ["python", "a\u0000"]}, "spec.hooks.preActivate", "NUL character"),
    Wrong("a zone without schedule", job(), {"spec.triggers": [{"name": "t", "http": {"path": "/"}, "timeZone": "Etc/UTC"}]}, "spec.triggers[0]", "only for entries with cron"),
    Wrong("a topic published twice", job(), {"spec.events.publishes": [{"topic": "a"}, {"topic": "a"}]}, "spec.events.publishes", "same topic twice"),
    Wrong("a Greffon range of nonsense", job(), {"spec.compatibility.greffon": "1.2 or so"}, "spec.compatibility.greffon", "not a version range"),
    Wrong("ingress from a range of nonsense", service(), _in("everywhere"), "spec.permissions.ingress[0].cidr", "not an address range"),
    Wrong("ingress from a range with host bits", service(), _in("203.0.113.7/24"), "spec.permissions.ingress[0].cidr", "bits set beyond its prefix"),
    Wrong("a ceiling of ingress with host bits", policy(), {"spec.permissions.ingress": {"cidrs": ["203.0.113.7/24"]}}, "spec.permissions.ingress.cidrs[0]", "first address"),
    Wrong("a selector by something that is no label", job(), _watch({"matchLabels": {"a b": "c"}}), "spec.triggers[0].watch.labelSelector.matchLabels", "no label"),
    Wrong("a selector with values for Exists", job(), _watch({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}), "spec.triggers[0].watch.labelSelector.matchExpressions[0]", "not allowed with Exists"),
    Wrong("a namespace selector by something that is no label", policy(), {"spec.namespaceSelector": {"matchLabels": {"-a": "b"}}}, "spec.namespaceSelector.matchLabels", "no label"),
    Wrong("two identities of one name", policy(), {"spec.signatures.identities": [{"name": "a", "issuer": "https://id.example", "subject": s} for s in "xy"]}, "spec.signatures.identities", "two entries of the same name"),
    Wrong("two approval rules of one name", policy(), {"spec.approvals": [{"name": "a", "required": 1, "widenings": ["Egress"]}] * 2}, "spec.approvals", "two entries of the same name"),
]  # fmt: skip
