"""The one-shot verbs: what people ask for by annotation, each token handled once. Pure; called by `reconcile.course`.

`status.handled` echoes the token that was acted on. A request to go back holds until the spec asks for another
revision or the annotation is withdrawn; the others are done by being done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from greffon.model import keys
from greffon.model.plugin import Plugin
from greffon.reconcile.rollout import QUARANTINED

LONGEST_TOKEN = 256


@dataclass(frozen=True, slots=True)
class Requests:
    """What is asked for now.

    Attributes:
        pinned: number of the revision to run instead of the desired one.
        pinned_over: number of the desired revision for which that was asked.
        refused: why a request cannot be met, "" when it can.
        reset: quarantine is to be lifted in this pass.
        restart: the token that the pods carry; a new one makes new pods. "" when there never was one.
        handled: verb → token, as it is to be echoed.
    """

    pinned: int | None = None
    pinned_over: int | None = None
    refused: str = ""
    reset: bool = False
    restart: str = ""
    handled: Mapping[str, str] = field(default_factory=dict)


def read(plugin: Plugin, desired: int, states: Mapping[int, str], blocked: Mapping[int, str] = {}) -> Requests:
    """Read the annotations against what was handled already.

    Args:
        desired: number of the revision that the spec asks for.
        states: state of each kept revision, by number.
        blocked: revisions that a dependant does not accept, with the reason.
    """
    asked = {
        verb: token[:LONGEST_TOKEN]
        for verb, name in keys.ONE_SHOT_VERBS.items()
        if (token := plugin.annotations.get(name))
    }
    before = plugin.status.handled or {}
    kept = {"restart": before["restart"]} if "restart" in before else {}  # the pods carry it, asked for or not
    handled = {**kept, **asked}
    pinned, over, refused = _pin(plugin, asked.get("rollback-to", ""), desired, states, blocked)
    return Requests(
        pinned=pinned,
        pinned_over=over,
        refused=refused,
        reset="reset" in asked and before.get("reset") != asked["reset"],
        restart=handled.get("restart", ""),
        handled=handled,
    )


def _pin(
    plugin: Plugin, wish: str, desired: int, states: Mapping[int, str], blocked: Mapping[int, str]
) -> tuple[int | None, int | None, str]:
    """(revision to run, the desired one it was asked for, why not)."""
    if not wish:
        return None, None, ""
    number = _number(plugin.name, wish)
    was_handled = (plugin.status.handled or {}).get("rollback-to") == wish
    before = plugin.status.revisions
    over = _number(plugin.name, before.pinned_over or "") if before else None
    if was_handled and over != desired:
        over = None  # refused when it was made, or the spec has changed since: it never acts again
    refused = _impossible(plugin.name, wish, number, desired, states)
    if not refused and number is not None and number in blocked:
        refused = f"revision r{number}: {blocked[number]}"
    if refused or number is None or (was_handled and over is None):
        return None, None, refused
    return number, desired, ""


def _impossible(plugin: str, wish: str, number: int | None, desired: int, states: Mapping[int, str]) -> str:
    """Why a revision cannot be gone back to; "" when it can."""
    if number is None:
        return f"{wish!r} is not a revision; write a name such as {plugin}-r1, or its number"
    if number not in states:
        known = ", ".join(f"r{n}" for n in sorted(states))
        return f"revision r{number} is not kept; there are {known}"
    if number == desired:
        return f"revision r{number} is the one that the spec asks for"
    if states[number] == QUARANTINED:
        return f"revision r{number} is quarantined; lift that with the annotation {keys.ANNOTATION_RESET}"
    return ""


def _number(plugin: str, text: str) -> int | None:
    found = re.fullmatch(rf"(?:{re.escape(plugin)}-)?r?([1-9][0-9]{{0,8}})", text.strip())
    return int(found[1]) if found else None
