"""The NetworkPolicy: nothing in, nothing out, except what is declared. Used by `resources.desired`."""

from __future__ import annotations

import ipaddress
from typing import Any

from greffon.kube.kinds import NETWORK_POLICY
from greffon.model import keys
from greffon.model.permissions import EgressRule, IngressRule, NetworkPort, Permissions
from greffon.resources import names
from greffon.resources.context import Context, Identity
from greffon.resources.metadata import envelope, selector

Json = dict[str, Any]


def network_policy(plugin: Identity, permissions: Permissions | None, context: Context) -> Json:
    """Default deny both ways; DNS only when any egress is declared, the API server only when rules are."""
    declared = permissions or Permissions()
    egress = [_egress(rule) for rule in declared.egress if rule.ports]
    if egress:
        egress.append(_dns(context))
    if declared.rules and context.api_servers:
        egress.append(_api_server(context))
    spec: Json = {
        "podSelector": {"matchLabels": selector(plugin)},
        "policyTypes": ["Ingress", "Egress"],
        # Written even when empty: an opening that somebody adds by hand is then ours to take back.
        "egress": egress,
        "ingress": [_ingress(rule) for rule in declared.ingress if rule.ports],
    }
    return envelope(NETWORK_POLICY, plugin, names.child(plugin.name), {"spec": spec})


def _egress(rule: EgressRule) -> Json:
    return {"to": [_peer(rule.plugin, rule.cidr)]} | _ports(rule.ports)


def _ingress(rule: IngressRule) -> Json:
    return {"from": [_peer(rule.plugin, rule.cidr)]} | _ports(rule.ports)


def _peer(plugin: str | None, cidr: str | None) -> Json:
    if plugin:
        return {"podSelector": {"matchLabels": {keys.LABEL_PLUGIN: plugin}}}
    block: Json = {"cidr": cidr}
    if holes := [hole for hole in NEVER if cidr and _contains(cidr, hole)]:
        block["except"] = holes
    return {"ipBlock": block}


NEVER = ("169.254.0.0/16", "127.0.0.0/8", "fe80::/10", "fd00:ec2::254/128", "::1/128")
"""Link-local and loopback: a wide range never includes the cloud's metadata service."""


def _contains(cidr: str, hole: str) -> bool:
    wide, narrow = ipaddress.ip_network(cidr, strict=False), ipaddress.ip_network(hole)
    match wide, narrow:
        case (ipaddress.IPv4Network(), ipaddress.IPv4Network()) | (ipaddress.IPv6Network(), ipaddress.IPv6Network()):
            return narrow.subnet_of(wide)  # type: ignore[arg-type] # the pattern has matched their versions
    return False


def _ports(ports: tuple[NetworkPort, ...]) -> Json:
    """Never called with none: a rule without ports would open them all."""
    return {"ports": [{"port": p.port, "protocol": str(p.protocol or "TCP")} for p in ports]}


def _dns(context: Context) -> Json:
    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": context.dns_namespace}},
        "podSelector": {"matchLabels": dict(context.dns_labels)},
    }
    return {"to": [peer], "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}


def _api_server(context: Context) -> Json:
    """Addresses, not a selector: the API server is no pod. Both sides of the Service's translation are listed,
    since network plug-ins differ in which they see."""
    hosts = sorted({host for host, _ in context.api_servers})
    ports = sorted({port for _, port in context.api_servers})
    return {
        "to": [{"ipBlock": {"cidr": f"{host}/128" if ":" in host else f"{host}/32"}} for host in hosts],
        "ports": [{"port": port, "protocol": "TCP"} for port in ports],
    }
