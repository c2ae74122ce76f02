"""From a command to its story and back to an exit code: the one place that connects and that shows problems.

Called by every command that needs the cluster.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from greffon.cli.choose import name
from greffon.cli.connect import connect
from greffon.cli.console import Console
from greffon.cli.door import Door
from greffon.cli.problems import ENVIRONMENT, Place, Problem, api_error, explain
from greffon.cli.text import Span
from greffon.errors import ApiError

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Target:
    """Where a command is to work, as it was said on the command line; "" for what was not said."""

    namespace: str = ""
    context: str = ""
    kubeconfig: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """What a story works with."""

    door: Door
    place: Place
    console: Console
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


Story = Callable[[Session], Awaitable[int]]


def perform(target: Target, story: Story) -> int:
    """Connect, tell the story, disconnect; gives the exit code, and a sentence instead of a traceback."""
    console = Console()
    try:
        return asyncio.run(_perform(target, story, console))
    except KeyboardInterrupt:
        console.say("interrupted; what was asked for on the cluster goes on")
        return INTERRUPTED
    except BrokenPipeError:  # `greffon list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


async def _perform(target: Target, story: Story, console: Console) -> int:
    try:
        if target.namespace:
            name(target.namespace, "namespace")
        wire, place = await connect(target.kubeconfig, target.context, target.namespace)
    except Problem as problem:
        return _tell(console, str(problem), problem.code)
    try:
        return await tell(story, Session(Door(wire), place, console))
    finally:
        await wire.close()


async def tell(story: Story, session: Session) -> int:
    """A story, with its problems shown on stderr."""
    try:
        return await story(session)
    except Problem as problem:
        return _tell(session.console, str(problem), problem.code)
    except (ApiError, ExceptionGroup) as raised:  # a group comes of the tasks that follow logs
        error = api_error(raised)
        if error is None:
            raise
        return _tell(session.console, explain(error, session.place), ENVIRONMENT)


def _tell(console: Console, text: str, code: int) -> int:
    console.say(Span("greffon: ", "bad"), text)
    return code
