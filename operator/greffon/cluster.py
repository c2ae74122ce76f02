"""Facts about the cluster that the builders need: where its API server can be reached. Kept by `app`."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable

from greffon.errors import ApiError, NotFound
from greffon.kube.api import Api
from greffon.kube.kinds import ENDPOINT_SLICE

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

    async def follow(self, every: float, changed: Callable[[], object]) -> None:
        """Refresh for ever; a control plane that moves must not cut plug-ins off."""
        while True:
            await asyncio.sleep(every)
            try:
                if await self.refresh():
                    changed()
            except ApiError as error:
                _log.warning("the addresses of the API server cannot be read: %s", error)
