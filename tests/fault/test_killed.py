"""The operator is killed at ten random moments, and nothing of it can be seen afterwards (promise 7)."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster import Cluster, images
from tests.e2e.world import Json, World
from tests.fault.fleet import Act, acts
from tests.fault.host_operator import HostOperator, in_place_of_the_deployment
from tests.fault.ledger import ledger
from tests.fault.settled import wait_until_settled
from tests.fault.state import differences, state, strays

pytestmark = pytest.mark.timeout(1200)
KILLS = {"create": 4, "update": 4, "delete": 2}


@pytest.fixture
def operator(cluster: Cluster, tmp_path: Path) -> Iterator[HostOperator]:
    """An operator that can be killed, in place of the one in the cluster."""
    with in_place_of_the_deployment(cluster, tmp_path) as found:
        yield found


@pytest.fixture
def second_world(cluster: Cluster) -> Iterator[World]:
    """Another fresh namespace: the same story is told twice."""
    made = World(cluster, f"t-{secrets.token_hex(4)}")
    made.create_namespace()
    try:
        yield made
    finally:
        made.delete_namespace()


def test_ten_kills_leave_the_same_end_state_as_none(world: World, second_world: World, operator: HostOperator) -> None:
    dice = seeded()
    operator.start()
    operator.wait_until_ready()
    story, kills, wrong = acts(images.reference(world.cluster, "runner-bash")), 0, list[str]()
    start = ledger(world.cluster, second_world.namespace).mark()
    for act in story:
        calm, written = tell(act, world)
        # Of the writes of the calm run, the last fifth may not come again: a killed operator skips what is done.
        moments = sorted(dice.sample(range(1, written * 4 // 5), KILLS[act.what]))
        troubled, again = tell(act, second_world, operator, moments)
        kills += len(moments)
        print(f"{act.what}: {written} writes without kills, {again} with kills after writes {moments}")
        wrong += [f"after {act.what}: {text}" for text in differences(calm, troubled)]
        wrong += [f"after {act.what}: {text} belongs to nobody" for text in strays(world) + strays(second_world)]
        assert state(world) == calm, "the kills changed a namespace in which nothing happened"

    assert kills == 10
    assert not wrong, "without kills / with kills:\n" + "\n".join(wrong)
    book = ledger(world.cluster, second_world.namespace)
    assert not book.made_again("jobs", start)
    ran = book.pods_of_jobs(start)
    assert list(ran.values()) == [1] * runs_in(story), f"Jobs, and how many pods each has had: {ran}"


def seeded() -> random.Random:
    """Dice that a failed run can be repeated with."""
    seed = int(os.environ.get("GREFFON_TEST_SEED") or 637384)
    print(f"GREFFON_TEST_SEED={seed}")
    return random.Random(seed)  # noqa: S311 - no secret is made of it


def runs_in(story: list[Act]) -> int:
    """How many PluginRuns the user asks for."""
    return sum(obj["kind"] == "PluginRun" for act in story for obj in act.apply)


def tell(
    act: Act, world: World, operator: HostOperator | None = None, moments: list[int] | None = None
) -> tuple[dict[str, Json], int]:
    """Perform an act, killing the operator after these writes; gives the end state, and the number of writes."""
    book = ledger(world.cluster, world.namespace)
    since = book.mark()
    with ThreadPoolExecutor(1) as pool:
        killer = pool.submit(kill_after, operator, world, since, moments) if operator and moments else None
        world.apply(*act.apply)
        if act.delete:
            world.kubectl("delete", "plugins", *act.delete, "--wait=false")
        if killer:
            killer.result(timeout=200)
    wait_until_settled(world, leaving=act.delete)
    book.quiet()
    return state(world), len(book.writes(since))


def kill_after(operator: HostOperator, world: World, since: int, moments: list[int]) -> None:
    """Kill it as soon as it has made its n-th write, and start it again at once."""
    book = ledger(world.cluster, world.namespace)
    for written in book.follow(since, within=180):
        if written == moments[0]:
            operator.kill()
            operator.start()
            if not (moments := moments[1:]):
                return
