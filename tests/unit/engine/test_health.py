"""The liveness probe: dead when a watch shows no sign of life, or the event loop stands still."""

import asyncio

import pytest

from greffon.engine.health import Health
from tests.unit.engine.virtual_time import now, virtually


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


SITUATIONS: dict[str, tuple[float, dict[str, float], list[str]]] = {
    "all is well after the start": (0, {}, []),
    "a watch just within its limit lives": (100, {"Pod": 0, "Job": 0}, []),
    "a watch beyond its limit is dead": (
        101,
        {"Job": 60},
        ["watch of Pod: no sign of life for 101 s (limit 100 s)"],
    ),
    "a sign of life keeps a watch alive": (150, {"Pod": 90, "Job": 90}, []),
    "each dead watch is named": (
        500,
        {"Pod": 1},
        [
            "watch of Pod: no sign of life for 499 s (limit 100 s)",
            "watch of Job: no sign of life for 500 s (limit 200 s)",
        ],
    ),
}


@pytest.mark.parametrize(("after", "signs", "expected"), SITUATIONS.values(), ids=SITUATIONS)
def test_watches(after: float, signs: dict[str, float], expected: list[str]) -> None:
    clock = Clock()
    health = Health({"Pod": 100, "Job": 200}, clock=clock)
    for kind, seconds in sorted(signs.items(), key=lambda item: item[1]):
        clock.now = 1000 + seconds
        health.progress(kind)
    clock.now = 1000 + after
    watches = [problem for problem in health.problems() if not problem.startswith("event loop")]
    assert watches == expected


@pytest.mark.parametrize(
    ("seconds", "alive"),
    [
        pytest.param(15.0, True, id="a pause of a quarter of a minute is a busy machine"),
        pytest.param(15.5, False, id="a longer pause is a loop that stands still"),
    ],
)
def test_event_loop(seconds: float, alive: bool) -> None:
    clock = Clock()
    health = Health({}, clock=clock)
    clock.now += seconds
    assert (not health.problems()) is alive


def test_the_beat_proves_every_second_that_the_loop_turns() -> None:
    async def story() -> None:
        health = Health({}, clock=now)
        task = asyncio.create_task(health.beat())
        await asyncio.sleep(3600)
        assert health.problems() == []
        task.cancel()
        await asyncio.sleep(20)
        (problem,) = health.problems()
        assert problem.startswith("event loop: stood still for 2")

    virtually(story())


def test_ready_means_that_the_caches_are_filled() -> None:
    health = Health({})
    assert not health.ready
    health.synced()
    assert health.ready


def test_ages_are_shown_by_kind() -> None:
    clock = Clock()
    health = Health({"Pod": 100, "Job": 200}, clock=clock)
    clock.now += 5
    health.progress("Pod")
    clock.now += 2
    assert dict(health.ages()) == {"Pod": 2, "Job": 7}
    assert health.age("Job") == 7


REQUIRED: dict[str, tuple[list[tuple[float, list[str]]], list[str]]] = {
    "a required check that is content": ([(0, []), (120, [])], []),
    "a problem that has just begun": ([(0, ["kopf does not watch plugins"])], []),
    "a problem within the time that a start may take": ([(0, ["x"]), (60, ["x"])], []),
    "a problem that lasts": ([(0, ["x"]), (61, ["x"])], ["x"]),
    "a problem that went away in between": ([(0, ["x"]), (50, []), (61, ["x"]), (120, ["x"])], []),
    "a problem that came back and lasts": ([(0, ["x"]), (50, []), (61, ["x"]), (122, ["x"])], ["x"]),
}


@pytest.mark.parametrize(("asked", "expected"), REQUIRED.values(), ids=REQUIRED)
def test_required_checks_count_once_their_problem_lasts(
    asked: list[tuple[float, list[str]]], expected: list[str]
) -> None:
    clock, now_wrong = Clock(), list[str]()
    health = Health({}, clock=clock)
    health.require(lambda: now_wrong)
    found: list[str] = []
    for seconds, problems in asked:
        clock.now = 1000 + seconds
        now_wrong[:] = problems
        found = [problem for problem in health.problems() if not problem.startswith("event loop")]
    assert found == expected
