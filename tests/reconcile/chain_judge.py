"""What the end of a change must be. Pure; used by both chains, in memory and on the real cluster."""

from __future__ import annotations

from typing import Any

from tests.reconcile.chain import SCHEMA, Change
from tests.reconcile.chain_ends import End, accepted, serving, too_many, verdict
from tests.reconcile.view import condition


def compared(change: Change, before: End, end: End, alone: End, nothing: End) -> list[str]:
    """Where the end of a change is not what it should be.

    Accepted: all is as if nothing else had ever been asked for. Refused by the operator: the verdict is as if it had,
    and what ran before is untouched. Refused by the API server: it says the same, and nothing has happened at all.
    """
    if change.wrong is None:
        taken = (
            [] if alone.number else [f"refused: {alone.answer or condition(alone.plugin or {}, 'Ready')['message']}"]
        )
        return taken or differences(accepted(end), accepted(alone)) + too_many(end)
    unharmed = differences(end.others, before.others) + differences(alone.others, nothing.others)
    if change.wrong.by == SCHEMA:
        said = [] if end.answer == alone.answer != "" else [f"answers {end.answer!r} and {alone.answer!r}"]
        return said + unharmed + differences([end.plugin, alone.plugin], [before.plugin, None])
    reason = condition(end.plugin or {}, "Ready")["reason"]
    told = [] if reason == change.wrong.reason else [f"refused for {reason}"]
    return told + unharmed + differences(verdict(end), verdict(alone)) + differences(serving(end), serving(before))


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two JSON values differ, with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        absent = "(absent)"
        both = [(key, one.get(key, absent), other.get(key, absent)) for key in sorted(one.keys() | other.keys())]
        return [found for key, a, b in both for found in differences(a, b, f"{path}/{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [f for n, (a, b) in enumerate(zip(one, other, strict=True)) for f in differences(a, b, f"{path}/{n}")]
    return [] if one == other else [f"{path}: {str(one)[:300]} != {str(other)[:300]}"]
