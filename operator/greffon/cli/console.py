"""The only writer to the terminal. Every text passes `text.clean` here; rich is imported only where colour is shown.

Made by the commands; results go to stdout, everything else to stderr, so that `greffon … | jq` works.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from greffon.cli.text import Line, Span, clean, plain

STYLES = {"good": "green", "bad": "bold red", "warn": "yellow", "dim": "dim", "strong": "bold"}
_LONGEST = 16 * 1024
"""Of a log line without an end, after which it is shown in pieces."""


class Console:
    """Two streams.

    Args:
        out: for results.
        err: for what happens on the way.
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out, self._err = out or sys.stdout, err or sys.stderr

    def show(self, lines: Iterable[Line]) -> None:
        """Print a result."""
        _print(self._out, list(lines))

    def document(self, text: str) -> None:
        """Print JSON or YAML that `document` has made, which has no unclean characters in it."""
        self._out.write(text)
        self._out.flush()

    def say(self, *parts: str | Span) -> None:
        """Tell what happens."""
        _print(self._err, [tuple(part if isinstance(part, Span) else Span(part) for part in parts)])

    def note(self, text: str) -> None:
        """Tell somebody who sits and waits; a script is not interested."""
        if self._err.isatty():
            self.say(Span(text, "dim"))

    def log(self, prefix: str, text: bytes, *, result: bool) -> None:
        """Print a line of a log; to stdout when the log is the result."""
        stream = self._out if result else self._err
        for piece in _pieces(text.decode("utf-8", "replace")):
            stream.write(f"{clean(prefix)}{clean(piece)}\n")
        stream.flush()


def has_colour(stream: TextIO) -> bool:
    """Only a terminal is coloured, and only when nobody objects."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _print(stream: TextIO, lines: list[Line]) -> None:
    if not has_colour(stream):
        stream.write(plain(lines))
    else:
        printer = _rich(stream)
        for row in lines:
            printer.print(_styled(row), soft_wrap=True)
    stream.flush()


def _rich(stream: TextIO) -> Any:
    from rich.console import Console as Rich

    return Rich(file=stream, highlight=False, markup=False, emoji=False)


def _styled(row: Line) -> Any:
    from rich.text import Text

    return Text.assemble(*((clean(span.text), STYLES.get(span.style, "")) for span in row))


def _pieces(text: str) -> list[str]:
    return [text[i : i + _LONGEST] for i in range(0, len(text), _LONGEST)] or [""]
