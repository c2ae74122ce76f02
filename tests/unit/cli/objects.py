"""Objects as the API server would send them, one function per kind."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
UID = "0b7a3b5e-6c4f-4b0e-9a51-6f2f0f1f7c11"
BEFORE = "2029-12-31T23:50:00Z"
"""Ten minutes before the clock of these tests begins."""


def condition(kind: str, status: str, reason: str, message: str = "") -> Json:
    """One condition."""
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": BEFORE}


def plugin(name: str = "web", *, mode: str = "Service", spec: Json | None = None, **status: Any) -> Json:
    """A Plugin; keywords are fields of its status."""
    return {
        "apiVersion": "greffon.dev/v1alpha1",
        "kind": "Plugin",
        "metadata": {"name": name, "namespace": "team-a"},
        "spec": {
            "type": "Container",
            "version": "1.5.0",
            "source": {"image": {"ref": "registry.example/web:1.5.0"}},
            "run": {"mode": mode},
            **(spec or {}),
        },
        "status": {"observedGeneration": 1, **status},
    }


def healthy(name: str = "web", **more: Any) -> Json:
    """A Plugin that is as it should be."""
    ready = condition("Ready", "True", "Available", "revision r2 (1.5.0): 2 of 2 replicas available")
    base: Json = {
        "conditions": [ready],
        "revisions": {"desired": f"{name}-r2", "active": f"{name}-r2", "lastGood": f"{name}-r2"},
        "replicas": {"desired": 2, "ready": 2},
    }
    return plugin(name, **(base | more))


def rolled_back(name: str = "web") -> Json:
    """A Plugin whose newest revision crashed; the one before it serves."""
    return plugin(
        name,
        conditions=[
            condition("Ready", "False", "RolledBack", "revision r7 (1.5.0) crashed; revision r6 (1.4.1) runs instead"),
            condition("Available", "True", "Available", "revision r6 (1.4.1) serves"),
            condition("RolledBack", "True", "RolledBack", "r7 is quarantined; change the spec or reset it"),
        ],
        revisions={"desired": f"{name}-r7", "active": f"{name}-r6", "lastGood": f"{name}-r6"},
        image={"ref": "registry.example/web:1.4.1", "digest": "sha256:" + "ab" * 32},
        replicas={"desired": 2, "ready": 2},
        quarantined=[
            {"revision": f"{name}-r7", "cause": "CrashLoop", "message": "exit 1, 3 times in 4m", "time": BEFORE}
        ],
        history=[
            {"revision": 6, "version": "1.4.1", "action": "RolledBack", "time": BEFORE, "cause": "r7 crashed"},
            {"revision": 7, "version": "1.5.0", "action": "Activated", "time": BEFORE},
        ],
    )


def revision(number: int, state: str = "Standby", name: str = "web", *, body: Json | None = None, **spec: Any) -> Json:
    """A PluginRevision; keywords are fields of its spec."""
    return {
        "apiVersion": "greffon.dev/v1alpha1",
        "kind": "PluginRevision",
        "metadata": {"name": f"{name}-r{number}", "namespace": "team-a", "creationTimestamp": BEFORE},
        "spec": {
            "pluginRef": {"name": name, "uid": UID},
            "revision": number,
            "version": f"1.{number}.0",
            "contentHash": f"content{number:04d}",
            "plugin": body or {"type": "Container"},
            **spec,
        },
        "status": {"state": state},
    }


def pod(name: str, labels: Json, *, begun: bool = True) -> Json:
    """A pod of a plug-in."""
    state = {"running": {}} if begun else {"waiting": {"reason": "ContainerCreating"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "team-a", "labels": labels},
        "spec": {"containers": [{"name": "plugin", "image": "x"}]},
        "status": {"containerStatuses": [{"name": "plugin", "state": state, "restartCount": 0}]},
    }
