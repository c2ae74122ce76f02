"""Defaults as applied: the spec stays the user's, what was left out is decided here and shown in the status.

Used by every builder of this package and by `reconcile.status`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from greffon.model.plugin import PluginSpec, Rollback, Rollout
from greffon.model.quantity import canonical_quantity, parse_quantity
from greffon.model.run_spec import Probes, ResourceList, RunSpec
from greffon.model.vocabulary import RunMode
from greffon.resources.context import Context

Json = dict[str, Any]
_NO_RUN = RunSpec(mode=RunMode.JOB)
SCRIPT_TYPES = ("Python", "Bash", "Go", "TypeScript")
DEFAULT_ENTRYPOINT = {
    "Python": ("python", "main.py"),
    "Bash": ("bash", "main.sh"),
    "Go": ("main",),
    "TypeScript": ("node", "main.js"),
}
DEFAULT_PORT = 8080
SECRETS_ROOT = "/var/run/greffon/secrets"
DEFAULT_RESOURCES = {
    "requests": {"cpu": "50m", "ephemeral-storage": "64Mi", "memory": "64Mi"},
    "limits": {"cpu": "500m", "ephemeral-storage": "256Mi", "memory": "256Mi"},
}


@dataclass(frozen=True, slots=True)
class Port:
    """A named port of a Service plug-in."""

    name: str
    port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Cron:
    """One schedule."""

    name: str
    schedule: str
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class Effective:
    """A PluginSpec with every default filled in.

    Attributes:
        mode: "Service", "Job", or "" for a Webhook, which has no pod.
        image: what runs; None when no runner is configured for the type.
        inline: path → text of the source files kept in a ConfigMap of ours.
        source_config_map: the user's own ConfigMap with the source, if that is where it is.
        resources: canonical quantities, requests and limits.
    """

    type: str
    version: str
    mode: str
    image: str | None
    pull_secrets: tuple[str, ...]
    inline: Mapping[str, str]
    source_config_map: str | None
    url: str | None
    entrypoint: tuple[str, ...]
    replicas: int
    ports: tuple[Port, ...]
    probes: Probes | None
    timeout_seconds: int
    concurrency: str
    retries: int
    resources: Mapping[str, Mapping[str, str]]
    env: tuple[tuple[str, str], ...]
    secrets: tuple[tuple[str, str], ...]
    config: Json | None
    crons: tuple[Cron, ...]
    runtime_class: str | None
    seccomp: str
    strategy: str
    progress_deadline_seconds: int
    soak_seconds: int
    history_limit: int
    auto_rollback: bool
    watch_seconds: int
    max_crashes: int

    @property
    def is_script(self) -> bool:
        """Runs in a runner image under the contract of docs/contract.md."""
        return self.type in SCRIPT_TYPES


def effective(spec: PluginSpec, context: Context) -> Effective:
    """Fill in what the spec leaves out."""
    source, rollout, rollback = spec.source, spec.rollout or Rollout(), spec.rollback or Rollback()
    run = spec.run or _NO_RUN
    return Effective(
        type=str(spec.type),
        version=spec.version,
        mode=str(run.mode) if spec.run else "",
        image=source.image.ref if source.image else context.runner_images.get(spec.type),
        pull_secrets=tuple(s.name for s in source.image.pull_secrets) if source.image else (),
        inline=dict(source.inline.files) if source.inline else {},
        source_config_map=source.config_map.name if source.config_map else None,
        url=source.url,
        entrypoint=run.entrypoint or DEFAULT_ENTRYPOINT.get(spec.type, ()),
        replicas=_or(run.replicas, 1),
        ports=_ports(spec),
        probes=run.probes,
        timeout_seconds=_or(run.timeout_seconds, 300),
        concurrency=str(run.concurrency or "Forbid"),
        retries=_or(run.retries, 0),
        resources=_resources(spec),
        env=tuple((e.name, e.value) for e in run.env),
        secrets=tuple((s.name, s.mount_path or f"{SECRETS_ROOT}/{s.name}") for s in run.secrets) if run else (),
        config=spec.config.values if spec.config else None,
        crons=tuple(Cron(t.name, t.cron, t.time_zone) for t in spec.triggers if t.cron),
        runtime_class=spec.sandbox.runtime_class_name if spec.sandbox else None,
        seccomp=(spec.sandbox and spec.sandbox.seccomp) or "RuntimeDefault",
        strategy=str(rollout.strategy or "Surge"),
        progress_deadline_seconds=_or(rollout.progress_deadline_seconds, 300),
        soak_seconds=_or(rollout.soak_seconds, 0),
        history_limit=_or(rollback.history_limit, 10),
        auto_rollback=rollback.auto is not False,
        watch_seconds=_or(rollback.watch_seconds, 1800),
        max_crashes=_or(rollback.max_crashes, 3),
    )


def as_status(e: Effective) -> Json:
    """What `status.effective` shows: the values that the user may have left out."""
    if not e.mode:
        return {}
    shown: Json = {
        "image": e.image,
        "entrypoint": list(e.entrypoint),
        "resources": {k: dict(v) for k, v in e.resources.items()},
    }
    if e.mode == "Service":
        shown |= {
            "replicas": e.replicas,
            "ports": [{"name": p.name, "port": p.port} for p in e.ports],
            "strategy": e.strategy,
            "progressDeadlineSeconds": e.progress_deadline_seconds,
        }
    else:
        shown |= {"timeoutSeconds": e.timeout_seconds, "concurrency": e.concurrency, "retries": e.retries}
    return {key: value for key, value in shown.items() if value not in (None, [])}


def _ports(spec: PluginSpec) -> tuple[Port, ...]:
    if spec.run is None or spec.run.mode != "Service":
        return ()
    if spec.run.ports:
        return tuple(Port(p.name, p.port, str(p.protocol or "TCP")) for p in spec.run.ports)
    # A script in Service mode always has the runner's own server in front of it.
    return (Port("http", DEFAULT_PORT, "TCP"),) if spec.type.is_script else ()


def _resources(spec: PluginSpec) -> dict[str, dict[str, str]]:
    declared = spec.run.resources if spec.run else None
    requests = _given(declared.requests if declared else None)
    limits = _given(declared.limits if declared else None)
    return {
        # A declared number wins over our default on the other side, which would else be refused.
        "requests": _merge(DEFAULT_RESOURCES["requests"], requests, other=limits, keep=min),
        "limits": _merge(DEFAULT_RESOURCES["limits"], limits, other=requests, keep=max),
    }


def _given(amounts: ResourceList | None) -> dict[str, str]:
    return amounts.to_wire() if amounts else {}


def _merge(
    defaults: Mapping[str, str],
    given: Mapping[str, str],
    *,
    other: Mapping[str, str],
    keep: Callable[..., str],
) -> dict[str, str]:
    made = {
        name: given.get(name) or keep((default, other.get(name, default)), key=parse_quantity)
        for name, default in defaults.items()
    }
    return {name: canonical_quantity(value) for name, value in made.items()}


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
