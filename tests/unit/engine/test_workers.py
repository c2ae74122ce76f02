"""Workers drain the queue; what one object does to its reconcile never stops the others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from greffon.engine import scope
from greffon.engine.queue import Key, Priority, Queue
from greffon.engine.workers import Result, resync, work
from greffon.errors import Conflict, Unavailable
from tests.unit.engine.virtual_time import now, settle, virtually

POISON, GOOD = Key("Plugin", "ns", "poison"), Key("Plugin", "ns", "good")
Effect = Callable[[], Result]


def raising(error: Exception) -> Effect:
    """A reconcile that ends with an error."""

    def effect() -> Result:
        raise error

    return effect


EFFECTS: dict[str, tuple[Effect, str, tuple[float, float] | None]] = {
    "a success is not repeated": (Result, "success", None),
    "a wish to look again is granted on time": (lambda: Result(requeue_after=40), "requeue_after", (40, 40)),
    "a wish to look again at once is granted": (lambda: Result(requeue_after=0), "requeue_after", (0, 0)),
    "a failure that the status tells of is tried again with back-off": (
        lambda: Result(failed=True),
        "requeue",
        (0.4, 0.6),
    ),
    "no answer of the API server is tried again with back-off": (raising(Unavailable("down")), "error", (0.4, 0.6)),
    "a conflict is tried again with back-off": (raising(Conflict("late")), "error", (0.4, 0.6)),
    "a defect is tried again with back-off": (raising(ZeroDivisionError()), "error", (0.4, 0.6)),
    "a body nested too deeply is a defect like any other": (raising(RecursionError()), "error", (0.4, 0.6)),
    "a body too large for memory is a defect like any other": (raising(MemoryError()), "error", (0.4, 0.6)),
}


@pytest.mark.parametrize(("effect", "outcome", "again"), EFFECTS.values(), ids=EFFECTS)
def test_what_follows_a_reconcile(effect: Effect, outcome: str, again: tuple[float, float] | None) -> None:
    seen: list[tuple[str, str]] = []
    times: list[float] = []

    async def reconcile(key: Key) -> Result:
        times.append(now())
        return effect() if len(times) == 1 else Result()

    async def story() -> None:
        queue = Queue(base=0.5)
        worker = asyncio.ensure_future(
            work(queue, {"Plugin": reconcile}, lambda kind, out, _: seen.append((kind, out)))
        )
        queue.add(POISON)
        await asyncio.sleep(100)
        assert queue.idle
        assert not worker.done()
        worker.cancel()

    virtually(story())
    assert seen[0] == ("Plugin", outcome)
    if again is None:
        assert len(times) == 1
    else:
        low, high = again
        assert low <= times[1] <= high + 0.001


def _crew(queue: Queue, reconcile: Callable[[Key], Awaitable[Result]], size: int = 1) -> list[asyncio.Task[None]]:
    reconcilers = {"Plugin": reconcile}
    return [asyncio.create_task(work(queue, reconcilers, lambda *_: None)) for _ in range(size)]


def test_an_object_that_always_fails_never_delays_another() -> None:
    done: list[Key] = []

    async def reconcile(key: Key) -> Result:
        if key == POISON:
            raise ValueError("defect")
        done.append(key)
        return Result()

    async def story() -> None:
        queue = Queue()
        crew = _crew(queue, reconcile)
        queue.add(POISON)
        for _ in range(50):
            queue.add(GOOD)
            await asyncio.sleep(1)
        assert len(done) == 50
        assert not crew[0].done()
        crew[0].cancel()

    virtually(story())


def test_a_key_of_an_unknown_kind_does_not_end_the_worker() -> None:
    async def story() -> None:
        done: list[Key] = []

        async def reconcile(key: Key) -> Result:
            done.append(key)
            return Result()

        queue = Queue()
        crew = _crew(queue, reconcile)
        queue.add(Key("Stranger", "ns", "x"))
        queue.add(GOOD)
        await asyncio.sleep(5)
        assert done == [GOOD]
        crew[0].cancel()

    virtually(story())


def test_a_reconcile_that_hangs_holds_one_worker_and_no_other() -> None:
    async def story() -> None:
        done: list[Key] = []

        async def reconcile(key: Key) -> Result:
            if key == POISON:
                await asyncio.sleep(1e6)
            done.append(key)
            return Result()

        queue = Queue()
        crew = _crew(queue, reconcile, size=2)
        queue.add(POISON)
        queue.add(GOOD)
        await settle()
        assert done == [GOOD]
        for task in crew:
            task.cancel()

    virtually(story())


def test_a_success_ends_the_back_off() -> None:
    async def story() -> list[float]:
        times: list[float] = []

        async def reconcile(key: Key) -> Result:
            times.append(now())
            if len(times) in (4, 6):
                return Result(requeue_after=0.0) if len(times) == 4 else Result()
            raise Unavailable("down")

        queue = Queue(base=1)
        crew = _crew(queue, reconcile)
        queue.add(GOOD)
        await asyncio.sleep(100)
        crew[0].cancel()
        return times

    times = virtually(story())
    assert times[3] - times[2] >= 3.2  # third failure in a row
    assert times[5] - times[4] <= 1.2  # the first one after a success


def test_a_cancelled_worker_hands_its_key_back() -> None:
    async def story() -> None:
        async def reconcile(_: Key) -> Result:
            await asyncio.sleep(1e6)
            return Result()

        queue = Queue()
        crew = _crew(queue, reconcile)
        queue.add(GOOD)
        await settle()
        assert queue.processing == 1
        crew[0].cancel()
        await settle()
        assert queue.processing == 0

    virtually(story())


def test_logs_of_a_reconcile_can_name_its_key_and_logs_after_it_cannot(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async def reconcile(key: Key) -> Result:
            within = scope.current.get()
            assert within is not None
            assert within.key == key
            raise ValueError("defect")

        queue = Queue()
        crew = _crew(queue, reconcile)
        queue.add(GOOD)
        await settle()
        crew[0].cancel()

    with caplog.at_level(logging.ERROR):
        virtually(story())
    assert "Plugin/ns/good met a defect" in caplog.text
    assert scope.current.get() is None


def test_a_resync_asks_for_every_key_again_and_again_at_the_lowest_priority() -> None:
    async def story() -> None:
        queue = Queue()
        task = asyncio.create_task(resync(queue, lambda: [GOOD, POISON], 60.0))
        await asyncio.sleep(59)
        assert len(queue) == 0
        await asyncio.sleep(2)
        queue.add(Key("Plugin", "ns", "asked"), Priority.CHILD)
        assert (await queue.get()).name == "asked"
        assert {await queue.get(), await queue.get()} == {GOOD, POISON}
        for key in (GOOD, POISON):
            queue.done(key)
        await asyncio.sleep(60)
        assert len(queue) == 2
        task.cancel()

    virtually(story())
