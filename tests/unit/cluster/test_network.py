"""The harness does not take addresses that this machine uses for something else."""

import pytest

from tests.cluster import network


@pytest.mark.parametrize(
    ("route", "refused"),
    [
        pytest.param({"dst": "default", "dev": "eth0"}, False, id="the default route"),
        pytest.param({"dst": "192.0.2.0/24", "dev": "eth0"}, False, id="a network elsewhere"),
        pytest.param({"dst": "198.18.200.0/24", "dev": network.BRIDGE}, False, id="our own bridge"),
        pytest.param({"dst": "198.18.200.0/24", "dev": "podman1"}, True, id="our network on another bridge"),
        pytest.param({"dst": "198.18.0.0/15", "dev": "wg0"}, True, id="a network around ours"),
        pytest.param({"dst": "198.18.64.7", "dev": "eth1"}, True, id="one address of the pods'"),
        pytest.param({"dst": "198.19.64.0/20", "dev": "eth1"}, True, id="a part of the services'"),
        pytest.param({"dst": "0.0.0.0/0", "dev": "eth0"}, False, id="a default route written out"),
        pytest.param({"dst": "fd00::/64", "dev": "eth0"}, False, id="a network of version 6"),
    ],
)
def test_a_route_into_our_ranges_is_refused(route: dict[str, object], refused: bool) -> None:
    assert bool(list(network.overlapping_routes([route]))) is refused


@pytest.mark.parametrize(
    ("host", "refused"),
    [
        pytest.param("198.18.200.53", True, id="a name server inside"),
        pytest.param("198.18.127.255", True, id="the last address of the pods"),
        pytest.param("198.18.128.0", False, id="the first address after the pods"),
        pytest.param("127.0.0.1", False, id="this machine"),
        pytest.param("no-such-host.invalid", False, id="a host that has no address"),
    ],
)
def test_a_host_that_would_be_cut_off_is_named(host: str, refused: bool) -> None:
    assert bool([line for line in network.needed_addresses([host]) if host in line]) is refused
