"""The work queue against a simple model: whatever happens, in whatever order, both agree and no key is lost."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from greffon.engine.queue import Key, Priority, Queue
from tests.unit.engine.test_queue import take
from tests.unit.engine.virtual_time import VirtualLoop

KEYS = st.sampled_from([Key("Plugin", ns, name) for ns in ("one", "two", "three") for name in ("a", "b")])
PRIORITIES = st.sampled_from(list(Priority))


@dataclass
class Model:
    """What a queue owes: wanted keys with their priority, keys in work, and keys wanted later."""

    now: float = 0.0
    wanted: dict[Key, Priority] = field(default_factory=dict)
    working: set[Key] = field(default_factory=set)
    later: dict[Key, tuple[float, Priority]] = field(default_factory=dict)

    def add(self, key: Key, priority: Priority) -> None:
        self.later.pop(key, None)
        self.wanted[key] = min(self.wanted.get(key, priority), priority)

    def add_after(self, key: Key, delay: float, priority: Priority) -> None:
        if key not in self.later or self.later[key][0] > self.now + delay:
            self.later[key] = (self.now + delay, priority)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for key, (due, priority) in list(self.later.items()):
            if due <= self.now:
                self.add(key, priority)

    @property
    def free(self) -> dict[Key, Priority]:
        return {key: priority for key, priority in self.wanted.items() if key not in self.working}


class QueueMachine(RuleBasedStateMachine):
    """Every operation on both, with all that must hold in between."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.queue = Queue(base=0.7, cap=10)
        self.model = Model()

    def teardown(self) -> None:
        """In the end every key that is wanted is handed out, exactly once."""
        try:
            for key in list(self.model.working):
                self.done(key)
            for _ in range(len(self.model.wanted)):
                self.get()
            assert not self.model.wanted
            self.get()
        finally:
            self.runner.close()

    @rule(key=KEYS, priority=PRIORITIES)
    def add(self, key: Key, priority: Priority) -> None:
        self.queue.add(key, priority)
        self.model.add(key, priority)

    @rule(key=KEYS, delay=st.integers(1, 5), priority=PRIORITIES)
    def add_after(self, key: Key, delay: int, priority: Priority) -> None:
        async def inside() -> None:
            self.queue.add_after(key, delay, priority)

        self.runner.run(inside())
        self.model.add_after(key, delay, priority)

    @rule(key=KEYS)
    def retry(self, key: Key) -> None:
        async def inside() -> float:
            return self.queue.retry(key)

        self.model.add_after(key, self.runner.run(inside()), Priority.CHILD)

    @rule(key=KEYS)
    def forget(self, key: Key) -> None:
        self.queue.forget(key)

    @rule(half_seconds=st.integers(0, 12))
    def time_passes(self, half_seconds: int) -> None:
        seconds = half_seconds + 0.5
        self.runner.run(asyncio.sleep(seconds))
        self.model.pass_time(seconds)

    @rule()
    def get(self) -> None:
        free = self.model.free
        key = self.runner.run(take(self.queue))
        assert (key is None) == (not free), f"{key} was handed out, {free} were waiting"
        if key is not None:
            assert key in free, f"{key} was not wanted, or is in work"
            assert free[key] == min(free.values()), f"{key} overtook a more urgent one of {free}"
            del self.model.wanted[key]
            self.model.working.add(key)

    @precondition(lambda self: self.model.working)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        self.done(data.draw(st.sampled_from(sorted(self.model.working))))

    def done(self, key: Key) -> None:
        self.queue.done(key)
        self.model.working.discard(key)

    @invariant()
    def counts_agree(self) -> None:
        assert len(self.queue) == len(self.model.wanted)
        assert self.queue.processing == len(self.model.working)
        assert self.queue.idle == (not self.model.wanted and not self.model.working)


TestQueueAgainstModel = QueueMachine.TestCase
TestQueueAgainstModel.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
