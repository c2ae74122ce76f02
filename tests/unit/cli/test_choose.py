"""Decisions on words of the command line."""

from __future__ import annotations

import pytest

from greffon.cli import choose
from greffon.cli.problems import Problem
from greffon.cli.views import Plugin, revisions_of
from tests.unit.cli.objects import plugin, revision

TIMES: dict[str, tuple[str, float]] = {
    "bare seconds": ("90", 90),
    "seconds": ("1.5s", 1.5),
    "minutes": ("5m", 300),
    "hours": ("1h", 3600),
}
INPUTS: dict[str, tuple[str, str]] = {
    "not JSON": (
        "{a: 1}",
        "--input is not JSON: Expecting property name enclosed in double quotes at line 1, column 2",
    ),
    "a list": ("[1]", '--input is JSON but not an object; write for example {"value": 1}'),
    "deeper than anybody reads": ("[" * 200_000, "--input is nested too deeply to be read"),
}


@pytest.mark.parametrize(("word", "seconds"), TIMES.values(), ids=TIMES)
def test_a_time_is_read(word: str, seconds: float) -> None:
    assert choose.seconds(word) == seconds


@pytest.mark.parametrize("word", ["", "0", "-5s", "soon", "5 m", "1d"])
def test_what_is_no_time_is_refused(word: str) -> None:
    with pytest.raises(Problem, match="is not a time; write 90s, 5m or 1h"):
        choose.seconds(word)


@pytest.mark.parametrize(("text", "said"), INPUTS.values(), ids=INPUTS)
def test_a_wrong_input_is_explained(text: str, said: str) -> None:
    with pytest.raises(Problem) as caught:
        choose.run_input(text, "--input")

    assert str(caught.value) == said


def test_no_words_are_no_input_and_an_object_is_one() -> None:
    assert choose.run_input("  \n", "--input") is None
    assert choose.run_input('{"a": 1}', "--input") == {"a": 1}


def test_there_may_be_nothing_to_go_back_to() -> None:
    active = Plugin(plugin(revisions={"active": "web-r2", "desired": "web-r2"}))
    known = revisions_of("web", [revision(1, "Superseded"), revision(2, "Active"), revision(3, "Standby")])

    with pytest.raises(Problem) as caught:
        choose.rollback_target(active, known, "")

    assert str(caught.value) == (
        "web has nothing to go back to: no revision below r2 is in Standby "
        "(there are r3 Standby, r2 Active, r1 Superseded)"
    )
    assert caught.value.code == 1


def test_revisions_of_a_plug_in_with_a_similar_name_are_not_its_own() -> None:
    assert [one.name for one in revisions_of("web", [revision(1), revision(5, name="web-two")])] == ["web-r1"]
