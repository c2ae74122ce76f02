"""The NetworkPolicy: nothing in, nothing out, except what is declared; an omission never means everywhere."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.model.permissions import Permissions
from greffon.resources.context import Context
from greffon.resources.network import network_policy
from tests.unit.resources.samples import CONTEXT, IDENTITY, RULE, Json

PORT = [{"port": 443}]
TCP = [{"port": 443, "protocol": "TCP"}]
DNS: Json = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}
API_SERVER: Json = {
    "to": [
        {"ipBlock": {"cidr": cidr}}
        for cidr in ("198.51.100.1/32", "198.51.100.2/32", "198.51.100.200/32", "2001:db8::1/128")
    ],
    "ports": [{"port": 443, "protocol": "TCP"}, {"port": 6443, "protocol": "TCP"}],
}
PLUGIN_PEER: Json = {"podSelector": {"matchLabels": {"greffon.dev/plugin": "other"}}}
RANGE: Json = {"ipBlock": {"cidr": "198.18.0.0/24"}}


def spec_of(permissions: Json | None, context: Context = CONTEXT) -> Json:
    """The spec of the policy."""
    parsed = None if permissions is None else Permissions.parse(permissions)
    spec = network_policy(IDENTITY, parsed, context)["spec"]
    assert isinstance(spec, dict)
    return spec


OUT: dict[str, tuple[Json | None, list[Json]]] = {
    "nothing declared, nothing out": (None, []),
    "empty permissions, nothing out": ({}, []),
    "only ingress declared, nothing out": ({"ingress": [{"plugin": "other", "ports": PORT}]}, []),
    "a range, and DNS": ({"egress": [{"cidr": "198.18.0.0/24", "ports": PORT}]}, [{"to": [RANGE], "ports": TCP}, DNS]),
    "another plug-in, and DNS": (
        {"egress": [{"plugin": "other", "ports": PORT}]},
        [{"to": [PLUGIN_PEER], "ports": TCP}, DNS],
    ),
    "rules need the API server and no DNS": ({"rules": [RULE]}, [API_SERVER]),
    "rules and a range": (
        {"rules": [RULE], "egress": [{"cidr": "198.18.0.0/24", "ports": PORT}]},
        [{"to": [RANGE], "ports": TCP}, DNS, API_SERVER],
    ),
}


@pytest.mark.parametrize(("permissions", "egress"), OUT.values(), ids=OUT)
def test_what_may_go_out(permissions: Json | None, egress: list[Json]) -> None:
    assert spec_of(permissions)["egress"] == egress


IN: dict[str, tuple[Json | None, list[Json]]] = {
    "nothing declared, nothing in": (None, []),
    "only egress declared, nothing in": ({"egress": [{"plugin": "other", "ports": PORT}]}, []),
    "another plug-in": ({"ingress": [{"plugin": "other", "ports": PORT}]}, [{"from": [PLUGIN_PEER], "ports": TCP}]),
    "a range": ({"ingress": [{"cidr": "198.18.0.0/24", "ports": PORT}]}, [{"from": [RANGE], "ports": TCP}]),
    "a port of UDP": (
        {"ingress": [{"cidr": "198.18.0.0/24", "ports": [{"port": 5140, "protocol": "UDP"}]}]},
        [{"from": [RANGE], "ports": [{"port": 5140, "protocol": "UDP"}]}],
    ),
}


@pytest.mark.parametrize(("permissions", "ingress"), IN.values(), ids=IN)
def test_what_may_come_in(permissions: Json | None, ingress: list[Json]) -> None:
    assert spec_of(permissions)["ingress"] == ingress


def test_without_known_addresses_the_api_server_is_not_opened_to_everywhere() -> None:
    assert spec_of({"rules": [RULE]}, replace(CONTEXT, api_servers=()))["egress"] == []


def test_both_directions_are_always_governed() -> None:
    spec = spec_of(None)
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["podSelector"]["matchLabels"] == {
        "greffon.dev/plugin": IDENTITY.name,
        "greffon.dev/plugin-uid": IDENTITY.uid,
    }


def test_dns_is_where_the_settings_say() -> None:
    context = replace(CONTEXT, dns_namespace="dns", dns_labels={"app": "coredns"})
    (_, dns) = spec_of({"egress": [{"plugin": "other", "ports": PORT}]}, context)["egress"]
    assert dns["to"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dns"}},
            "podSelector": {"matchLabels": {"app": "coredns"}},
        }
    ]


FORBIDDEN = ["169.254.169.254/32", "127.0.0.1/32", "fe80::1/128", "::1/128", "fd00:ec2::254/128"]
WIDE: dict[str, str] = {
    "the whole world": "0.0.0.0/0",
    "its upper half": "128.0.0.0/1",
    "its lower half": "0.0.0.0/1",
    "a range around the metadata service": "169.0.0.0/8",
    "the whole world of IPv6": "::/0",
    "all link-local and more": "fe00::/7",
    "all unique local": "fc00::/7",
}


@pytest.mark.parametrize("cidr", WIDE.values(), ids=WIDE)
def test_a_wide_range_never_includes_metadata_services_and_the_node_itself(cidr: str) -> None:
    (rule, _) = spec_of({"egress": [{"cidr": cidr, "ports": PORT}]})["egress"]
    (peer,) = rule["to"]
    block = peer["ipBlock"]
    for address in FORBIDDEN:
        if within(address, cidr):
            assert any(within(address, excluded) for excluded in block["except"]), address
    assert all(within(excluded, cidr) and excluded != cidr for excluded in block["except"])


def within(inner: str, outer: str) -> bool:
    """Whether a range lies in another."""
    a: Any = ip_network(inner)
    b: Any = ip_network(outer)
    return bool(a.version == b.version and a.subnet_of(b))


TARGETS = st.sampled_from([{"cidr": "198.18.0.0/24"}, {"cidr": "0.0.0.0/0"}, {"plugin": "other"}])
PEERS = st.tuples(TARGETS, st.integers(1, 65535)).map(lambda pair: pair[0] | {"ports": [{"port": pair[1]}]})


@settings(max_examples=40, deadline=None)
@given(
    st.lists(PEERS, max_size=4),
    st.lists(PEERS, max_size=4),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(["198.51.100.9", "2001:db8::9"]), st.integers(1, 65535)), max_size=3),
)
def test_every_opening_names_peers_and_ports(
    egress: list[Json], ingress: list[Json], rules: bool, api_servers: list[tuple[str, int]]
) -> None:
    permissions: Json = {"egress": egress, "ingress": ingress, "rules": [RULE] if rules else []}
    spec = spec_of(permissions, replace(CONTEXT, api_servers=tuple(api_servers)))
    for opening in spec["egress"]:
        assert set(opening) == {"to", "ports"}
        assert opening["to"]
        assert opening["ports"]
    for opening in spec["ingress"]:
        assert set(opening) == {"from", "ports"}
        assert opening["from"]
        assert opening["ports"]
    assert len(spec["egress"]) == len(egress) + bool(egress) + bool(rules and api_servers)
    assert len(spec["ingress"]) == len(ingress)


def test_a_list_of_ports_that_got_past_the_schema_empty_does_not_open_every_port() -> None:
    spec = spec_of({"egress": [{"cidr": "198.18.0.0/24", "ports": []}], "ingress": [{"plugin": "x", "ports": []}]})
    assert all(opening.get("ports") for opening in (*spec["egress"], *spec["ingress"]))
