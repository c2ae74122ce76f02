"""The work queue over time: delayed keys, back-off of failed ones, and a stop in order."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from greffon.engine.queue import Key, Priority, Queue
from tests.unit.engine.test_queue import take, take_all
from tests.unit.engine.virtual_time import now, settle, virtually

A = Key("Plugin", "one", "a")
B = Key("Plugin", "one", "b")

Step = Callable[[Queue], object]
WISHES: dict[str, tuple[list[Step], float]] = {
    "a delayed key comes when its time is up": ([lambda q: q.add_after(A, 30)], 30),
    "the earlier of two wishes counts, asked last": ([lambda q: q.add_after(A, 30), lambda q: q.add_after(A, 5)], 5),
    "the earlier of two wishes counts, asked first": ([lambda q: q.add_after(A, 5), lambda q: q.add_after(A, 30)], 5),
    "a wish without delay overtakes a delayed one": ([lambda q: q.add_after(A, 30), lambda q: q.add(A)], 0),
    "a success does not take a wish back": ([lambda q: q.add_after(A, 30), lambda q: q.forget(A)], 30),
}


@pytest.mark.parametrize(("steps", "seconds"), WISHES.values(), ids=WISHES)
def test_delayed_keys(steps: list[Step], seconds: float) -> None:
    async def story() -> tuple[Key, float]:
        queue = Queue()
        for step in steps:
            step(queue)
        return await queue.get(), now()

    key, at = virtually(story())
    assert key == A
    assert at == pytest.approx(seconds)


def test_a_key_wished_twice_comes_once() -> None:
    async def story() -> None:
        queue = Queue()
        queue.add_after(A, 10)
        queue.add(A)
        queue.add_after(A, 20)
        queue.add_after(A, 10)
        assert await take_all(queue) == [A]
        await asyncio.sleep(100)
        assert await take_all(queue) == [A]
        await asyncio.sleep(100)
        assert await take_all(queue) == []

    virtually(story())


def test_wishes_without_delay_on_the_loop_that_the_operator_runs_on() -> None:
    async def story() -> list[Key]:
        queue, found = Queue(), []
        for delay in (0.0, 0.0, 0.0002, 5.0, -1.0):
            queue.add_after(A, delay)
        found.append(await queue.get())
        queue.done(A)
        queue.add_after(B, 5.0)
        queue.add_after(B, 0.0)
        found.append(await queue.get())
        queue.close()
        return found

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(asyncio.wait_for(story(), 5)) == [A, B]


def test_a_key_whose_time_comes_while_it_is_in_work_comes_again_afterwards() -> None:
    async def story() -> None:
        queue = Queue()
        queue.add(A)
        await take(queue)
        queue.add_after(A, 1)
        await asyncio.sleep(2)
        assert await take(queue) is None
        queue.done(A)
        assert await take(queue) == A

    virtually(story())


def test_back_off_doubles_to_its_cap_with_a_fifth_of_jitter() -> None:
    async def story() -> list[float]:
        queue = Queue(base=0.5, cap=300)
        return [queue.retry(A) for _ in range(14)]

    delays = virtually(story())
    wanted = [min(0.5 * 2**n, 300) for n in range(14)]
    assert all(want * 0.8 <= got <= want * 1.2 for got, want in zip(delays, wanted, strict=True)), delays


def test_back_off_survives_thousands_of_failures() -> None:
    async def story() -> float:
        queue = Queue(cap=300)
        for _ in range(5000):
            last = queue.retry(A)
        return last

    assert virtually(story()) <= 360


def test_back_off_starts_anew_after_a_success_and_is_one_key_s_own() -> None:
    async def story() -> tuple[float, float]:
        queue = Queue(base=0.5)
        for _ in range(10):
            queue.retry(A)
        neighbour = queue.retry(B)
        queue.forget(A)
        return neighbour, queue.retry(A)

    assert all(0.4 <= delay <= 0.6 for delay in virtually(story()))


def test_a_failed_key_comes_back_after_its_back_off_but_at_once_when_its_user_changes_it() -> None:
    async def story() -> None:
        queue = Queue(base=60)
        delay = queue.retry(A)
        assert await queue.get() == A
        assert now() == pytest.approx(delay)
        queue.done(A)
        queue.retry(A)
        queue.add(A, Priority.USER)
        assert await take(queue) == A

    virtually(story())


def test_a_quiet_queue_hands_out_nothing_and_ends_when_the_last_key_is_done() -> None:
    async def story() -> None:
        queue = Queue()
        queue.add(A)
        queue.add(B)
        held = await take(queue)
        assert held is not None
        waiter = asyncio.ensure_future(queue.get())
        ending = asyncio.ensure_future(queue.quiesce())
        await settle()
        assert waiter.result() == B  # was handed out before the stop
        queue.done(held)
        queue.add(held)
        await settle()
        assert not ending.done()
        queue.done(B)
        await settle()
        assert ending.done()
        assert await take(queue) is None
        assert len(queue) == 1  # still known: the next process finds it as well

    virtually(story())


def test_an_idle_queue_is_quiet_at_once_and_close_drops_the_delayed_keys() -> None:
    async def story() -> None:
        queue = Queue()
        queue.add_after(A, 1)
        await queue.quiesce()
        queue.close()
        await asyncio.sleep(10)
        assert queue.idle

    virtually(story())


def test_observers_hear_of_every_new_key_every_failure_and_every_wait() -> None:
    async def story() -> None:
        added, retried, waits = [], [], list[float]()
        queue = Queue(on_add=lambda: added.append(1), on_retry=lambda: retried.append(1), on_get=waits.append)
        queue.add(A)
        queue.add(A, Priority.RESYNC)
        queue.retry(B)
        await take_all(queue)
        assert (len(added), len(retried), len(waits)) == (1, 1, 1)
        assert waits[0] >= 0

    virtually(story())
