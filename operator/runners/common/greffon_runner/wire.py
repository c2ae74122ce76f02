"""The little HTTP/1.1 that a Service needs: read one bounded request, write one response.

Called by `service`; knows nothing of events. Every limit is a refusal with a status, never an exception for the log.
"""

import asyncio
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 1024 * 1024
_HEX = frozenset(string.hexdigits.encode())


class Refused(Exception):  # noqa: N818 - the name says what happened
    """A request that gets an error as its answer."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """Read a request; None when the peer closed without one, as TCP probes do."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise Refused(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"the headers are over {MAX_HEAD_BYTES} bytes"
        ) from None
    except asyncio.IncompleteReadError as error:
        if not error.partial.strip():
            return None
        raise Refused(HTTPStatus.BAD_REQUEST, "the request ended within its headers") from None
    method, path, headers = parse_head(head)
    return Request(method, path, headers, await _read_body(reader, writer, headers))


def parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Return method, path and headers of a request's head."""
    first, *lines = head.decode("latin-1").strip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Refused(HTTPStatus.BAD_REQUEST, "this is not an HTTP/1.1 request")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip() or not name:
            raise Refused(HTTPStatus.BAD_REQUEST, "a header line is malformed")
        key = name.lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return words[0], words[1], headers


async def _read_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> bytes:
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if coding is not None and (length is not None or coding.lower() != "chunked"):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body needs either Content-Length or chunked encoding")
    size = _number(length or "0", "Content-Length", 10)
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        return await (_read_chunks(reader) if coding else reader.readexactly(size))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body ended early") from None


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        size = _number(line.partition(b";")[0].decode("latin-1").strip(), "the chunk size", 16)
        if size == 0:
            break
        if len(body) + size > MAX_BODY_BYTES:
            raise _too_large()
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readuntil(b"\r\n")).strip():  # trailers, which nobody needs
        pass
    return bytes(body)


def _number(text: str, what: str, base: int) -> int:
    digits = text.encode("latin-1", "replace")
    if not digits or len(digits) > 16 or not _HEX.issuperset(digits) or (base == 10 and not digits.isdigit()):
        raise Refused(HTTPStatus.BAD_REQUEST, f"{what} is not a number")
    if (number := int(digits, base)) > MAX_BODY_BYTES:
        raise _too_large()
    return number


def _too_large() -> Refused:
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is over {MAX_BODY_BYTES} bytes")


def response(status: HTTPStatus, body: bytes = b"", *extra_headers: str) -> bytes:
    """Return the bytes of a response with a JSON body; the connection ends with it."""
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", "Connection: close", *extra_headers]
    if status is not HTTPStatus.NO_CONTENT:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
