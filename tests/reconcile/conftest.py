"""Every asynchronous test of this folder runs on a virtual clock, in a world of its own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from tests.reconcile.loop import VirtualLoop
from tests.reconcile.world import World


def pytest_asyncio_loop_factories(config: Any, item: Any) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The clock of these tests jumps."""
    return {"virtual": VirtualLoop}


@pytest.fixture(autouse=True)
def _same_luck() -> None:
    """Jitter is the same in every run."""
    random.seed(20300101)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """API server, cluster and a running operator."""
    async with World.open() as made:
        yield made
