"""`greffon run`: create a PluginRun, show its log while it works, print its result. Called by `commands_run`."""

from __future__ import annotations

import asyncio
from typing import Any

from greffon.cli import result
from greffon.cli.document import to_json
from greffon.cli.problems import ENVIRONMENT, FOUND, Problem, api_error, explain
from greffon.cli.result import Result
from greffon.cli.session import Session
from greffon.cli.story_ask import Patience
from greffon.cli.story_logs import Follower
from greffon.cli.story_look import plugin_of
from greffon.errors import Unavailable
from greffon.kube.kinds import PLUGIN_RUN
from greffon.model import keys

Json = dict[str, Any]
DRAIN_SECONDS = 3.0
"""How long the log may lag behind the status."""


async def run(s: Session, name: str, event: Json | None, patience: Patience) -> int:
    """Run once. Gives the exit code of the plug-in."""
    plugin = await plugin_of(s, name)
    if plugin.mode != "Job":
        raise Problem(
            f"{name} is not of mode Job ({plugin.mode or 'it has no pods'}): it cannot be run once", code=FOUND
        )
    made = await _create(s, name, event)
    if not patience.wait:
        s.console.document(f"{made}\n")
        return 0
    s.console.say(f"run {made} is asked for")
    ended = await _ended(s, made, patience.seconds)
    if ended.output is not None:
        s.console.document(to_json(ended.output, indent=None))
    s.console.say(f"run {made}: {ended.told}")
    return ended.code


async def _create(s: Session, name: str, event: Json | None) -> str:
    try:
        made = await s.door.create_once(result.wanted(name, s.place.namespace, event))
    except Unavailable as error:
        raise Problem(
            f"{explain(error, s.place)}; the run may have been made all the same: `greffon runs {name}` shows it",
            code=ENVIRONMENT,
        ) from error
    return str(made["metadata"]["name"])


async def _ended(s: Session, run_name: str, within: float) -> Result:
    """Follow the run to its end, and its log beside it."""
    follower = Follower(s, result=False)
    log = asyncio.create_task(follower.follow(f"{keys.LABEL_RUN}={run_name}"))
    try:
        async with asyncio.timeout(within or None):
            found = await _outcome(s, run_name)
        if found.had_pod:
            await _drained(follower, log)
    except TimeoutError:
        hint = f"`greffon runs {run_name.rpartition('-')[0]} -n {s.place.namespace}` shows its end"
        raise Problem(f"run {run_name} has not ended within {within:g} s; it goes on; {hint}", code=FOUND) from None
    finally:
        log.cancel()
        await asyncio.gather(log, return_exceptions=True)
    if not follower.lines:
        _show_tail(s, log, found.tail)
    return found


async def _outcome(s: Session, run_name: str) -> Result:
    async for body in s.door.follow(PLUGIN_RUN, s.place.namespace, run_name):
        if not body:
            raise Problem(f"run {run_name} was deleted before it ended", code=FOUND)
        if found := result.read(body):
            return found
    raise AssertionError("unreachable: follow never ends")


async def _drained(follower: Follower, log: asyncio.Task[None]) -> None:
    """Wait until the log has been shown, its reading has failed, or it takes too long."""
    quiet = asyncio.create_task(follower.quiet())
    await asyncio.wait({quiet, log}, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    quiet.cancel()


def _show_tail(s: Session, log: asyncio.Task[None], tail: str) -> None:
    """The last lines from the status, when the log itself could not be read."""
    error = None if log.cancelled() else api_error(log.exception())
    if not tail and not error:
        return  # it said nothing
    why = f" ({explain(error, s.place)})" if error else ""
    s.console.say(f"the log could not be followed{why}" + ("; its last lines:" if tail else ""))
    for line in tail.splitlines():
        s.console.log("", line.encode(), result=False)
