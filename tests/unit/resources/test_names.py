"""Names of children: legal and short enough for every legal plug-in and trigger, and never the same for two."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.resources import names

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
WORDS = st.sampled_from(["a", "b", "ab", "c1", "x" * 9])
PLUGINS = st.lists(WORDS, min_size=1, max_size=4).map("-".join)
TRIGGERS = st.lists(WORDS, min_size=1, max_size=3).map("-".join)
HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
UIDS = st.uuids().map(str)
ANY_PLUGIN = st.one_of(PLUGINS, st.integers(1, 40).map(lambda size: ("p" + "-x" * 20)[:size].rstrip("-")))


def legal(name: str, longest: int) -> bool:
    """A DNS-1123 label of that length that exec and attach can be refused by."""
    return len(name) <= longest and LABEL.fullmatch(name) is not None and name.startswith("plg-")


@settings(max_examples=50, deadline=None)
@given(ANY_PLUGIN, TRIGGERS, HASHES, UIDS)
def test_every_name_is_legal(plugin: str, trigger: str, content: str, uid: str) -> None:
    assert legal(names.child(plugin), 63)
    assert legal(names.files(plugin, content), 63)
    assert legal(names.run_job(plugin, uid), 63)
    assert legal(names.cron_job(plugin, trigger), 52)


LONGEST = "p" * 40


@pytest.mark.parametrize(
    ("name", "longest"),
    [
        pytest.param(names.child(LONGEST), 63, id="the single children"),
        pytest.param(names.files(LONGEST, "f" * 64), 63, id="the files"),
        pytest.param(names.run_job(LONGEST, "u"), 63, id="the Job of a run"),
        pytest.param(names.cron_job(LONGEST, "t" * 30), 52, id="a CronJob, which adds eleven characters"),
        pytest.param(names.cron_job("p" * 35, "-".join("t" * 15)), 52, id="a CronJob whose cut falls on a dash"),
        pytest.param(names.cron_job("p" * 40, "-".join("t" * 15)), 52, id="a CronJob whose cut falls behind a dash"),
    ],
)
def test_the_longest_names_are_legal(name: str, longest: int) -> None:
    assert legal(name, longest)
    assert "--" not in name


TWINS: dict[str, tuple[str, str]] = {
    "a-b + c and a + b-c": (names.cron_job("a-b", "c"), names.cron_job("a", "b-c")),
    "two triggers that differ behind the cut": (
        names.cron_job("p" * 40, "t" * 28 + "x"),
        names.cron_job("p" * 40, "t" * 28 + "y"),
    ),
    "two contents": (names.files("p", "a" * 64), names.files("p", "b" * 64)),
    "two runs": (names.run_job("p", "u1"), names.run_job("p", "u2")),
    "the files of p and the children of a plug-in named p-src": (names.files("p", "a" * 64), names.child("p-src")),
}


@pytest.mark.parametrize(("one", "other"), TWINS.values(), ids=TWINS)
def test_different_things_have_different_names(one: str, other: str) -> None:
    assert one != other


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(ANY_PLUGIN, TRIGGERS), min_size=2, max_size=6, unique=True))
def test_no_two_schedules_share_a_name(pairs: list[tuple[str, str]]) -> None:
    assert len({names.cron_job(*pair) for pair in pairs}) == len(pairs)


def test_a_name_depends_on_nothing_else() -> None:
    assert names.cron_job("rotator", "nightly") == "plg-rotator-nightly-0e9d6"
    assert names.files("rotator", "0123456789abcdef") == "plg-rotator-src-0123456789"
