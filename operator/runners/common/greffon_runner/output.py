"""What a script says, kept in bounded memory: its last line and its last bytes.

Fed by `script`, read by `report` (job) and `service`. Pure: no files, no clock.
"""

import json
from dataclasses import dataclass
from typing import Any

MAX_RESULT_BYTES = 1024 * 1024
TAIL_BYTES = 4096


class Tail:
    """The last bytes of a stream of any length."""

    def __init__(self, limit: int = TAIL_BYTES) -> None:
        self._limit = limit
        self._data = b""
        self._cut = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        joined = self._data + chunk[-self._limit :]
        self._cut = self._cut or len(self._data) + len(chunk) > self._limit
        self._data = joined[-self._limit :]

    def text(self) -> str:
        """Return the bytes as text; what is not UTF-8 becomes U+FFFD."""
        data = self._data
        if self._cut:  # the cut may have gone through a character: leave its rest out
            data = data[:4].lstrip(bytes(range(0x80, 0xC0))) + data[4:]
        return data.decode("utf-8", "replace")


class WholeLines:
    """Holds a stream's last line back until it is complete, so that two streams mix by line and not by letter."""

    def __init__(self, limit: int = TAIL_BYTES) -> None:
        self._limit = limit
        self._open = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes and return what is complete, or too long to wait for."""
        head, newline, rest = (self._open + chunk).rpartition(b"\n")
        if len(rest) > self._limit:
            head, newline, rest = head + newline, rest, b""
        self._open = rest
        return head + newline

    def close(self) -> bytes:
        """Return what is left at the stream's end."""
        rest, self._open = self._open, b""
        return rest + b"\n" if rest else b""


class LastLine:
    """The last line that is not blank, of lines of any length."""

    def __init__(self, limit: int = MAX_RESULT_BYTES) -> None:
        self._limit = limit
        self._complete = b""
        self._open = bytearray()  # the line whose end has not come yet

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        head, newline, rest = chunk.rpartition(b"\n")
        if newline:
            self._close_lines(head)
        self._extend(rest)

    def _close_lines(self, head: bytes) -> None:
        _, newline, line = head.rstrip().rpartition(b"\n")
        if newline:
            self._complete = line[: self._limit + 1]
        else:
            self._extend(line)
            if self._open.strip():
                self._complete = bytes(self._open)
        self._open.clear()

    def _extend(self, more: bytes) -> None:
        room = self._limit + 1 - len(self._open)  # one byte over the limit tells "too large"
        if room > 0:
            self._open += more[:room]

    def result(self) -> "Result":
        """Return what the last line means."""
        line = bytes(self._open) if self._open.strip() else self._complete
        if len(line) > self._limit:
            return Result(too_large=True)
        return Result(encoded=encode(line))


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a script: compact JSON, or None when its last line was no JSON."""

    encoded: bytes | None = None
    too_large: bool = False


def encode(line: bytes) -> bytes | None:
    """Return a line as compact JSON that any parser accepts, or None when it is not JSON."""
    try:
        value = parse(line)
        # Refuses what Python's parser lets through: numbers beyond a float and half a surrogate pair.
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return None


def parse(text: bytes) -> Any:
    """Parse strict JSON: UTF-8, without NaN and Infinity. Raise ValueError or RecursionError."""
    return json.loads(text.decode(), parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
