"""What the builders need to know beside the Plugin: frozen values, read by `reconcile.observe` and `__main__`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from greffon.security.ceiling import CeilingRule


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose children are built."""

    name: str
    namespace: str
    uid: str


@dataclass(frozen=True, slots=True)
class Context:
    """Facts about the cluster and this installation.

    Attributes:
        runner_images: image per script type; a type without one cannot run.
        dns_namespace, dns_labels: where the DNS pods are.
        ceiling: what plug-ins may be granted at most; None leaves it to the API server.
        kubernetes_version: as the API server tells it, like `v1.36.3`.
        authors_recorded: the API server's policies keep anybody from choosing the annotations about authors.
        api_servers: (address, port) pairs behind and in front of the `kubernetes` Service.
    """

    runner_images: Mapping[str, str] = field(default_factory=dict)
    dns_namespace: str = "kube-system"
    dns_labels: Mapping[str, str] = field(default_factory=lambda: {"k8s-app": "kube-dns"})
    api_servers: tuple[tuple[str, int], ...] = ()
    ceiling: tuple[CeilingRule, ...] | None = None
    kubernetes_version: str = ""
    authors_recorded: bool = False
