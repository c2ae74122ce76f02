"""Of a log only what is known to be harmless is kept; a secret shows under no circumstances."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from greffon.reconcile.last_words import (
    EXACT,
    LONGEST,
    LONGEST_LINE,
    MASK,
    MOST_LINES,
    VOCABULARY,
    public_words,
    redact,
)
from tests.unit.resources.samples import spec_of

Json = dict[str, Any]
SOURCE = "def handle(request):\n    return TOTALS['orders'] / 0  # prod window\n"
MANIFEST: Json = {
    "type": "Python",
    "version": "1.0.0",
    "source": {"inline": {"files": {"main.py": SOURCE, "lib/money.py": "pass"}}},
    "run": {
        "mode": "Service",
        "entrypoint": ["python", "main.py", "--verbose"],
        "env": [{"name": "STAGE", "value": "prod"}, {"name": "GREETING", "value": "shop-window opens"}],
        "secrets": [{"name": "database-login"}],
    },
    "config": {"values": {"currency": {"rounding": "orders"}, "steps": [{"tariff": "summer"}]}},
}
PUBLIC = public_words(spec_of(MANIFEST))

KEPT: dict[str, str] = {
    "a frame of the plug-in": '  File "/plugin/src/main.py", line 2, in <module>',
    "a frame in a folder of it": '  File "/plugin/src/lib/money.py", line 11, in <module>',
    "a frame of the standard library": 'File "/usr/local/lib/python3.11/socket.py", line 962, in <module>',
    "the head of a traceback": "Traceback (most recent call last):",
    "an exception": "ZeroDivisionError: division by zero",
    "an exception with its module": "json.decoder.JSONDecodeError: Expecting value: line 1 column 1".replace(
        "Expecting", "unexpected"
    ),
    "an error of the system": "[Errno 2] No such file or directory",
    "a refused connection": "connect: connection refused (ECONNREFUSED)",
    "a panic": "panic: runtime error: invalid memory address or nil pointer",
    "a signal": "received signal SIGTERM, shutting down",
    "a place in a script": "main.py:2: TypeError",
    "words of the source": "KeyError: 'TOTALS'",
    "names of settings and variables": "currency: STAGE tariff",
}


@pytest.mark.parametrize("line", KEPT.values(), ids=KEPT)
def test_what_helps_is_kept_as_it_is(line: str) -> None:
    assert redact(line, PUBLIC) == line


MASKED: dict[str, tuple[str, str]] = {
    "a password": ("error: hunter2", f"error: {MASK}"),
    "a password behind its name": ("password=hunter2 failed", f"{MASK} failed"),
    "a password in a URL": ("connect to postgres://me:pw@db.example/x refused", f"connect to {MASK} refused"),
    "ordinary words that were joined": ("error:connect.refused", MASK),
    "small numbers that were joined": ("1234-5678 12345.678 1,2,3", MASK),
    "a long number": ("code 123456", f"code {MASK}"),
    "digits of another script": ("code ١٢٣", f"code {MASK}"),
    "a letter that only looks ordinary": ("\u212aill", MASK),  # the sign of Kelvin, whose small letter is k
    "an odd mixture of cases": ("eRRoR", MASK),
    "nothing but marks": ('"):,!? ^^^^^^ $$$$$$', MASK),
    "a path that is not known": ('File "/plugin/src/other.py", line 3', f"File {MASK} line 3"),
    "a path of roots alone": ("/var/run", MASK),
    "a value of the environment that the source has": ("prod window", MASK),
    "a value of a setting that the source has": ("orders summer", MASK),
    "words beyond the manifest in a row": ("alpha beta error gamma delta", f"{MASK} error {MASK}"),
    "lines of nothing else": ("alpha\nbeta\nerror\n\ngamma", f"{MASK}\nerror\n{MASK}"),
    "a line in JSON": ('{"level":"error","msg":"cannot open x1","user":"error"}', f"error cannot open {MASK}"),
    "a broken line in JSON": ('{"level":"error"', MASK),
    "a line in JSON of other things": ('{"token":"x"}', ""),
    "nothing": ("\n\n", ""),
}


@pytest.mark.parametrize(("log", "shown"), MASKED.values(), ids=MASKED)
def test_everything_else_is_masked(log: str, shown: str) -> None:
    assert redact(log, PUBLIC) == shown


LEFT_IN_SOURCE: dict[str, str] = {
    "a key of letters and digits": "key = 'a1b2c3d4e5f6'",
    "a word that is too long": f"key = '{'k' * 41}'",
}


@pytest.mark.parametrize("source", LEFT_IN_SOURCE.values(), ids=LEFT_IN_SOURCE)
def test_what_looks_like_a_key_is_not_shown_though_the_source_has_it(source: str) -> None:
    wire = MANIFEST | {"source": {"inline": {"files": {"main.py": source}}}}
    word = source.split("'")[1]

    assert redact(word, public_words(spec_of(wire))) == MASK


def test_the_newest_lines_are_kept_and_long_ones_are_cut_between_words() -> None:
    numbers = redact("\n".join(f"line {number}" for number in range(100)))
    assert numbers.splitlines() == [f"line {number}" for number in range(80, 100)]

    wide = redact("\n".join(f"{number} " + "error " * 200 for number in range(20)))
    assert len(wide) <= LONGEST
    assert wide.splitlines()[-1].startswith("19 error")
    assert wide.splitlines()[-1].endswith(f"error {MASK}")


SECRETS = st.text(st.characters(exclude_categories=("Cs", "Z", "Cc")), min_size=6, max_size=60)
SURROUNDINGS = st.text(max_size=200) | st.lists(
    st.sampled_from([*sorted(VOCABULARY), *sorted(EXACT), *KEPT.values(), "\n", "  ", "=", '"', "{", ":", "▒"]),
    max_size=30,
).map(" ".join)
GLUE = st.sampled_from(["", " ", "=", ":", '"', "'", "\n", "/", ".", ",", "(", "\t", '{"msg":"'])


def _is_ordinary(secret: str) -> bool:
    """It is part of something that may be shown anyway."""
    core = secret.strip("([{\"'`<)]}>,.:;!?").lower()
    known = [word.lower() for word in (*VOCABULARY, *EXACT, *PUBLIC, *KEPT.values())]
    return core in ("", MASK) or core.isdigit() or any(core in word for word in known)


@given(SECRETS, SURROUNDINGS, GLUE, GLUE, SURROUNDINGS)
def test_no_secret_ever_shows(secret: str, before: str, left: str, right: str, after: str) -> None:
    assume(len(secret.split()) == 1 and not _is_ordinary(secret))
    shown = redact(before + left + secret + right + after, PUBLIC)

    assert secret not in shown


ANY = st.text(max_size=5000) | st.lists(SURROUNDINGS, max_size=40).map("\n".join)


@given(ANY)
def test_what_is_shown_is_bounded_and_doing_it_twice_changes_nothing(log: str) -> None:
    shown = redact(log, PUBLIC)

    assert len(shown) <= LONGEST
    assert len(shown.splitlines()) <= MOST_LINES
    assert all(len(line) <= LONGEST_LINE for line in shown.splitlines())
    assert redact(shown, PUBLIC) == shown
