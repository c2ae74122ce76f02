"""Asynchronous tests of this folder run on a virtual clock; each has a cluster of its own in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.reconcile.loop import VirtualLoop
from tests.unit.cli.world import World


def pytest_asyncio_loop_factories(config: Any, item: Any) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The clock of these tests jumps: waiting a minute in vain takes no time."""
    return {"virtual": VirtualLoop}


@pytest.fixture
async def world() -> World:
    """An API server, a person at a terminal that is none, and nobody who answers."""
    return World()
