"""The only way out to registries: which addresses may be connected to, and a session that goes nowhere else.

Used by `security.registry`. The address is judged where it is used, after the name was resolved, so that a name that
changes its meaning in between gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from greffon import __version__
from greffon.security.registry_errors import ImageDenied

CONNECT_SECONDS, TOTAL_SECONDS = 3.0, 10.0
"""A registry that needs longer is as good as down; the question is repeated later."""
AT_ONCE, PER_HOST = 8, 2
HEADER_BYTES = 16 * 1024
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "168.63.129.16/32")
)
"""Where clouds keep what a machine may know of itself; no list of an admin opens these."""


@dataclass(frozen=True, slots=True)
class Access:
    """What an admin allows; hosts as in image names. See `settings.Registries`."""

    plain_http: Collection[str] = ()
    private: Collection[str] = ()
    realms: Collection[str] = ()


def may_connect(address: str, *, private: bool) -> bool:
    """Whether this very address may be connected to."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    if any(found in network for network in _NEVER if network.version == found.version):
        return False
    return private or (found.is_global and not found.is_multicast)


class _Guard(AbstractResolver):
    """Resolves names, and gives only addresses that may be connected to."""

    def __init__(self, private: Collection[str]) -> None:
        self._names = _names(private)
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError when nothing is left, as if the name had no address."""
        found = await self._inner.resolve(host, port, family)
        allowed = [one for one in found if may_connect(one["host"], private=host in self._names)]
        if not allowed:
            raise OSError(None, "no address that may be connected to")
        return allowed

    async def close(self) -> None:
        await self._inner.close()


def check_literal(url: URL, private: Collection[str]) -> None:
    """The client asks no resolver for an address that stands in the URL: it is judged here.

    Raises:
        ImageDenied: it may not be connected to.
    """
    host = url.host or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    if not may_connect(host, private=host in _names(private)):
        raise ImageDenied("has an address that is not public; an admin can list the host in registries.private")


def session(access: Access) -> aiohttp.ClientSession:
    """A session without proxies, cookies or compression, in which every wait has an end. Needs a running loop."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=_Guard(access.private), limit=AT_ONCE, limit_per_host=PER_HOST),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS),
        headers={"User-Agent": f"greffon/{__version__}", "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
        max_line_size=HEADER_BYTES,
        max_field_size=HEADER_BYTES,
    )


def _names(hosts: Collection[str]) -> frozenset[str]:
    return frozenset(host.partition(":")[0] for host in hosts)
