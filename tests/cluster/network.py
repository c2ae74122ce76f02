"""Addresses of the test cluster, and the check that taking them cuts nothing off.

Called by `kind` before it makes the bridge. All ranges are from 198.18.0.0/15, which is set aside for
benchmarks and not routed on the Internet. A bridge over a range that something already uses would cut the
machine off it, so routes, name servers and the package registries are looked at first.
"""

import ipaddress
import json
import re
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.cluster.process import CommandError, HarnessError, run

RESERVED = ipaddress.IPv4Network("198.18.0.0/15")
NODE_NETWORK = ipaddress.IPv4Network("198.18.200.0/24")
GATEWAY = NODE_NETWORK[1]
POD_NETWORK = ipaddress.IPv4Network("198.18.64.0/18")
SERVICE_NETWORK = ipaddress.IPv4Network("198.19.64.0/18")
BRIDGE = "greffon0"

_TAKEN = (NODE_NETWORK, POD_NETWORK, SERVICE_NETWORK)


def check_ranges() -> None:
    """Refuse to go on if a range of ours is routed elsewhere or holds an address that this machine needs."""
    routes = json.loads(run(["ip", "-json", "route", "show", "table", "main"]))
    for problem in (*overlapping_routes(routes), *needed_addresses(_needed_hosts())):
        raise HarnessError(f"the test cluster cannot use its addresses: {problem}")


def overlapping_routes(routes: Iterable[dict[str, object]]) -> Iterator[str]:
    """A sentence for each route, other than a default one or our own bridge's, into one of our ranges."""
    for route in routes:
        destination = str(route["dst"])
        if destination == "default" or route.get("dev") == BRIDGE:
            continue
        network = ipaddress.ip_network(destination, strict=False)
        if network.version == 4 and network.prefixlen and any(network.overlaps(ours) for ours in _TAKEN):
            yield f"{destination} is routed through {route.get('dev')}"


def needed_addresses(hosts: Iterable[str]) -> Iterator[str]:
    """A sentence for each host whose address lies in one of our ranges. Unknown hosts cannot be cut off."""
    for host in sorted(set(hosts)):
        try:
            found = {str(info[4][0]) for info in socket.getaddrinfo(host, None, socket.AF_INET)}
        except OSError:
            continue
        for address in sorted(found):
            if any(ipaddress.ip_address(address) in ours for ours in _TAKEN):
                yield f"{host} is at {address}"


def _needed_hosts() -> Iterator[str]:
    """Name servers, the hosts file, and the registries that Go, pip and apt are set up for."""
    for line in _lines(Path("/etc/resolv.conf")):
        if line.startswith("nameserver"):
            yield line.split()[1]
    for line in _lines(Path("/etc/hosts")):
        yield from line.split()[:1]
    for text in _registry_settings():
        for address in re.findall(r"https?://[^\s,|)]+", text):
            yield urlsplit(address).hostname or ""


def _registry_settings() -> Iterator[str]:
    sources = (*Path("/etc/apt").glob("sources.list"), *Path("/etc/apt/sources.list.d").glob("*"))
    for file in sources:
        yield "\n".join(_lines(file))
    # pip says its index, configured or default, in its help.
    for command in (["go", "env", "GOPROXY"], ["pip", "install", "--help"], ["npm", "config", "get", "registry"]):
        try:
            yield run(command)
        except (CommandError, FileNotFoundError):
            continue


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        return []
    lines = (line.strip() for line in file.read_text(errors="replace").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
