"""Where a plug-in ends depends on its spec alone, not on the way there: a chain of two hundred changes of every sort,
each compared with a world in which nothing else was ever asked for."""

from __future__ import annotations

import os
import random
from collections import Counter
from functools import partial
from typing import Any
from unittest import mock

import pytest

from greffon.security.ceiling import CeilingRule
from tests.contract.manifests import changed
from tests.reconcile import samples
from tests.reconcile.chain import OPERATOR, SCHEMA, WRONGS, Change, chain
from tests.reconcile.chain_ends import End, look
from tests.reconcile.chain_judge import compared
from tests.reconcile.chain_specs import KINDS, NAME, SCRIPTS
from tests.reconcile.fake.request import Refused
from tests.reconcile.loop import play
from tests.reconcile.world import World

Json = dict[str, Any]
COUNT = 200
_WISH = int(os.environ.get("GREFFON_EXPLORE") or 0)
SEED = random.SystemRandom().randrange(2, 10**6) if _WISH == 1 else _WISH or 20300101
"""The same chain each time; another one with GREFFON_EXPLORE=1, which prints its seed, or with a seed in its place."""


class _Ceiling:
    """Every right of the right specs, and no other; no ClusterRole has to be read."""

    known = (CeilingRule(("", "a.example", "b.example"), ("*",), ("*",)),)

    def __init__(self, *_: object) -> None:
        """Knows what it knows."""

    async def refresh(self) -> bool:
        """Never changes."""
        return False


def put(world: World, spec: Json) -> str:
    """Create the plug-in or change its spec; gives what the API server says against it, field and cause."""
    try:
        if world.user.find("Plugin", NAME):
            world.user.edit("Plugin", NAME, lambda o: o.update(spec=spec))
        else:
            world.user.create(samples.plugin(NAME, {}) | {"spec": spec})
    except Refused as refusal:
        return refusal.message.partition(" is invalid: ")[2]
    return ""


async def played(changes: list[Change]) -> list[End]:
    """One world in which these changes are made, each after the one before has settled: all the ends, the first one
    before any change."""
    with mock.patch("greffon.app.Ceiling", _Ceiling):
        async with World.open() as world:
            world.user.create(SCRIPTS)
            ends = [look(world, "")]
            for change in changes:
                answer = put(world, change.spec)
                await world.settle()
                ends.append(look(world, answer))
            return ends


def unlike(changes: list[Change]) -> list[str]:
    """Play a chain, and each of its changes alone; where they differ."""
    nothing, *ends = play(lambda: played(changes))
    found = []
    for number, (change, before, end) in enumerate(zip(changes, [nothing, *ends[:-1]], ends, strict=True)):
        _, alone = play(partial(played, [change]))
        found += [f"{number} {change.what}: {line}" for line in compared(change, before, end, alone, nothing)]
    return found


def test_a_chain_of_changes_ends_as_each_of_them_alone(capsys: pytest.CaptureFixture[str]) -> None:
    if _WISH:
        with capsys.disabled():
            print(f"\nGREFFON_EXPLORE={SEED}")

    found = unlike(chain(SEED, COUNT))

    assert not found, f"seed {SEED}\n" + "\n".join(found)


_SERVICE = samples.simple()["spec"]
_IDLE = samples.simple(run={"replicas": 0})["spec"]
_SCRIPT = samples.full()["spec"]
_JOB = samples.job()["spec"]
_HOOK = samples.webhook()["spec"]
_LATE = next(wrong for wrong in WRONGS if wrong.changes == {"spec.compatibility": {"greffon": ">=99"}})


def _late(spec: Json) -> Change:
    return Change("refused", changed({"spec": spec}, _LATE.changes)["spec"], _LATE)


def _pinned(spec: Json, digit: str) -> Json:
    """Another revision."""
    return spec | {"source": {"image": {"ref": f"registry.example/x@sha256:{digit * 64}"}}}


LINKS: dict[str, list[Change]] = {
    "a refused spec leaves a suspended Job unavailable": [
        Change("suspended", _pinned(_JOB, "a") | {"suspend": True}),
        _late(_pinned(_JOB, "a")),
    ],
    "a refused spec of a Service leaves a Job available": [
        Change("Job", _pinned(_JOB, "a")),
        _late(_pinned(_SERVICE, "a")),
    ],
    "a refused spec leaves a Webhook recorded": [Change("Webhook", _HOOK), _late(_HOOK)],
    "files go with the revision that used them, though nothing else happens any more": [
        Change("script", _SCRIPT | {"run": _SCRIPT["run"] | {"replicas": 0}}),
        Change("Webhook", _HOOK | {"rollback": {"historyLimit": 1}}),
    ],
    "a revision that is gone back to is the active one, though it has no replicas": [
        Change("a", _pinned(_SERVICE, "a")),
        Change("b", _pinned(_SERVICE, "b")),
        Change("a without replicas", _pinned(_IDLE, "a")),
    ],
    "the limit of the history holds without replicas": [
        Change(digit, _pinned(_IDLE, digit) | {"rollback": {"historyLimit": 1}}) for digit in "abc"
    ],
    "the limit of the history holds while suspended": [
        Change(digit, _pinned(_SERVICE, digit) | {"suspend": True, "rollback": {"historyLimit": 1}}) for digit in "abc"
    ],
}


@pytest.mark.parametrize("what", LINKS)
def test_a_short_chain_ends_as_each_change_alone(what: str) -> None:
    assert unlike(LINKS[what]) == []


def test_the_chain_is_long_and_has_every_kind_of_plugin_and_every_wrong() -> None:
    changes = chain(SEED, COUNT)

    sorts = Counter(change.wrong.by if change.wrong else "" for change in changes)
    kinds = {(c.spec["type"], c.spec.get("run", {}).get("mode", "")) for c in changes if not c.wrong}
    assert len(changes) >= 200
    assert sorts[""] >= 100
    assert min(sorts[SCHEMA], sorts[OPERATOR]) >= 10
    assert kinds == set(KINDS)
    if not _WISH:
        assert {change.wrong for change in changes if change.wrong} == set(WRONGS)
