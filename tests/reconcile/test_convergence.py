"""Whatever goes wrong and whenever: once it stops, the world is the one that nothing would have disturbed.

Hypothesis draws what users do, how the network behaves, and when the operator dies. The same wishes are played a second
time without faults, and both ends are compared; then an idle hour must pass without a write.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.reconcile.essence import check_always, check_runs, essence
from tests.reconcile.fake.weather import Weather
from tests.reconcile.loop import play as run_virtually
from tests.reconcile.scenario import SHAPES, Scenario, Step, play
from tests.reconcile.view import raw
from tests.reconcile.world import World

Json = dict[str, Any]
_WISH = os.environ.get("GREFFON_SCENARIOS")
EXAMPLES = int(_WISH or 20)
"""Without the variable the same few scenarios each time; with it so many, drawn anew, and a failure is made small."""
COMMON = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not _WISH,
    phases=set(Phase) - {Phase.explain} - (set() if _WISH else {Phase.shrink}),
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
WAITS = st.sampled_from([0.0, 0.002, 0.005, 0.02, 0.3, 2.0, 12.0])
WISHES = st.one_of(
    st.builds(Step, st.just("put"), st.sampled_from(sorted(SHAPES)), st.integers(0, 3), WAITS),
    st.builds(Step, st.just("put"), st.sampled_from(["web", "dash"]), st.integers(0, 3), WAITS),
    st.builds(Step, st.just("delete"), st.sampled_from(sorted(SHAPES)), st.just(0), WAITS),
    st.builds(Step, st.just("run"), st.just(""), st.integers(0, 3), WAITS),
)
HARMS = st.builds(Step, st.just("harm"), st.just(""), st.integers(0, 60), WAITS)
DEATHS = st.builds(Step, st.sampled_from(["kill", "cut", "compact"]), st.just(""), st.just(0), WAITS)
STEPS = st.lists(st.one_of(WISHES, WISHES, HARMS, DEATHS), min_size=2, max_size=14).map(tuple)
SEEDS = st.integers(0, 2**20)


def _canaries(world: World) -> dict[str, Json]:
    """Objects of others: near our names, in another namespace, and one that has the name of a child."""
    meta = {"apiVersion": "v1", "kind": "ServiceAccount"}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}}}
    for name in ("plg-webs", "plg-we", "web", "plg-taken"):
        world.user.create(meta | {"metadata": {"name": name}})
    for name in ("plg-web", "plg-dash"):
        world.user.create(policy | {"metadata": {"name": name, "namespace": "team-b"}})
    return raw(world)


async def _end(scenario: Scenario, *, idle: float) -> dict[str, Any]:
    """Play it and look at what is left, after checking what holds in every play."""
    async with World.open() as world:
        canaries = _canaries(world)
        await play(world, scenario, calm=400.0)
        check_always(world)
        check_runs(world)
        assert {name: obj for name, obj in raw(world).items() if name in canaries} == canaries
        left, mark = essence(world), len(world.log)
        await asyncio.sleep(idle)
        assert world.log.writes(since=mark) == [], world.log.show(world.log.writes(since=mark))
        assert essence(world) == left
        return left


async def _both(scenario: Scenario) -> tuple[dict[str, Any], dict[str, Any]]:
    return await _end(scenario, idle=2000.0), await _end(scenario.wishes(), idle=0.0)


def _check(scenario: Scenario) -> None:
    disturbed, calm = run_virtually(lambda: _both(scenario))

    assert disturbed == calm


@COMMON
@given(steps=STEPS, seed=SEEDS)
def test_lost_answers_refusals_and_broken_streams(steps: tuple[Step, ...], seed: int) -> None:
    _check(Scenario(steps, Weather(seed, requests=0.2, streams=0.1)))


@COMMON
@given(steps=STEPS, seed=SEEDS)
def test_crashes_at_any_write(steps: tuple[Step, ...], seed: int) -> None:
    _check(Scenario(steps, Weather(seed, requests=0.05, crashes=0.15, streams=0.05)))


@COMMON
@given(steps=STEPS, seed=SEEDS)
def test_streams_that_lose_and_reorder_events(steps: tuple[Step, ...], seed: int) -> None:
    _check(Scenario(steps, Weather(seed, streams=0.1, lies=0.15)))


@settings(COMMON, max_examples=max(5, EXAMPLES // 4))
@given(steps=STEPS)
def test_users_and_deaths_in_fine_weather(steps: tuple[Step, ...]) -> None:
    _check(Scenario(steps))
