"""Ranges of semantic versions, by npm's rules for pre-releases.

Called by `reconcile.dependencies` for `spec.dependsOn` and by the checks of `spec.compatibility`. Stricter than npm
where npm drops a part of what the author wrote (`1.x.3`, `1.2.x-beta`) or reads nothing as anything (an empty range).
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from greffon.model.semver import Partial, Version, VersionError, bounded, shown

_SIGN: Final = re.compile(r"[<>]=?|=|\^|~")
_TESTS: Final = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq}


@dataclass(frozen=True, slots=True)
class Comparator:
    """One bound, for example `>=1.2.0`. Made by `Range.parse` alone."""

    sign: str
    version: Version


Alternative = tuple[Comparator, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Which versions somebody accepts: all comparators of any one alternative hold."""

    text: str
    alternatives: tuple[Alternative, ...]

    @staticmethod
    def parse(text: str) -> Range:
        """Read `>=2.1 <3`, `^1.4 || 2.x`, `~1.2`, `1.2 - 2.3`, `*`; anything else is a `VersionError`."""
        return _parsed(text)

    def contains(self, version: Version) -> bool:
        """Whether the version is accepted.

        A pre-release only if a comparator of the alternative names a pre-release of the same three numbers: who wrote
        `>=1.2.0` did not ask for 2.0.0-alpha, who wrote `>=2.0.0-alpha` did.
        """
        return any(_admits(alternative, version) for alternative in self.alternatives)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Range:
    return Range(text, tuple(_alternative(part.split(), text) for part in bounded(text).split("||")))


def _alternative(words: list[str], text: str) -> Alternative:
    if not words:
        raise VersionError(f"{shown(text)} has an empty range in it: write * where any version is meant")
    if "-" in words:
        if len(words) != 3 or words[1] != "-":
            raise VersionError(f"{shown(text)}: a hyphen range stands alone between ||, as in 1.2 - 2.3")
        return _comparators(">=", Partial.parse(words[0])) + _comparators("<=", Partial.parse(words[2]))
    found: list[Comparator] = []
    sign = ""
    for word in words:  # a sign may stand apart from its version
        match = None if sign else _SIGN.match(word)
        sign, rest = (match[0], word[match.end() :]) if match else (sign, word)
        if rest:
            found += _comparators(sign or "=", Partial.parse(rest))
            sign = ""
    if sign:
        raise VersionError(f"{shown(text)}: no version follows {sign}")
    return tuple(found)


def _comparators(sign: str, partial: Partial) -> Alternative:
    """What a sign before a version means, in comparators of whole versions.

    An upper bound that the author did not spell out ends before the first pre-release (`-0`) of what is excluded.
    """
    given, floor = len(partial.numbers), partial.floor()
    if not given:  # below or above anything is nothing
        return (Comparator("<", Version(0, 0, 0, ("0",))),) if sign in ("<", ">") else ()
    if sign in ("^", "~"):
        return Comparator(">=", floor), Comparator("<", partial.after(_kept(sign, partial), "0"))
    if given == 3 or sign == ">=":
        return (Comparator(sign, floor),)
    if sign == ">":
        return (Comparator(">=", partial.after(given - 1)),)
    if sign == "<":
        return (Comparator("<", Version(floor.major, floor.minor, 0, ("0",))),)
    upper = Comparator("<", partial.after(given - 1, "0"))
    return (upper,) if sign == "<=" else (Comparator(">=", floor), upper)


def _kept(sign: str, partial: Partial) -> int:
    """Index of the last number that must stay: for ~ the minor one, for ^ the first that is not zero."""
    last = len(partial.numbers) - 1
    if sign == "~":
        return min(1, last)
    return next((index for index, number in enumerate(partial.numbers) if number), last)


def _admits(alternative: Alternative, version: Version) -> bool:
    if not all(_TESTS[each.sign](version, each.version) for each in alternative):
        return False
    return not version.prerelease or any(_names_prerelease_of(each.version, version) for each in alternative)


def _names_prerelease_of(bound: Version, version: Version) -> bool:
    same = (bound.major, bound.minor, bound.patch) == (version.major, version.minor, version.patch)
    return same and bool(bound.prerelease)
