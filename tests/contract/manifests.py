"""The smallest right manifest of each kind, and a way to change one thing in it.

The tables of right and wrong manifests start from these.
"""

import copy
import re
from typing import Any, Final

from greffon.model import keys

Manifest = dict[str, Any]

DROP: Final = object()
"""As a new value: remove the field."""

UID: Final = "3f0e6a52-5a0c-4b5e-9a55-0d6c2b7a1f11"
DIGEST: Final = "sha256:" + "0123456789abcdef" * 4


def service() -> Manifest:
    """A Container in mode Service."""
    return _object(
        keys.KIND_PLUGIN,
        "status-page",
        {
            "type": "Container",
            "version": "1.4.2",
            "source": {"image": {"ref": "registry.example/status-page:1.4.2"}},
            "run": {"mode": "Service", "ports": [{"name": "http", "port": 8080}]},
        },
    )


def job() -> Manifest:
    """A Python script in mode Job."""
    return _object(
        keys.KIND_PLUGIN,
        "cert-check",
        {
            "type": "Python",
            "version": "0.1.0",
            "source": {"inline": {"files": {"main.py": "print('{}')\n"}}},
            "run": {"mode": "Job"},
        },
    )


def webhook() -> Manifest:
    """A Webhook."""
    return _object(
        keys.KIND_PLUGIN,
        "notifier",
        {"type": "Webhook", "version": "1.0.0", "source": {"url": "https://hooks.example.com/T1"}},
    )


def revision() -> Manifest:
    """A PluginRevision."""
    return _object(
        keys.KIND_REVISION,
        "cert-check-r3",
        {
            "pluginRef": {"name": "cert-check", "uid": UID},
            "revision": 3,
            "version": "0.1.0",
            "contentHash": DIGEST,
            "plugin": {"type": "Python", "config": {"values": {"days": 30}}},
        },
    )


def run() -> Manifest:
    """A PluginRun."""
    return _object(
        keys.KIND_RUN, "cert-check-now", {"pluginRef": {"name": "cert-check"}, "input": {"host": "example.com"}}
    )


def approval() -> Manifest:
    """A PluginApproval."""
    return _object(
        keys.KIND_APPROVAL,
        "cert-check-ok",
        {
            "pluginRef": {"name": "cert-check", "uid": UID, "generation": 4},
            "planHash": DIGEST,
            "approver": "ada@example.com",
            "expiresAt": "2027-01-31T12:00:00Z",
        },
    )


def policy() -> Manifest:
    """A PluginPolicy."""
    return _object(keys.KIND_POLICY, "baseline", {"isolation": "Required"})


def changed(manifest: Manifest, changes: dict[str, Any]) -> Manifest:
    """A copy in which each path (such as `spec.run.ports[0].port`) has the given value."""
    result = copy.deepcopy(manifest)
    for path, value in changes.items():
        *way, last = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
        holder: Any = result
        for step in way:
            holder = holder.setdefault(step, {}) if isinstance(holder, dict) else holder[step]
        if value is DROP:
            del holder[last]
        else:
            holder[last] = value
    return result


def _object(kind: str, name: str, spec: dict[str, Any]) -> Manifest:
    return {"apiVersion": keys.API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
