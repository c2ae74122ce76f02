"""What a terminal gets to see: clean words, tables, ages, JSON and YAML that hold nothing a terminal would obey."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.cli.console import Console
from greffon.cli.document import to_json, to_yaml
from greffon.cli.text import UNCLEAN, Span, age, clean, line, plain, table

NOW = datetime(2030, 1, 1, tzinfo=UTC)
TEXTS: dict[str, tuple[str, str]] = {
    "letters of any language stay": ("déjà 版本 ✓", "déjà 版本 ✓"),
    "a line break becomes a blank": ("a\r\nb\tc", "a b c"),
    "an escape sequence becomes visible": ("\x1b[31mred", "\\x1b[31mred"),
    "so does its one-character form": ("\x9b31mred", "\\x9b31mred"),
    "a bell": ("\x07", "\\x07"),
    "a text that would be read backwards": ("\u202egnp", "\\u202egnp"),
    "half a character": ("\ud800", "\\ud800"),
}
AGES: dict[str, tuple[timedelta, str]] = {
    "now": (timedelta(), "0s"),
    "a clock that runs ahead": (timedelta(seconds=-5), "0s"),
    "below two minutes in seconds": (timedelta(seconds=119), "119s"),
    "below two hours in minutes": (timedelta(seconds=7199), "119m"),
    "below two days in hours": (timedelta(hours=47), "47h"),
    "then in days": (timedelta(days=400), "400d"),
}


@pytest.mark.parametrize(("text", "shown"), TEXTS.values(), ids=TEXTS)
def test_a_text_is_cleaned(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(("past", "shown"), AGES.values(), ids=AGES)
def test_an_age_is_short(past: timedelta, shown: str) -> None:
    assert age((NOW - past).isoformat(), NOW) == shown


@pytest.mark.parametrize("moment", [None, "", "yesterday", "1970-01-01T00:00:00Z"])
def test_no_moment_has_no_age(moment: str | None) -> None:
    assert age(moment, NOW) == "-"


def test_columns_are_as_wide_as_their_widest_cell_and_nothing_trails() -> None:
    lines = table(["NAME", "STATE"], [["a-long-name", Span("ok", "good")], ["b", ""]], "  ")

    assert plain(lines) == "  NAME          STATE\n  a-long-name   ok\n  b             -\n"


@settings(deadline=None)
@given(st.text())
def test_whatever_is_shown_is_one_clean_line(text: str) -> None:
    shown = plain([line(text)])

    assert shown.endswith("\n")
    assert not UNCLEAN.search(shown[:-1])


_LEAVES = st.none() | st.booleans() | st.integers() | st.text()
_VALUES = st.recursive(_LEAVES, lambda inner: st.dictionaries(st.text(), inner, max_size=3), max_leaves=5)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.text(), _VALUES, max_size=3))
def test_json_and_yaml_keep_the_value_and_steer_no_terminal(value: dict[str, object]) -> None:
    for text, back in ((to_json(value), json.loads), (to_yaml(value), yaml.safe_load)):
        assert not UNCLEAN.search(text.replace("\n", ""))
        assert back(text) == value


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_there_is_colour_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    seen, piped = _Terminal(), io.StringIO()

    Console(seen).show([line(Span("bad", "bad"), " [bold]news[/bold] \x1b[5m")])
    Console(piped).show([line(Span("bad", "bad"), " news")])

    assert "\x1b[1;31mbad\x1b[0m [bold]news[/bold] \\x1b[5m" in seen.getvalue()
    assert piped.getvalue() == "bad news\n"


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    seen = _Terminal()

    Console(seen).show([line(Span("bad", "bad"))])

    assert seen.getvalue() == "bad\n"


def test_a_log_is_cleaned_line_by_line() -> None:
    out = io.StringIO()

    Console(out).log("[web-a] ", b"\x1b[2Jhello \xff", result=True)

    assert out.getvalue() == "[web-a] \\x1b[2Jhello \ufffd\n"
