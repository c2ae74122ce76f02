"""Versions are ordered as semver.org says, ranges accept what npm documents, and no text does harm."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greffon.model.semver import Version, VersionError
from greffon.model.semver_range import Range

CRD = Path(__file__).parents[3] / "crds" / "plugins.yaml"
ASCENDING = [
    "0.0.0-0", "0.0.0", "0.0.9", "0.1.0", "1.0.0-0", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-1a", "1.0.0-alpha",
    "1.0.0-alpha.1", "1.0.0-alpha.1.0", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
    "1.0.0-rc-1", "1.0.0", "1.2.0", "1.10.0", "2.0.0", "10.0.0",
]  # fmt: skip
WRONG_VERSIONS = [
    "", " ", "1", "1.2", "1.2.x", "*", "v1.2.3", "1.2.3.4", "01.2.3", "1.02.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b",
    "1.2.3+", "1.2.3+a..b", "1.2.3-a_b", "1.2.3\n", " 1.2.3", "-1.2.3", "1.2.3+a+b",
    "\u0661.2.3", "1.2.\u00b3", "latest",
]  # fmt: skip
PLATFORMS = {
    "v1.36.3+k3s1": "1.36.3", "v1.30.1-gke.100": "1.30.1", "v1.29.4-eks-036c24b": "1.29.4", "1.31.0": "1.31.0",
    "v1.27.11+rke2r1": "1.27.11", "v1.30.0-rc.1": "1.30.0", "v1.28.2-gke.1157000+abc": "1.28.2", "1.30": "1.30.0",
    "v1.30+": "1.30.0", "v1.37.0-alpha.1.12+0123456789abcd": "1.37.0", "v1.26.15-aliyun.1": "1.26.15",
}  # fmt: skip
WRONG_PLATFORMS = ["", "v", "v1", "1.x", "v1.30.1gke", "v1.30.1.4", "vv1.30.1", "v1.30.1\n", "unknown"]
# Range: what it accepts; what it does not.
FACTS: dict[str, tuple[str, str]] = {
    # exact
    "1.2.3": ("1.2.3 1.2.3+build", "1.2.4 1.2.3-rc.1 2.2.3"),
    "=1.2.3": ("1.2.3", "1.2.2"),
    "= 1.2.3": ("1.2.3", "1.2.2"),
    "1.2.3+build": ("1.2.3 1.2.3+other", "1.2.4"),
    "5.4.0-alpha.0": ("5.4.0-alpha.0", "5.4.0-alpha.1 5.4.0"),
    # comparisons
    ">1.2.3": ("1.2.4 2.0.0", "1.2.3 1.2.2 1.2.4-rc.1 1.2.3-rc.1"),
    ">=1.2.3": ("1.2.3 9.0.0", "1.2.2 1.2.3-rc.1"),
    ">=  1.2.3": ("1.2.3", "1.2.2"),
    "<1.2.3": ("1.2.2 0.0.0", "1.2.3 1.2.3-rc.1"),
    "<=1.2.3": ("1.2.3", "1.2.4 1.2.3-rc.1"),
    ">=2.1 <3": ("2.1.0 2.99.0", "2.0.9 3.0.0 3.0.0-rc.1 2.1.0-rc.1"),
    " >=2.1   <3 ": ("2.1.0", "3.0.0"),
    ">=1.30": ("1.30.0 1.36.3 2.0.0", "1.29.9"),
    ">3 <2": ("", "1.0.0 2.5.0 3.0.1"),
    # comparisons of a version with fewer numbers
    ">1": ("2.0.0", "1.0.0 1.9.9"),
    ">1.2": ("1.3.0", "1.2.0 1.2.9"),
    ">1.x": ("2.0.0", "1.9.9"),
    "<1": ("0.9.9", "1.0.0 1.0.0-rc.1 1.0.0-0"),
    "<1.2": ("1.1.9", "1.2.0 1.2.0-rc.1"),
    "<=1": ("1.9.9 0.1.0", "2.0.0 2.0.0-0"),
    "<=1.2": ("1.2.9", "1.3.0 1.3.0-0"),
    "=1.2": ("1.2.0 1.2.9", "1.3.0"),
    # wildcards
    "*": ("0.0.0 1.0.0 99.0.0", "1.0.0-rc.1"),
    "x": ("1.0.0", "1.0.0-rc.1"),
    "X": ("1.0.0", ""),
    "1": ("1.0.0 1.9.9", "0.9.9 2.0.0"),
    "1.x": ("1.0.0 1.9.9", "2.0.0 2.0.0-0"),
    "1.*.*": ("1.2.4", "2.0.0"),
    "1.2.X": ("1.2.0 1.2.9", "1.3.0 1.1.9"),
    "x.x.x": ("1.0.0", ""),
    ">*": ("", "0.0.0 1.0.0 1.0.0-rc.1"),
    "<x": ("", "0.0.0 0.0.0-0"),
    ">=*": ("0.0.0", "0.0.0-0"),
    "<=*": ("9.0.0", "9.0.0-0"),
    "^*": ("9.0.0", ""),
    "~x": ("9.0.0", ""),
    # tilde: the patch may grow, or the minor when no minor is given
    "~1.2.3": ("1.2.3 1.2.9", "1.2.2 1.3.0 1.3.0-0"),
    "~1.2": ("1.2.0 1.2.9", "1.3.0 1.1.9"),
    "~ 1.2": ("1.2.0", "1.3.0"),
    "~1": ("1.0.0 1.9.9", "2.0.0"),
    "~1.2.x": ("1.2.5", "1.3.0"),
    "~0.2.3": ("0.2.3 0.2.9", "0.3.0"),
    "~0": ("0.9.9", "1.0.0"),
    "~1.2.3-beta.2": ("1.2.3-beta.2 1.2.3-beta.4 1.2.3 1.2.9", "1.2.3-beta.1 1.2.4-beta.2 1.3.0"),
    # caret: all right of the first number that is not zero may grow
    "^1.2.3": ("1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-rc.1 1.3.0-rc.1"),
    "^0.2.3": ("0.2.3 0.2.9", "0.3.0 0.2.2"),
    "^0.0.3": ("0.0.3", "0.0.4 0.0.2"),
    "^0.0.0": ("0.0.0", "0.0.1"),
    "^1.2.x": ("1.2.0 1.9.0", "2.0.0"),
    "^0.0.x": ("0.0.0 0.0.9", "0.1.0"),
    "^0.0": ("0.0.9", "0.1.0"),
    "^1.x": ("1.9.9", "2.0.0"),
    "^0.x": ("0.9.9", "1.0.0"),
    "^0": ("0.9.9", "1.0.0"),
    "^ 1.2.3": ("1.2.4", "2.0.0"),
    "^1.2.3-beta.2": ("1.2.3-beta.2 1.2.3-beta.10 1.2.3 1.9.0", "1.2.3-beta.1 1.2.4-beta.2 2.0.0"),
    "^0.0.3-beta": ("0.0.3-beta 0.0.3-pr.2 0.0.3", "0.0.4"),
    # hyphen
    "1.2.3 - 2.3.4": ("1.2.3 2.3.4", "1.2.2 2.3.5"),
    "1.2 - 2.3": ("1.2.0 2.3.9", "1.1.9 2.4.0 2.4.0-0"),
    "1.2.3 - 2": ("2.9.9", "3.0.0 3.0.0-0"),
    "1.2 - 2.3.4": ("1.2.0 2.3.4", "2.3.5"),
    "1.2.3 - *": ("99.0.0", "1.2.2"),
    "* - 2": ("0.0.0 2.9.9", "3.0.0"),
    "1.2.3 - 2.3.4-beta": ("2.3.4-alpha 2.3.4-beta 2.3.3", "2.3.4 1.2.3-alpha"),
    "1.0.0-rc - 2": ("1.0.0-rc 1.0.0-rc.1", "1.0.0-beta 2.0.0-rc"),
    # or
    "1.x || >=2.5.0 || 5.0.0 - 7.2.3": ("1.2.3 2.6.0 5.1.0", "2.4.0 0.9.0"),
    "1||2": ("1.5.0 2.5.0", "3.0.0"),
    "<1 || >=2 <2.5": ("0.9.0 2.4.0", "1.5.0 2.5.0"),
    # a pre-release is accepted only where one of the same three numbers is named
    ">1.2.3-alpha.3": ("1.2.3-alpha.7 1.2.3 3.4.5", "3.4.5-alpha.9 1.2.3-alpha.3"),
    ">1.2.3-alpha.3 <1.2.3-beta": ("1.2.3-alpha.7", "1.2.3-beta 1.2.3"),
    "<0.1.1-alpha.1": ("0.1.1-alpha.0 0.1.0", "0.1.1-beta.1 0.1.1"),
    "<=5.4.0-alpha.0": ("5.4.0-alpha.0 5.3.9", "5.4.0-alpha.1 5.3.9-alpha"),
    ">=1.0.0-rc.1 || 2.x": ("1.0.0-rc.2 2.0.0", "2.0.0-rc.2"),
    ">=0.0.0-0": ("0.0.0-0 0.0.0-a 1.0.0", "1.0.0-0"),
}
WRONG_RANGES = {
    "": "write [*]", "   ": "write [*]", "||": "empty range", "^1 ||": "empty range", "|| 1": "empty range",
    "1 | 2": "not a version", "newest": "not a version", "=>1.30": "not a version", "1.2 or so": "not a version",
    ">=": "no version follows", "1.2 >": "no version follows", "> =1.2": "not a version", ">>1": "not a version",
    "==1": "not a version", "~>1.2": "not a version", "v1.2": "not a version", ">1<2": "not a version",
    "1..2": "not a version", "1.2.3.4": "not a version", "01.2": "not a version", "12x": "not a version",
    "**": "not a version", "1.x.3": "not a version", "x.1": "not a version", ".": "not a version",
    "1,2": "not a version",
    "1.2-beta": "follows three numbers", "1.2.x-beta": "follows three numbers", "1+b": "follows three numbers",
    "1.2.3-": "after the hyphen", "1.2.3-01": "after the hyphen", "1.2.3-a..b": "after the hyphen",
    "1.2.3+": "after the [+]", "1.2.3+a..b": "after the [+]", "1 - 2 - 3": "stands alone", "1 - 2 >1": "stands alone",
    "- 2": "stands alone", "1 -": "stands alone", "^1 - 2": "not a version", "1 " * 200: "longer than 256",
}  # fmt: skip
HOSTILE = [
    "1.2.3 -" + " " * 240 + "!", " " * 256, "1." * 128, "1 " * 128, "0" * 256, "1.1.1-" + "a" * 250,
    "1.1.1-" + "1." * 125,
    "||" * 128, "1.1.1-" + "-" * 250, ">" * 256, "1.2.3 - " * 32, "1.1.1+" + "a." * 125, "x" * 256,
    "9" * 256, "1||" * 85,
]  # fmt: skip

# Drawing from a long pattern takes its time on a busy machine.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
numbers = st.integers(0, 3)
words = st.sampled_from(["0", "1", "2", "10", "a", "alpha", "rc", "a-1"])
versions = st.builds(Version, numbers, numbers, numbers, st.lists(words, max_size=3).map(tuple))
whole = versions.map(str)
partial = st.one_of(whole, st.sampled_from(["*", "x", "1", "0", "2.x", "0.0", "1.2", "3.1.*"]))
simple = st.lists(
    st.tuples(st.sampled_from(["", "^", "~", ">", ">=", "<", "<=", "="]), partial).map("".join), min_size=1, max_size=3
).map(" ".join)
ranges = st.one_of(simple, st.tuples(partial, partial).map(" - ".join))
texts = st.one_of(st.text(max_size=300), st.text("0123.xX* ^~<>=|-+av\t\u00a0", max_size=40))


def accepts(text: str, version: str) -> bool:
    return Range.parse(text).contains(Version.parse(version))


def test_versions_are_ordered_by_precedence() -> None:
    parsed = [Version.parse(text) for text in ASCENDING]
    for (i, low), (j, high) in itertools.product(enumerate(parsed), repeat=2):
        assert (low < high, low == high, low > high) == (i < j, i == j, i > j)


def test_build_metadata_has_no_part_in_any_comparison() -> None:
    assert Version.parse("1.2.3+a.01-x") == Version.parse("1.2.3+b") == Version.parse("1.2.3")


@pytest.mark.parametrize("text", WRONG_VERSIONS, ids=ascii)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(VersionError, match=r"write|stand|follows"):
        Version.parse(text)


@pytest.mark.parametrize(("text", "release"), PLATFORMS.items(), ids=PLATFORMS.keys())
def test_a_platform_counts_as_its_release(text: str, release: str) -> None:
    assert Version.of_platform(text) == Version.parse(release)


@pytest.mark.parametrize("text", WRONG_PLATFORMS, ids=ascii)
def test_what_is_no_platform_version_is_refused(text: str) -> None:
    with pytest.raises(VersionError, match=r"such as v1\.36\.3"):
        Version.of_platform(text)


@pytest.mark.parametrize(("text", "inside", "outside"), [(t, *f) for t, f in FACTS.items()], ids=FACTS.keys())
def test_a_range_accepts_what_npm_documents(text: str, inside: str, outside: str) -> None:
    assert [v for v in inside.split() if not accepts(text, v)] == []
    assert [v for v in outside.split() if accepts(text, v)] == []


@pytest.mark.parametrize(("text", "said"), WRONG_RANGES.items(), ids=[ascii(text[:20]) for text in WRONG_RANGES])
def test_what_is_no_range_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(VersionError, match=said) as caught:
        Range.parse(text)
    assert len(str(caught.value)) < 200


@pytest.mark.timeout(10)  # a pattern that back-tracks needs minutes
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_takes_long(text: str) -> None:
    for read in (Range.parse, Version.parse, Version.of_platform):
        try:
            read(text)
        except VersionError as error:
            assert len(str(error)) < 200  # noqa: PT017 - whether it is an error does not matter here


@given(texts)
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    for read in (Range.parse, Version.parse, Version.of_platform):
        try:
            read(text)
        except VersionError as error:
            assert str(error).isprintable()  # noqa: PT017


@given(versions)
def test_the_text_of_a_version_is_read_back_as_the_same(version: Version) -> None:
    assert Version.parse(str(version)) == version


@given(versions, versions, versions)
def test_the_order_is_total(a: Version, b: Version, c: Version) -> None:
    assert [a < b, a == b, a > b].count(True) == 1
    assert not (a < b < c) or a < c
    assert (a <= b) == (a < b or a == b)
    assert a != b or hash(a) == hash(b)


@given(ranges, ranges, whole)
def test_or_accepts_what_either_accepts(a: str, b: str, version: str) -> None:
    assert accepts(f"{a} || {b}", version) == (accepts(a, version) or accepts(b, version))
    assert accepts(f"{b}||{a}", version) == accepts(f"{a} || {b}", version)


@given(simple, simple, numbers, numbers, numbers)
def test_a_space_accepts_the_releases_that_both_accept(a: str, b: str, x: int, y: int, z: int) -> None:
    version = f"{x}.{y}.{z}"
    assert accepts(f"{a} {b}", version) == (accepts(a, version) and accepts(b, version))


@given(simple, simple, whole)
def test_a_space_accepts_at_least_the_prereleases_that_both_accept(a: str, b: str, version: str) -> None:
    assert accepts(f"{a} {b}", version) or not (accepts(a, version) and accepts(b, version))


@given(whole, versions)
def test_a_bound_and_its_opposite_part_the_releases(bound: str, version: Version) -> None:
    release = str(Version(version.major, version.minor, version.patch))
    assert accepts(f"<{bound}", release) != accepts(f">={bound}", release)
    assert accepts(f">{bound}", release) != accepts(f"<={bound}", release)


def rule(*path: str) -> str:
    """The pattern that the API server checks a field of a Plugin against."""
    schema: Any = yaml.safe_load(CRD.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for step in ("spec", *path):
        schema = schema["items"] if step == "[]" else schema["properties"][step]
    rules = [each["rule"] for each in schema["x-kubernetes-validations"] if "matches(" in each["rule"]]
    return str(rules[0]).split("'")[1].removesuffix("$") + r"\Z"


@patient
@given(st.from_regex(rule("version")))
def test_every_version_that_the_crd_admits_is_read(text: str) -> None:
    if len(text) <= 64:
        assert Version.parse(text) >= Version(0, 0, 0, ("0",))


@patient
@given(st.one_of(*(st.from_regex(rule(*p)) for p in (["dependsOn", "[]", "version"], ["compatibility", "kubernetes"]))))
def test_every_range_that_the_crd_admits_is_read_or_reported(text: str) -> None:
    try:
        assert Range.parse(text).alternatives
    except VersionError as error:
        assert len(text) > 128 or re.search(r"write |stand|follows", str(error))  # noqa: PT017


def test_the_crd_admits_every_range_of_the_table() -> None:
    pattern = re.compile(rule("dependsOn", "[]", "version"))
    assert [text for text in FACTS if not pattern.match(text)] == []
