"""Semantic versions. Called by `model.semver_range`, by `reconcile.dependencies` and by the checks of compatibility.

Why this is our own code and no library: ADR 6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Final

LONGEST: Final = 256
_NUMBER: Final = re.compile(r"0|[1-9][0-9]*")
_WILDCARD: Final = re.compile(r"[xX*]")
_IDENTIFIER: Final = re.compile(r"[0-9A-Za-z-]+")
_PLATFORM: Final = re.compile(r"v?([0-9]+)\.([0-9]+)(?:\.([0-9]+))?(?:[-+][0-9A-Za-z.+_-]*)?")


class VersionError(ValueError):
    """A text is no semantic version, or no range of them; the message quotes the part and says what to write."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version without its build metadata, which has no part in any comparison."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()

    @staticmethod
    def parse(text: str) -> Version:
        """Read MAJOR.MINOR.PATCH with optional pre-release and build, as `spec.version` is written."""
        partial = Partial.parse(bounded(text))
        if len(partial.numbers) < 3:
            raise VersionError(f"{shown(text)} is not a version: write MAJOR.MINOR.PATCH, for example 1.4.2")
        return partial.floor()

    @staticmethod
    def of_platform(text: str) -> Version:
        """The release that a platform says it is: `v1.36.3+k3s1` is 1.36.3, `v1.30.1-gke.100` is 1.30.1.

        Vendors put after the hyphen what is no pre-release. A real one (`v1.37.0-rc.1`) counts as its release as well:
        a plug-in is compatible with an API, and the candidate has it already.
        """
        match = _PLATFORM.fullmatch(bounded(text))
        if match is None:
            raise VersionError(f"{shown(text)} is not a platform version: expected one such as v1.36.3")
        major, minor, patch = (int(number or 0) for number in match.groups())
        return Version(major, minor, patch)

    def __lt__(self, other: Version) -> bool:
        """Precedence: a pre-release comes before its release; numbers in it count as numbers, before words."""
        return self._rank() < other._rank()

    def __str__(self) -> str:
        """The canonical text; `parse` gives the same value back."""
        return f"{self.major}.{self.minor}.{self.patch}" + ("-" + ".".join(self.prerelease) if self.prerelease else "")

    def _rank(self) -> tuple[object, ...]:
        words = tuple((0, int(word), "") if word.isdigit() else (1, 0, word) for word in self.prerelease)
        return self.major, self.minor, self.patch, not self.prerelease, words


@dataclass(frozen=True, slots=True)
class Partial:
    """A version of which only the first numbers may be given (`1.2`, `1.x`, `*`): the building block of ranges."""

    numbers: tuple[int, ...]
    prerelease: tuple[str, ...] = ()

    @staticmethod
    def parse(text: str) -> Partial:
        """Read numbers, then wildcards, then pre-release and build if all three numbers are there."""
        core, plus, build = text.partition("+")
        core, hyphen, prerelease = core.partition("-")
        numbers = _numbers(core.split("."), text)
        if len(numbers) < 3 and (hyphen or plus):
            raise VersionError(f"{shown(text)}: a pre-release or build follows three numbers, as in 2.0.0-rc.1")
        words = tuple(prerelease.split(".")) if hyphen else ()
        if not all(_IDENTIFIER.fullmatch(word) and not _has_leading_zero(word) for word in words):
            raise VersionError(f"{shown(text)}: after the hyphen stand words, or numbers without leading zeros")
        if plus and not all(_IDENTIFIER.fullmatch(word) for word in build.split(".")):
            raise VersionError(f"{shown(text)}: after the + stand words of letters, digits and hyphens")
        return Partial(numbers, words)

    def floor(self) -> Version:
        """The lowest version that begins so."""
        major, minor, patch = (*self.numbers, 0, 0, 0)[:3]
        return Version(major, minor, patch, self.prerelease)

    def after(self, index: int, *prerelease: str) -> Version:
        """The version after all that share the numbers up to `index`; with "0", its very first pre-release."""
        return Partial((*self.numbers[:index], self.numbers[index] + 1), prerelease).floor()


def bounded(text: str) -> str:
    """The same text, unless it is longer than any version or range that a person writes."""
    if len(text) > LONGEST:
        raise VersionError(f"{shown(text)} is longer than {LONGEST} characters: shorten it")
    return text


def shown(text: str) -> str:
    """A quotation for a message: bounded, on one line."""
    return ascii(text[:60])


def _numbers(parts: list[str], text: str) -> tuple[int, ...]:
    given = next((i for i, part in enumerate(parts) if not _NUMBER.fullmatch(part)), len(parts))
    # npm reads 1.x.3 as 1.x; its author counts on the 3, so it is refused here.
    if len(parts) > 3 or not all(_WILDCARD.fullmatch(part) for part in parts[given:]):
        raise VersionError(f"{shown(text)} is not a version: write for example 1.4.2, 1.4, 1.x or 2.0.0-rc.1")
    return tuple(int(part) for part in parts[:given])


def _has_leading_zero(word: str) -> bool:
    return word.isdigit() and len(word) > 1 and word.startswith("0")
