"""Bytes to and from a real API server: session, TLS and tokens of the `kubernetes` package, raw JSON of ours.

Built by `__main__`; used only by `kube.api`. Typed client models are avoided on purpose: they drop fields
they do not know and cost ten times the CPU.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from kubernetes.aio import client as kube_client
from kubernetes.aio import config as kube_config

from greffon.errors import Unavailable, from_status

_LONGEST_LINE = 8 * 1024 * 1024  # one watch event; the API server stores at most 1.5 MiB per object


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def load_configuration(kubeconfig: str | None = None) -> Any:
    """Read the pod's service account, or the kubeconfig when given or outside a cluster."""
    configuration = kube_client.Configuration(client_session_kwargs={"trust_env": False})
    if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        kube_config.load_incluster_config(client_configuration=configuration)
    else:
        await kube_config.load_kube_config(
            config_file=kubeconfig, client_configuration=configuration, persist_config=False
        )
    # Watches hold one connection each, writes are limited by `Api`: the pool itself must never block.
    configuration.connection_pool_maxsize = 0
    return configuration


class HttpTransport:
    """One aiohttp session, made by the `kubernetes` package so that its authentication is used as it is."""

    def __init__(self, configuration: Any) -> None:
        self._configuration = configuration
        self._host: str = configuration.host.rstrip("/")
        self._session: aiohttp.ClientSession = kube_client.rest.RESTClientObject(configuration)._create_pool_manager()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        body: bytes | None,
        content_type: str,
        seconds: float,
    ) -> Response:
        """Send one request and read its whole answer. Raises Unavailable when none came."""
        headers = await self._headers()
        headers["Accept" if body is None else "Content-Type"] = content_type
        try:
            async with self._session.request(
                method,
                self._host + path,
                params=query,
                data=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as answer:
                return Response(answer.status, answer.headers, await answer.read())
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unavailable(f"{method} {path}: {type(error).__name__}: {error}") from error

    async def stream(self, path: str, *, query: Mapping[str, str], idle: float) -> AsyncIterator[bytes]:
        """Yield the lines of a watch. Raises ApiError for a refused one, Unavailable when it breaks."""
        async with self._opened("watch", path, query, idle) as content:
            async for line in _lines(content):
                yield line

    @asynccontextmanager
    async def _opened(
        self, what: str, path: str, query: Mapping[str, str], idle: float | None
    ) -> AsyncIterator[aiohttp.StreamReader]:
        """An answer that is read as it comes, for at most `idle` seconds without a byte; redirects are not followed."""
        timeout = aiohttp.ClientTimeout(total=None, connect=10.0, sock_read=idle)
        headers = await self._headers()
        try:
            async with self._session.get(
                self._host + path, params=query, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                if answer.status >= 300:
                    raise from_status(answer.status, (await answer.text())[:2000])
                yield answer.content
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unavailable(f"{what} {path}: {type(error).__name__}: {error}") from error

    async def _headers(self) -> dict[str, str]:
        settings = await self._configuration.auth_settings()
        headers = {"User-Agent": "greffon-operator"}
        for auth in settings.values():
            headers[auth["key"]] = auth["value"]
        return headers


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Split by newline without aiohttp's own line limit, which is below the size of a large object."""
    rest = b""
    async for chunk in content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise Unavailable("watch: an event is larger than 8 MiB")
        for line in whole:
            if line:
                yield line
