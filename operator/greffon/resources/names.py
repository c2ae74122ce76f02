"""Names of what the operator makes. Used by every builder; all begin with `plg-`, so that exec and attach can be
refused by name (a CONNECT request carries no labels)."""

from __future__ import annotations

import hashlib

_CRON_JOB_LIMIT = 52  # CronJob adds eleven characters for its Jobs, whose names may have 63


def child(plugin: str) -> str:
    """Name shared by the single children: account, role, policy, deployment, service, budget."""
    return f"plg-{plugin}"


def files(plugin: str, content: str) -> str:
    """Name of the ConfigMap whose content has this hash; new content is a new object."""
    return f"plg-{plugin}-src-{content[:10]}"


def cron_job(plugin: str, trigger: str) -> str:
    """Name of the CronJob of one cron trigger; the hash keeps `a-b`+`c` and `a`+`b-c` apart."""
    tail = hashlib.sha256(f"{plugin}/{trigger}".encode()).hexdigest()[:5]
    stem = f"plg-{plugin}-{trigger}"[: _CRON_JOB_LIMIT - 6].rstrip("-")
    return f"{stem}-{tail}"


def hook_job(plugin: str, revision: int, hook: str, occasion: str) -> str:
    """Name of the one Job of a hook at one activation of a revision."""
    return f"plg-{plugin}-{hashlib.sha256(f'{revision}/{hook}/{occasion}'.encode()).hexdigest()[:10]}"


def run_job(plugin: str, run_uid: str) -> str:
    """Name of the one Job of a PluginRun: a second create of it can only conflict, never duplicate."""
    return f"plg-{plugin}-{hashlib.sha256(run_uid.encode()).hexdigest()[:10]}"
