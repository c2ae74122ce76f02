"""The exception tree. One place maps each branch to a result: `reconcile.outcome`.

GreffonError
├── SettingsError          the environment of the operator is wrong; it does not start
└── ApiError               the API server answered with an error
    ├── NotFound           404
    ├── Conflict           409: somebody else wrote first, or the precondition (uid, version) failed
    ├── Forbidden          401, 403: a right is missing
    ├── Invalid            400, 422: the server refuses the content; trying again is useless
    ├── Gone               410: the watch position is too old; list again
    └── Unavailable        429, 5xx, connection lost, deadline: the answer is unknown; try again
"""

from __future__ import annotations


class GreffonError(Exception):
    """Base of everything this package raises on purpose."""


class SettingsError(GreffonError):
    """A setting is missing or malformed; the message names it and says what is allowed."""


class ApiError(GreffonError):
    """The API server refused a request.

    Attributes:
        status: HTTP status code, 0 when no answer came.
        reason: the machine-readable `reason` of the server's Status object ("" when there is none).
        retry_after: seconds the server asked to wait, None when it did not say.
    """

    def __init__(self, message: str, *, status: int = 0, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class NotFound(ApiError):  # noqa: N818 - named as the API server names it
    """The object, or its kind or namespace, does not exist."""


class Conflict(ApiError):  # noqa: N818
    """The object is not the one, or not in the version, that the request named."""


class Forbidden(ApiError):  # noqa: N818
    """The operator lacks a right, or an admission policy says no."""


class Invalid(ApiError):  # noqa: N818
    """The server can never accept this content."""


class Gone(ApiError):  # noqa: N818
    """The watch position has been compacted away."""


class Unavailable(ApiError):  # noqa: N818
    """No usable answer; whether a write happened is unknown. Every write here is safe to repeat."""


def from_status(status: int, message: str, *, reason: str = "", retry_after: float | None = None) -> ApiError:
    """Give the error class for an HTTP status code of the API server."""
    match status:
        case 404:
            kind: type[ApiError] = NotFound
        case 409:
            kind = Conflict
        case 401 | 403:
            kind = Forbidden
        case 400 | 405 | 413 | 415 | 422:
            kind = Invalid
        case 410:
            kind = Gone
        case _:
            kind = Unavailable
    return kind(message, status=status, reason=reason, retry_after=retry_after)
