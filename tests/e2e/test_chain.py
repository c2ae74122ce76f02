"""Where a plug-in ends depends on its spec alone, not on the way there: a chain of two hundred changes on the real
cluster, each compared with another plug-in of which nothing else was ever asked. `tests/reconcile/test_chain` does the
same in memory, with every value that the schema allows.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.cluster import images, registry
from tests.conftest import Figure
from tests.e2e.chain_stock import secrets as user_secrets
from tests.e2e.chain_stock import stock
from tests.e2e.chain_world import NOTHING, Subject
from tests.e2e.proxy import proxied
from tests.e2e.world import World, strict_namespace
from tests.reconcile.chain import OPERATOR, SCHEMA, Change, chain
from tests.reconcile.chain_ends import End
from tests.reconcile.chain_judge import compared
from tests.reconcile.chain_specs import SCRIPTS

pytestmark = pytest.mark.timeout(1800)
LENGTHS = {"Container": 200, "Bash": 40, "Python": 20, "Webhook": 40}
AT_ONCE = 8
SECONDS = 180
_WISH = int(os.environ.get("GREFFON_EXPLORE") or 0)
SEED = random.SystemRandom().randrange(2, 10**6) if _WISH == 1 else _WISH or 20300101
"""The same chains each time; others with GREFFON_EXPLORE=1, which prints its seed, or with a seed in its place."""


@pytest.fixture
def second_image(world: World) -> str:
    """The same program under another name, by tag."""
    assert world.cluster.registry, "the harness's own cluster has one"
    name = f"{world.cluster.registry}/test/{secrets.token_hex(4)}:1.0.0"
    registry.crane("push", str(images.ensure("runner-python")), name)
    return name


@pytest.fixture
def places(world: World) -> Iterator[list[str]]:
    """Namespaces with what a spec may name: the first for the chain, the others for plug-ins of a single change."""
    more = [f"{world.namespace}-{n:02}" for n in range(2 * AT_ONCE)]
    theirs = [
        obj | {"metadata": obj["metadata"] | {"namespace": place}}
        for place in (world.namespace, *more)
        for obj in (SCRIPTS, *user_secrets())
    ]
    kubectl = world.cluster.run_kubectl
    try:
        kubectl("create", "-f", "-", stdin="\n---\n".join(map(json.dumps, [*map(strict_namespace, more), *theirs])))
        yield [world.namespace, *more]
    finally:
        kubectl("delete", "namespace", *more, "--timeout=120s", "--ignore-not-found", timeout=150)


def ends(
    connection: http.client.HTTPConnection, places: list[str], changes: list[Change]
) -> Iterator[tuple[Change, End, End]]:
    """Each change with the end of the chain after it and that of a plug-in for which it is the first.

    Half of the places rest meanwhile: what was in them goes.
    """
    subject, others = Subject(connection, places[0]), [Subject(connection, place) for place in places[1:]]
    for first in range(0, len(changes), AT_ONCE):
        batch = changes[first : first + AT_ONCE]
        others = [*others[AT_ONCE:], *others[:AT_ONCE]]
        fresh = others[: len(batch)]
        for one in fresh:
            one.wait_gone(SECONDS)
        answers = [one.put(change.spec) for one, change in zip(fresh, batch, strict=True)]
        chained = [subject.rest(subject.put(change.spec), SECONDS) for change in batch]
        alone = [one.rest(answer, SECONDS) for one, answer in zip(fresh, answers, strict=True)]
        yield from zip(batch, chained, alone, strict=True)
        for one in fresh:
            one.delete()


@pytest.mark.parametrize("type_", LENGTHS)
def test_a_chain_of_changes_ends_as_each_of_them_alone(
    world: World, places: list[str], second_image: str, type_: str, figure: Figure
) -> None:
    changes = chain(SEED, LENGTHS[type_], stock(type_, second_image))
    began, before, found = time.monotonic(), NOTHING, []
    with proxied(world.cluster) as api, api.connected() as connection:
        for number, (change, end, alone) in enumerate(ends(connection, places, changes)):
            found += [f"{number} {change.what}: {said}" for said in compared(change, before, end, alone, NOTHING)]
            before = end
    sorts = Counter(change.wrong.by if change.wrong else "right" for change in changes)
    figure(f"seed {SEED}: {dict(sorts)} in {time.monotonic() - began:.0f} s")

    assert not found, f"seed {SEED}\n" + "\n".join(found)


def test_the_longest_chain_has_two_hundred_changes_of_every_sort() -> None:
    sorts = Counter(change.wrong.by if change.wrong else "" for change in chain(SEED, 200, stock("Container", "x")))
    assert sorts[""] >= 100
    assert min(sorts[SCHEMA], sorts[OPERATOR]) >= 10
