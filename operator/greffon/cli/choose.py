"""Decisions on names and words: which revision is meant, which one to go back to, how long, what input. Pure; called by
the stories and commands."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from greffon.cli.problems import FOUND, Problem
from greffon.cli.views import Plugin, Revision

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def revision(plugin: str, word: str, known: Sequence[Revision]) -> Revision:
    """The revision that `6`, `r6` or `web-r6` means. Raises Problem when there is none."""
    found = re.fullmatch(rf"(?:{re.escape(plugin)}-)?r?([1-9][0-9]{{0,8}})", word.strip())
    if not found:
        raise Problem(f"{word} is not a revision; write a number such as 6, or r6, or {plugin}-r6")
    number = int(found[1])
    for one in known:
        if one.number == number:
            return one
    kept = ", ".join(f"r{one.number}" for one in known)
    raise Problem(
        f"plug-in {plugin} has no revision r{number}; " + (f"there are {kept}" if kept else "it has none yet")
    )


def rollback_target(plugin: Plugin, known: Sequence[Revision], wish: str) -> Revision:
    """The revision to go back to: the one that was wished for, or the newest in Standby below the active one.

    Raises Problem when there is none, or when the wish could only be refused.
    """
    if wish:
        return _allowed(plugin, revision(plugin.name, wish, known))
    active = next((one.number for one in known if one.name == plugin.revision("active")), None)
    if active is None:
        raise Problem(f"no revision of {plugin.name} is active: name the one to run with --to", code=FOUND)
    standby = [one for one in known if one.number < active and one.state == "Standby"]
    if standby:
        return max(standby, key=lambda one: one.number)
    states = ", ".join(f"r{one.number} {one.state}" for one in known)
    raise Problem(
        f"{plugin.name} has nothing to go back to: no revision below r{active} is in Standby (there are {states})",
        code=FOUND,
    )


def _allowed(plugin: Plugin, target: Revision) -> Revision:
    if target.state == "Quarantined":
        why = str(target.status.get("cause") or "it failed")
        raise Problem(
            f"revision r{target.number} of {plugin.name} is quarantined ({why}); "
            f"`greffon reset {plugin.name}` lifts that",
            code=FOUND,
        )
    if target.name == plugin.revision("desired"):
        raise Problem(
            f"revision r{target.number} is the one that the spec of {plugin.name} asks for; to end a rollback, "
            f"`greffon rollback {plugin.name} --undo`",
            code=FOUND,
        )
    return target


def seconds(word: str) -> float:
    """`90`, `90s`, `5m` or `1h` in seconds. Raises Problem."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?)([smh]?)", word.strip())
    if not found or float(found[1]) == 0:
        raise Problem(f"--timeout {word} is not a time; write 90s, 5m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def run_input(text: str, where: str) -> dict[str, Any] | None:
    """The input of a run; None for no words at all. Raises Problem that says what is wrong and where."""
    if not text.strip():
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Problem(f"{where} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise Problem(f"{where} is nested too deeply to be read") from None
    if not isinstance(value, dict):
        raise Problem(f"{where} is JSON but not an object; write for example {json.dumps({'value': 1})}")
    return value


def name(word: str, what: str) -> str:
    """A name as it may stand in the path of a request. Raises Problem for anything else."""
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", word):
        raise Problem(f"{word!r} cannot be the name of a {what}; names are lower-case letters, digits and '-'")
    return word
