"""The operator's transport, with logs and under a name of its own. Made by `connect`; slow to import."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import aiohttp

from greffon import __version__
from greffon.kube.transport import HttpTransport

_LONGEST_LINE = 64 * 1024
"""After which a line without an end is given in pieces."""


class Wire(HttpTransport):
    """One session of `greffon`."""

    async def log(self, path: str, *, query: Mapping[str, str]) -> AsyncIterator[bytes]:
        """Yield the lines of a log, empty ones too. Raises ApiError for a refused one, Unavailable when it breaks."""
        async with self._opened("log", path, query, None) as content:
            async for line in _lines(content):
                yield line

    async def _headers(self) -> dict[str, str]:
        # The API server keeps the beginning of it as the writer's name in the managed fields.
        return await super()._headers() | {"User-Agent": f"greffon-cli/{__version__}"}


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > _LONGEST_LINE:
            yield rest
            rest = b""
    if rest:
        yield rest
