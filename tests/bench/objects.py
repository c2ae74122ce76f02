"""What the benchmark creates: equal plug-ins, and plain Deployments with the same kind of pod. Pure.

Called by `thousand`.
"""

from typing import Any

IMAGE = "registry.example/bench:1"
_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


def plugin(number: int) -> dict[str, Any]:
    """The smallest Service plug-in: an image, no ports, no rules."""
    return {
        "apiVersion": "greffon.dev/v1alpha1",
        "kind": "Plugin",
        "metadata": {"name": f"bench-{number}"},
        "spec": {
            "type": "Container",
            "version": "1.0.0",
            "source": {"image": {"ref": IMAGE}},
            "run": {"mode": "Service"},
        },
    }


def deployment(number: int) -> dict[str, Any]:
    """A Deployment of one restricted pod, as a user would write it without Greffon."""
    labels = {"app.kubernetes.io/name": f"bench-{number}"}
    container = {
        "name": "plugin",
        "image": IMAGE,
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "64Mi"},
            "limits": {"cpu": "500m", "memory": "256Mi", "ephemeral-storage": "256Mi"},
        },
        "securityContext": _RESTRICTED,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a path inside the container
    }
    pod = {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"bench-{number}", "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def is_available(deployment: dict[str, Any]) -> bool:
    """Whether a live Deployment serves."""
    return _condition(deployment, "Available").get("status") == "True"


def is_ready(plugin: dict[str, Any]) -> bool:
    """Whether a live Plugin is Ready, and for the spec it has now."""
    ready = _condition(plugin, "Ready")
    current: bool = ready.get("observedGeneration") == plugin["metadata"]["generation"]
    return current and ready.get("status") == "True"


def _condition(live: dict[str, Any], kind: str) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = live.get("status", {}).get("conditions", [])
    return next((item for item in conditions if item["type"] == kind), {})
