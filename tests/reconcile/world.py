"""A world for one test: API server, simulated cluster, users, and an operator that can be killed and started again.

    async with World.open() as world:
        world.user.create(samples.simple("a"))
        await world.settle()

Time is virtual (`loop`); `settle` waits until nothing changes any more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest import mock

from greffon.app import Operator
from greffon.reconcile.report import Reporter
from greffon.settings import Registries, Settings
from tests.reconcile.events import KopfLike
from tests.reconcile.fake.cluster import Cluster
from tests.reconcile.fake.registry import Registry
from tests.reconcile.fake.server import Server
from tests.reconcile.loop import cancel, here
from tests.reconcile.user import User

NAMESPACE = "team-a"
QUIET_SECONDS = 30.0
"""Longer than the grace of a status and than the first retries."""
STEP_SECONDS = 0.01
LIMIT_SECONDS = 4 * 3600.0
LIMIT_CHANGES = 1500
STRIDE_SECONDS = 5.0
SETTINGS = Settings(
    runner_images={"Python": "runner-python:1", "Bash": "runner-bash:1"},
    registries=Registries(node_only=("docker.io",)),  # short names keep their tags, which makes tests readable
    workers=4,
    http_port=0,
)


class World:
    """Everything a test may look at or break."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self.loop = here()
        self.settings = settings
        self.server = Server(self.loop.now)
        self.store, self.log = self.server.store, self.server.log
        self.cluster = Cluster(self.server)
        self.server.writer.namespaces = {NAMESPACE: "Active", "team-b": "Active", "default": "Active"}
        self.server.faults.crash = self.kill_soon
        self.user = User(self.server, NAMESPACE)
        self.registry = Registry()
        self.operators: list[Operator] = []
        self.defects: list[logging.LogRecord] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._stops: list[asyncio.Event] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings = SETTINGS, *, started: bool = True) -> AsyncIterator[World]:
        """A world with a running operator; in the end the operator must have met no defect."""
        world = cls(settings)
        with _defects_of(world), mock.patch("greffon.app.http.serve", _no_server):
            try:
                if started:
                    await world.start()
                yield world
                world.check()
            finally:
                await cancel(world._tasks)

    @property
    def operator(self) -> Operator:
        """The newest operator."""
        return self.operators[-1]

    async def start(self) -> None:
        """Start an operator upon the same store, and wait until it works or has died."""

        def reporter(*args: object, **options: object) -> Reporter:
            return Reporter(*args, clock=self.loop.time, **options)  # type: ignore[arg-type]

        name = f"operator-{len(self.operators)}"
        with mock.patch("greffon.app.Reporter", reporter):
            made = Operator(
                self.settings,
                self.server.client("operator"),
                instance=name,
                events=KopfLike(self.server, self.settings.namespaces),
                registry=self.registry,
                now=self.loop.now,
            )
        self.operators.append(made)
        self._stops.append(asyncio.Event())
        self._tasks.append(asyncio.create_task(made.run(self._stops[-1]), name=name))
        while not (made.health.ready or self.dead):  # noqa: ASYNC110 - virtual time, and health has nothing to await
            await asyncio.sleep(STEP_SECONDS)

    def kill_soon(self) -> None:
        """The process dies: nothing it waits for comes back."""
        self._tasks[-1].cancel()

    async def kill(self) -> None:
        """Kill the newest operator and wait until it is dead."""
        await cancel([self._tasks[-1]])

    async def restart(self) -> None:
        """Kill the newest operator and start another one."""
        await self.kill()
        await self.start()

    async def stop(self) -> None:
        """Ask the newest operator to end in order."""
        self._stops[-1].set()
        await self._tasks[-1]

    @property
    def dead(self) -> bool:
        """The newest operator has ended, for whatever reason."""
        return self._tasks[-1].done()

    def forgive(self) -> None:
        """What ended operators by itself so far was expected."""
        self._tasks = [task for task in self._tasks if not task.done()]

    def check(self) -> None:
        """No operator has met a defect or ended by itself."""
        assert not self.defects, self.defects[0].getMessage() + "\n" + str(self.defects[0].exc_info)
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error

    async def settle(self, quiet: float = QUIET_SECONDS) -> None:
        """Wait until nothing has changed for `quiet` virtual seconds and no key is being worked on."""
        begin, changes = self.loop.time(), len(self.store.changes)
        while self.loop.time() - begin < LIMIT_SECONDS and len(self.store.changes) - changes < LIMIT_CHANGES:
            last = self.store.changes[-1].at if self.store.changes else 0.0
            rest = max(last, begin) + quiet - self.loop.time()
            if rest <= 0 and (self.dead or self.operator.queue.idle):
                return
            await asyncio.sleep(min(max(rest, STEP_SECONDS), STRIDE_SECONDS))
        raise AssertionError("the world does not come to rest:\n" + self.log.show(self.log.writes()[-20:]))


class _Handler(logging.Handler):
    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        self._world.defects.append(record)


class _defects_of:  # noqa: N801 - used as a function
    """Collect what the operator logs as an error: a reconcile that met a defect, an event that cannot be read."""

    def __init__(self, world: World) -> None:
        self._handler, self._logger = _Handler(world), logging.getLogger("greffon")

    def __enter__(self) -> None:
        self._level = self._logger.level
        self._logger.setLevel(logging.ERROR)
        self._logger.addHandler(self._handler)

    def __exit__(self, *_: object) -> None:
        self._logger.setLevel(self._level)
        self._logger.removeHandler(self._handler)


class _NoServer:
    async def cleanup(self) -> None:
        """Nothing was opened."""


async def _no_server(*_: object) -> _NoServer:
    """In place of the HTTP server, which would wait for a real socket."""
    return _NoServer()
