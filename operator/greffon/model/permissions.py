"""What a plug-in may touch: the Kubernetes API, and the network in both directions.

Part of `plugin.PluginSpec`; rendered as Role and NetworkPolicy. Nothing declared means nothing allowed.
"""

from greffon.model.base import Model
from greffon.model.vocabulary import Protocol


class Rule(Model):
    """An RBAC rule in the plug-in's own namespace, with the reason for it."""

    api_groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    resource_names: tuple[str, ...] = ()
    reason: str | None = None


class NetworkPort(Model):
    """A port of the other side."""

    port: int
    protocol: Protocol | None = None


class EgressRule(Model):
    """A destination: exactly one of cidr, plugin, fqdn."""

    cidr: str | None = None
    plugin: str | None = None
    fqdn: str | None = None
    ports: tuple[NetworkPort, ...]


class IngressRule(Model):
    """A peer that may connect: exactly one of plugin, cidr."""

    plugin: str | None = None
    cidr: str | None = None
    ports: tuple[NetworkPort, ...]


class Permissions(Model):
    """Everything that is allowed beyond computing."""

    rules: tuple[Rule, ...] = ()
    egress: tuple[EgressRule, ...] = ()
    ingress: tuple[IngressRule, ...] = ()
