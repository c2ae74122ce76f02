"""What can go wrong between the operator and a registry. Raised by `security.registry`, told by `reconcile.resolver`.

Messages are shown in conditions: they are the same each time, and hold no credentials, tokens or text of a stranger.
"""

from __future__ import annotations

from greffon.errors import GreffonError

LONGEST_WAIT_SECONDS = 300.0


class RegistryError(GreffonError):
    """A registry did not say what a tag stands for."""


class ImageNotFound(RegistryError):  # noqa: N818 - as the registry's own code NAME_UNKNOWN
    """It has no such image, or no such tag."""


class ImageDenied(RegistryError):  # noqa: N818
    """It does not let us look, or we do not let ourselves be sent where it sends us."""


class RegistryUnavailable(RegistryError):  # noqa: N818
    """No usable answer; asking again may help.

    Attributes:
        retry_after: seconds that the registry asked to wait, bounded; None when it did not say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = None if retry_after is None else min(max(retry_after, 1.0), LONGEST_WAIT_SECONDS)
