"""The last word of a runner: one JSON document in the termination log, which ends in the pod's status.

Called by `job` and `serve` before they exit. The operator reads the document from the pod and needs no right to logs.
"""

import json
import os

from . import CONTRACT
from .output import Result

MAX_REPORT_BYTES = 4096  # what the kubelet keeps
MAX_OUTPUT_BYTES = 2048


def build(exit_code: int, result: Result, tail: str) -> bytes:
    """Return the document: output first, then as much of the tail's end as there is room for."""
    output = result.encoded or b"null"
    truncated = result.too_large or len(output) > MAX_OUTPUT_BYTES
    if truncated:
        output = b"null"
    head = b'{"contract":"%b","exitCode":%d,"output":%b,"truncated":%b,"tail":' % (
        CONTRACT.encode(),
        exit_code,
        output,
        b"true" if truncated else b"false",
    )
    return head + _quoted_end(tail, MAX_REPORT_BYTES - len(head) - 1) + b"}"


def _quoted_end(text: str, room: int) -> bytes:
    """Return the longest end of a text that is no longer than `room` bytes as a JSON string."""
    start, room = len(text), room - 2  # the quotes
    while start > 0 and (room := room - _quoted_size(text[start - 1])) >= 0:
        start -= 1
    return json.dumps(text[start:], ensure_ascii=False).encode()


def _quoted_size(character: str) -> int:
    return len(json.dumps(character, ensure_ascii=False).encode()) - 2


def write(path: str, document: bytes) -> str | None:
    """Write the document; return a warning when that fails, for the exit code belongs to the script."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        with open(descriptor, "wb", buffering=0) as file:
            file.write(document)
    except OSError as error:
        return f"warning: the result could not be written to {path}: {error.strerror}"
    return None
