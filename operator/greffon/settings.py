"""Settings of the operator process, read once by `__main__` from the environment the chart writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from greffon.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Registries:
    """How registries are reached. Each entry is a host as it stands in image names, with its port if it has one.

    Attributes:
        plain_http: spoken to without TLS.
        private: may have an address that is not global.
        realms: hosts, beside the registry's own, that may be asked for tokens.
        node_only: no registries at all: their images exist on the nodes only, and keep their tags.
    """

    plain_http: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    realms: tuple[str, ...] = ()
    node_only: tuple[str, ...] = ("localhost",)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured, with the chart's names in `from_environment`."""

    runner_images: Mapping[str, str] = field(default_factory=dict)
    """Image per script type ("Python", "Bash", …); a type without an entry has no runner."""
    namespaces: tuple[str, ...] = ()
    """Namespaces to watch; empty means all."""
    workers: int = 16
    """Reconciles under way at once; more only doubles the API server's latency (measured)."""
    resync_seconds: float = 1800.0
    """Every key is looked at again this often, at the lowest priority."""
    sweep_seconds: float = 300.0
    """How often the cache is compared with a fresh list."""
    status_grace_seconds: float = 10.0
    """A rollout that succeeds within this time costs a single status write."""
    http_port: int = 8080
    dns_namespace: str = "kube-system"
    dns_labels: Mapping[str, str] = field(default_factory=lambda: {"k8s-app": "kube-dns"})
    """Where the cluster's DNS pods live: the only DNS a plug-in may reach."""
    ceiling_role: str = ""
    """ClusterRole that says what plug-ins may be granted; empty leaves it to the API server's own check."""
    authors_recorded: bool = False
    """The chart's admission policies are installed: the annotations about authors can be believed."""
    registries: Registries = field(default_factory=lambda: Registries())
    log_level: str = "info"


_RUNNERS = {
    "Python": "GREFFON_RUNNER_PYTHON_IMAGE",
    "Bash": "GREFFON_RUNNER_BASH_IMAGE",
    "Go": "GREFFON_RUNNER_GO_IMAGE",
    "TypeScript": "GREFFON_RUNNER_TYPESCRIPT_IMAGE",
}
_LEVELS = ("debug", "info", "warning", "error")


def from_environment(env: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a value is malformed; the message names the variable and what is allowed.
    """
    level = (env.get("GREFFON_LOG_LEVEL") or "info").lower()
    if level not in _LEVELS:
        raise SettingsError(f"GREFFON_LOG_LEVEL is {level!r}; write one of {', '.join(_LEVELS)}")
    return Settings(
        runner_images={kind: env[name] for kind, name in _RUNNERS.items() if env.get(name)},
        namespaces=tuple(n.strip() for n in env.get("GREFFON_NAMESPACES", "").split(",") if n.strip()),
        workers=_integer(env, "GREFFON_WORKERS", 16, low=1, high=256),
        resync_seconds=_number(env, "GREFFON_RESYNC_SECONDS", 1800, low=1, high=86400),
        sweep_seconds=_number(env, "GREFFON_SWEEP_SECONDS", 300, low=1, high=86400),
        status_grace_seconds=_number(env, "GREFFON_STATUS_GRACE_SECONDS", 10, low=0, high=300),
        http_port=_integer(env, "GREFFON_HTTP_PORT", 8080, low=0, high=65535),
        dns_namespace=env.get("GREFFON_DNS_NAMESPACE") or "kube-system",
        dns_labels=_labels(env, "GREFFON_DNS_LABEL", "k8s-app=kube-dns"),
        ceiling_role=env.get("GREFFON_CEILING_ROLE", ""),
        authors_recorded=_flag(env, "GREFFON_AUTHORS_RECORDED"),
        registries=Registries(
            plain_http=_hosts(env, "GREFFON_REGISTRIES_PLAIN_HTTP"),
            private=_hosts(env, "GREFFON_REGISTRIES_PRIVATE"),
            realms=_hosts(env, "GREFFON_REGISTRIES_REALMS"),
            node_only=_hosts(env, "GREFFON_REGISTRIES_NODE_ONLY", "localhost"),
        ),
        log_level=level,
    )


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name) or "false"
    if text not in ("true", "false"):
        raise SettingsError(f"{name} is {text!r}; write true or false")
    return text == "true"


def _hosts(env: Mapping[str, str], name: str, default: str = "") -> tuple[str, ...]:
    """Hosts; an empty value is an empty list, and differs from a variable that is not there."""
    hosts = tuple(part.strip().lower() for part in env.get(name, default).split(",") if part.strip())
    for host in hosts:
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[1-9][0-9]{0,4})?", host):
            raise SettingsError(f"{name} has {host!r}; write host or host:port, separated by commas")
    return hosts


def _number(env: Mapping[str, str], name: str, default: float, *, low: float, high: float) -> float:
    text = env.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}; write a number from {low:g} to {high:g}") from None
    if not low <= value <= high:
        raise SettingsError(f"{name} is {text}; write a number from {low:g} to {high:g}")
    return value


def _integer(env: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    value = _number(env, name, default, low=low, high=high)
    if value != int(value):
        raise SettingsError(f"{name} is {env[name]}; write a whole number from {low} to {high}")
    return int(value)


def _labels(env: Mapping[str, str], name: str, default: str) -> dict[str, str]:
    text = env.get(name) or default
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(key.strip() and sign for key, sign, _ in pairs):
        raise SettingsError(f"{name} is {text!r}; write labels as key=value,key=value")
    return {key.strip(): value.strip() for key, _, value in pairs}
