"""Lines for a terminal: clean words, spans with a meaning, tables, ages. Pure; used by every `show_*`.

Texts of a cluster are written by strangers. `clean` takes from them what a terminal would obey instead of show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

# C0 and C1 controls and DEL steer a terminal; the bidirectional marks and separators make a text read as another one.
UNCLEAN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_SPACES = re.compile(r"[\t\n\r\v\f]+")


class Span(NamedTuple):
    """A piece of a line. `style` is a meaning: good, bad, warn, dim, strong, or ""."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def clean(text: object) -> str:
    """One line that can be shown: white space becomes a blank, other control characters become visible."""
    return UNCLEAN.sub(_visible, _SPACES.sub(" ", str(text)))


def line(*parts: str | Span) -> Line:
    """A line of strings and spans."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def plain(lines: Iterable[Line]) -> str:
    """The lines without their styles, clean; each ends without blanks."""
    return "".join("".join(clean(span.text) for span in row).rstrip() + "\n" for row in lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str | Span]], indent: str = "") -> list[Line]:
    """Columns as wide as their widest cell, three blanks apart, as kubectl prints them."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    title = [Span(name, "dim") for name in head]
    widths = [max(len(row[i].text) for row in [title, *cells]) for i in range(len(head))]
    return [_row(row, widths, indent) for row in [title, *cells]]


def age(since: str | None, now: datetime) -> str:
    """How long ago, in kubectl's short form: 45s, 12m, 3h, 9d."""
    moment = parse_time(since)
    if moment is None:
        return "-"
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit, limit in ((1, "s", 120), (60, "m", 120), (3600, "h", 48)):
        if seconds < size * limit:
            return f"{seconds // size}{unit}"
    return f"{seconds // 86400}d"


def parse_time(text: str | None) -> datetime | None:
    """A moment as the API server writes it; None for none, and for 1970, which stands for none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo and moment.year > 1970 else None


def _cell(cell: str | Span) -> Span:
    span = cell if isinstance(cell, Span) else Span(cell)
    return Span(clean(span.text) or "-", span.style)


def _row(cells: Sequence[Span], widths: Sequence[int], indent: str) -> Line:
    padded = [Span(f"{cell.text:<{width}}   ", cell.style) for cell, width in zip(cells, widths, strict=True)]
    return (Span(indent), *padded[:-1], cells[-1])


def _visible(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
