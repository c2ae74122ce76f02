"""`/metrics`, `/healthz` and `/readyz` over a real socket: what a kubelet and a Prometheus see."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

from greffon.engine.health import Health
from greffon.observe.http import serve
from greffon.observe.metrics import Metrics


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def served(health: Health) -> AsyncIterator[str]:
    """The address of a server for this health."""
    runner = await serve(health, Metrics().registry, 0)
    try:
        # With port 0 each address family gets a number of its own; those of IPv4 are pairs.
        port = next(place[1] for place in runner.addresses if len(place) == 2)
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def fetched(address: str) -> tuple[int, str]:
    """Status and text."""
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return answer.status, await answer.text()


def _as_it_starts(_: Health, __: Clock) -> None:
    pass


def _filled(health: Health, _: Clock) -> None:
    health.synced()


def _watch_is_dead(health: Health, clock: Clock) -> None:
    health.synced()
    clock.now = 1000.0


SITUATIONS: dict[str, tuple[Callable[[Health, Clock], None], str, int, str]] = {
    "alive as it starts": (_as_it_starts, "/healthz", 200, "ok"),
    "not ready as it starts": (_as_it_starts, "/readyz", 503, "caches are not filled yet"),
    "ready once the caches are filled": (_filled, "/readyz", 200, "ok"),
    "not alive when a watch is dead": (_watch_is_dead, "/healthz", 503, "watch of Pod: no sign of life"),
    "metrics as Prometheus reads them": (_filled, "/metrics", 200, "process_cpu_seconds_total"),
    "nothing else": (_filled, "/debug", 404, "404"),
}


@pytest.mark.parametrize(("prepare", "path", "status", "text"), SITUATIONS.values(), ids=SITUATIONS)
async def test_endpoints(prepare: Callable[[Health, Clock], None], path: str, status: int, text: str) -> None:
    clock = Clock()
    health = Health({"Pod": 100.0}, clock=clock)
    prepare(health, clock)
    async with served(health) as address:
        found, body = await fetched(address + path)
    assert found == status
    assert text in body
