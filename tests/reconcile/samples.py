"""Plug-ins and runs for the tests: one function per shape, each with what a test wants to vary."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
RULES = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"], "reason": "reads its settings"}]
CRON = [{"name": "nightly", "cron": "0 3 * * *", "timeZone": "Etc/UTC"}]


def plugin(name: str, spec: Json) -> Json:
    """A Plugin with this spec."""
    return {
        "apiVersion": "greffon.dev/v1alpha1",
        "kind": "Plugin",
        "metadata": {"name": name},
        "spec": {"version": "1.0.0"} | spec,
    }


def simple(name: str = "web", *, image: str = "web:1.0.0", **spec: Any) -> Json:
    """A Service in a container, with nothing else declared: five writes."""
    run = {"mode": "Service"} | spec.pop("run", {})
    return plugin(name, {"type": "Container", "source": {"image": {"ref": image}}, "run": run} | spec)


def full(name: str = "dash", *, text: str = "print(1)", **spec: Any) -> Json:
    """A script as a Service with source, port, rules and network: nine writes."""
    base = {
        "type": "Python",
        "source": {"inline": {"files": {"main.py": text}}},
        "run": {"mode": "Service", "ports": [{"name": "http", "port": 8080}]},
        "permissions": {
            "rules": RULES,
            "egress": [{"cidr": "198.18.7.0/24", "ports": [{"port": 443}]}],
            "ingress": [{"plugin": "other", "ports": [{"port": 8080}]}],
        },
        "config": {"values": {"level": "info"}},
    }
    return plugin(name, base | spec)


def job(name: str = "task", *, image: str = "task:1.0.0", concurrency: str = "", **spec: Any) -> Json:
    """A Job in a container."""
    run: Json = {"mode": "Job"} | ({"concurrency": concurrency} if concurrency else {}) | spec.pop("run", {})
    return plugin(name, {"type": "Container", "source": {"image": {"ref": image}}, "run": run} | spec)


def cron(name: str = "clock", **spec: Any) -> Json:
    """A Job with a schedule."""
    return job(name, triggers=CRON, **spec)


def webhook(name: str = "hook") -> Json:
    """A plug-in without a pod."""
    return plugin(name, {"type": "Webhook", "source": {"url": "https://hooks.example.com/x"}})


def run(name: str = "run-1", plugin_name: str = "task", **spec: Any) -> Json:
    """A PluginRun."""
    return {
        "apiVersion": "greffon.dev/v1alpha1",
        "kind": "PluginRun",
        "metadata": {"name": name},
        "spec": {"pluginRef": {"name": plugin_name}} | spec,
    }
