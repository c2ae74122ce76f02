"""One log record is one line of JSON, whatever a user's text tries."""

import json
import logging
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.engine.queue import Key
from greffon.engine.scope import Scope, current, note
from greffon.observe import logs
from greffon.observe.logs import LONGEST, JsonFormatter

HOSTILE: dict[str, str] = {
    "a line break": 'a\n{"level":"info","message":"forged"}',
    "a Windows line break": "a\r\nb",
    "an escape sequence": "\x1b[2J\x1b[31mred",
    "an escape sequence in one character": "\x9b31mred",
    "a bell and a backspace": "\a\b\x00",
    "delete": "\x7f",
    "a line separator of Unicode": "a\u2028b\u2029c\x85d",
    "right to left": "abc\u202egnp.exe",
    "an invisible mark": "a\ufeff\u200bb",
    "quotes and backslashes": '"\\',
    "half a character": "\ud800",
    "a format mark": "%s %d {0}",
}


def line(message: str, *args: Any, **extra: Any) -> str:
    """The rendered record."""
    record = logging.LogRecord("greffon.x", logging.WARNING, "f", 1, message, args, None)
    record.__dict__.update(extra)
    return JsonFormatter().format(record)


def is_plain(text: str) -> bool:
    """One line in which no terminal and no viewer finds anything to obey."""
    return all(char.isprintable() for char in text) and len(text.splitlines()) == 1


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_stay_within_their_string(text: str) -> None:
    rendered = line("plug-in says %s", text)
    assert is_plain(rendered)
    assert json.loads(rendered)["message"] == f"plug-in says {text}"


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(), max_size=30))
def test_any_text_is_one_plain_line_that_can_be_read_back(text: str) -> None:
    rendered = line("%s", text, reason=text)
    assert is_plain(rendered)
    assert json.loads(rendered)["message"] == text
    assert json.loads(rendered)["reason"] == text


def test_a_message_is_bounded() -> None:
    assert len(json.loads(line("x" * 100_000))["message"]) == LONGEST


def test_an_exception_is_within_the_line_and_bounded() -> None:
    try:
        raise ValueError("boom\n" * 10_000)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "m", None, sys.exc_info())
    rendered = JsonFormatter().format(record)
    assert is_plain(rendered)
    assert "boom" in json.loads(rendered)["exception"]
    assert len(rendered) < 50_000


def test_a_record_names_time_level_and_logger() -> None:
    read = json.loads(line("hello"))
    assert (read["level"], read["logger"], read["message"]) == ("warning", "greffon.x", "hello")
    assert read["time"].endswith("+00:00")


def test_a_record_of_a_reconcile_names_its_object() -> None:
    token = current.set(Scope(Key("Plugin", "team-a", "sample"), 7))
    try:
        note(generation=4, revision=2)
        read = json.loads(line("x"))
    finally:
        current.reset(token)
    assert (read["kind"], read["namespace"], read["name"]) == ("Plugin", "team-a", "sample")
    assert (read["reconcile"], read["generation"], read["revision"]) == (7, 4, 2)
    assert "kind" not in json.loads(line("x"))


def test_only_the_named_extra_fields_are_shown() -> None:
    read = json.loads(line("x", ready="False", colour="red", reason=object()))
    assert read["ready"] == "False"
    assert "colour" not in read
    assert "object" in read["reason"]


def test_everything_goes_to_standard_error_in_one_format(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    chatty = {name: logging.getLogger(name).level for name in ("kopf", "asyncio", "aiohttp.access")}
    try:
        logs.configure("info")
        logging.getLogger("greffon.test").info("hello")
        logging.getLogger("greffon.test").debug("silent")
        logging.getLogger("kopf.objects").info("chatter")
        logging.getLogger("kopf.objects").warning("heard")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, before in chatty.items():
            logging.getLogger(name).setLevel(before)
    out, err = capsys.readouterr()
    assert out == ""
    assert [json.loads(text)["message"] for text in err.splitlines()] == ["hello", "heard"]


def test_reconciles_are_numbered() -> None:
    key = Key("Plugin", "team-a", "sample")
    assert Scope(key).number < Scope(key).number
