"""A registry whose tags a test moves, and which it breaks. Part of `world`."""

from __future__ import annotations

import asyncio
import hashlib

from greffon.security.image_ref import ImageRef
from greffon.security.registry_auth import Credentials
from greffon.security.registry_errors import RegistryError


def digest_of(content: str) -> str:
    """The digest of an image with this content."""
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


class Registry:
    """Has every image.

    Attributes:
        content: image name → what its tag stands for; its own name, if nothing is said.
        error: raised instead of an answer, while it is set.
        asked: the names that were asked for, in their order.
        held: nothing is answered before it is set.
        seen: the user names of the credentials that came along.
    """

    def __init__(self) -> None:
        self.content: dict[str, str] = {}
        self.error: RegistryError | None = None
        self.held: asyncio.Event | None = None
        self.asked: list[str] = []
        self.seen: list[str] = []

    async def digest(self, ref: ImageRef, credentials: Credentials | None = None) -> str:
        """What the tag stands for now."""
        self.asked.append(str(ref))
        self.seen += [credentials.username] if credentials else []
        if self.held:
            await self.held.wait()
        if self.error:
            raise self.error
        return digest_of(self.content.get(str(ref), str(ref)))

    async def close(self) -> None:
        """Nothing is held."""
