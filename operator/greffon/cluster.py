"""Facts about the cluster that decisions need: where its API server is, what plug-ins may be granted. Kept by `app`."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Protocol

from greffon.errors import ApiError, NotFound
from greffon.kube.api import Api
from greffon.kube.kinds import CLUSTER_ROLE, ENDPOINT_SLICE
from greffon.security.ceiling import CeilingRule, read

_log = logging.getLogger(__name__)


class ApiServers:
    """Addresses of the API server, as a plug-in's NetworkPolicy must name them.

    Attributes:
        known: sorted (address, port) pairs: the endpoints, and the Service in front of them when known.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.known: tuple[tuple[str, int], ...] = ()

    async def refresh(self) -> bool:
        """Read them anew; True when they changed. Raises ApiError when they cannot be read."""
        try:
            found = await self._api.get(ENDPOINT_SLICE, "default", "kubernetes")
        except NotFound:
            found = {}  # a control plane that publishes no address: plug-ins with rules cannot reach it
        ports = [port["port"] for port in found.get("ports") or ()]
        pairs = {(a, p) for end in found.get("endpoints") or () for a in end.get("addresses") or () for p in ports}
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
        if host and port:
            pairs.add((host, int(port)))
        before, self.known = self.known, tuple(sorted(pairs))
        return before != self.known


class Ceiling:
    """The ClusterRole that says what plug-ins may be granted at most.

    Attributes:
        known: its rules; None when no such role was named, and the API server's own check is all there is.
    """

    def __init__(self, api: Api, role: str) -> None:
        self._api, self._role = api, role
        self.known: tuple[CeilingRule, ...] | None = () if role else None

    async def refresh(self) -> bool:
        """Read it anew; True when it changed. A missing role allows nothing. Raises ApiError when unreadable."""
        if not self._role:
            return False
        try:
            found = await self._api.get(CLUSTER_ROLE, None, self._role)
        except NotFound:
            found = {}
        before, self.known = self.known, read(found.get("rules") or ())
        return before != self.known


class ServerVersion:
    """The release of Kubernetes, which changes under a running operator when the cluster is upgraded.

    Attributes:
        known: like `v1.36.3`.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.known = ""

    async def refresh(self) -> bool:
        """Ask for it anew; True when it changed. Raises ApiError."""
        before, self.known = self.known, await self._api.server_version()
        return before != self.known


class Fact(Protocol):
    """Something that is read again now and then."""

    async def refresh(self) -> bool: ...


async def follow(fact: Fact, every: float, changed: Callable[[], object]) -> None:
    """Refresh for ever, and tell when it changed."""
    while True:
        await asyncio.sleep(every)
        try:
            if await fact.refresh():
                changed()
        except ApiError as error:
            _log.warning("%s cannot be read: %s", type(fact).__name__, error)
