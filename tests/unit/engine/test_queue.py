"""The work queue: a key is worked on once at a time, soon, fairly, and is never lost."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from greffon.engine.queue import Key, Priority, Queue
from tests.unit.engine.virtual_time import now, settle, virtually

A, B, C = (Key("Plugin", "one", name) for name in "abc")
OTHER = Key("Plugin", "two", "a")


async def take(queue: Queue) -> Key | None:
    """The next key, None when a worker would have to wait; the worker that waited is cancelled."""
    worker = asyncio.ensure_future(queue.get())
    await settle()
    if worker.done():
        return worker.result()
    worker.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await worker
    return None


async def take_all(queue: Queue) -> list[Key]:
    """Keys in the order in which one worker gets them, each handed back at once."""
    taken = []
    while (key := await take(queue)) is not None:
        taken.append(key)
        queue.done(key)
    return taken


Step = Callable[[Queue], None]
ORDERS: dict[str, tuple[list[Step], list[Key]]] = {
    "keys come in the order in which they were added": ([lambda q: q.add(B), lambda q: q.add(A)], [B, A]),
    "a key added three times comes once": ([lambda q: q.add(A), lambda q: q.add(A), lambda q: q.add(A)], [A]),
    "a user's wish goes before a child's, a child's before a resync": (
        [lambda q: q.add(A, Priority.RESYNC), lambda q: q.add(B, Priority.CHILD), lambda q: q.add(C, Priority.USER)],
        [C, B, A],
    ),
    "a key that waits as a resync moves up when its user asks": (
        [lambda q: q.add(A, Priority.RESYNC), lambda q: q.add(B, Priority.RESYNC), lambda q: q.add(B, Priority.USER)],
        [B, A],
    ),
    "a key that waits for its user does not move down for a resync": (
        [lambda q: q.add(A, Priority.USER), lambda q: q.add(A, Priority.RESYNC), lambda q: q.add(B, Priority.CHILD)],
        [A, B],
    ),
    "namespaces take turns, however many keys one of them has": (
        [lambda q: q.add(A), lambda q: q.add(B), lambda q: q.add(C), lambda q: q.add(OTHER)],
        [A, OTHER, B, C],
    ),
}


@pytest.mark.parametrize(("steps", "expected"), ORDERS.values(), ids=ORDERS)
def test_order(steps: list[Step], expected: list[Key]) -> None:
    async def story() -> list[Key]:
        queue = Queue()
        for step in steps:
            step(queue)
        return await take_all(queue)

    assert virtually(story()) == expected


def test_a_namespace_with_a_thousand_keys_makes_another_wait_for_one_key_only() -> None:
    async def story() -> list[Key]:
        queue = Queue()
        for number in range(1000):
            queue.add(Key("Plugin", "busy", str(number)))
        queue.add(OTHER)
        return await take_all(queue)

    assert virtually(story()).index(OTHER) == 1


def test_a_key_in_work_is_not_handed_to_a_second_worker() -> None:
    async def story() -> None:
        queue = Queue()
        queue.add(A)
        assert await take(queue) == A
        queue.add(A)
        assert await take(queue) is None
        assert (len(queue), queue.processing, queue.idle) == (1, 1, False)

    virtually(story())


def test_a_key_added_while_in_work_comes_again_once() -> None:
    async def story() -> None:
        queue = Queue()
        queue.add(A)
        await take(queue)
        queue.add(A)
        queue.add(A)
        queue.done(A)
        assert await take_all(queue) == [A]
        assert queue.idle

    virtually(story())


def test_a_key_added_in_work_keeps_the_best_of_its_priorities() -> None:
    async def story() -> None:
        queue = Queue()
        queue.add(A)
        await take(queue)
        queue.add(B, Priority.CHILD)
        queue.add(A, Priority.RESYNC)
        queue.add(A, Priority.USER)
        queue.done(A)
        assert await take_all(queue) == [A, B]

    virtually(story())


def test_a_waiting_worker_gets_a_key_as_soon_as_it_is_added() -> None:
    async def story() -> None:
        queue = Queue()
        worker = asyncio.ensure_future(queue.get())
        await settle()
        queue.add(A)
        await settle()
        assert worker.result() == A
        assert now() == 0.0

    virtually(story())


def test_two_waiting_workers_get_two_keys() -> None:
    async def story() -> None:
        queue = Queue()
        workers = [asyncio.ensure_future(queue.get()) for _ in range(3)]
        await settle()
        queue.add(A)
        queue.add(B)
        await settle()
        assert {w.result() for w in workers if w.done()} == {A, B}
        workers[2].cancel()

    virtually(story())


def test_a_worker_cancelled_after_its_wake_up_passes_it_on() -> None:
    async def story() -> None:
        queue = Queue()
        doomed, other = (asyncio.ensure_future(queue.get()) for _ in range(2))
        await settle()
        queue.add(A)  # wakes the first, which is cancelled before it can run
        doomed.cancel()
        await settle()
        assert other.result() == A

    virtually(story())


def test_a_worker_cancelled_after_its_wake_up_leaves_the_key_for_the_next_one() -> None:
    async def story() -> None:
        queue = Queue()
        doomed = asyncio.ensure_future(queue.get())
        await settle()
        queue.add(A)
        doomed.cancel()
        await settle()
        assert await take(queue) == A

    virtually(story())
