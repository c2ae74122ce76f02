"""The stories that ask for something: write a wish, wait until the operator has answered, tell its answer.

Called by `commands_ask` through `session.perform`.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from greffon.cli import ask
from greffon.cli.ask import Ask
from greffon.cli.choose import rollback_target
from greffon.cli.problems import FOUND, Problem
from greffon.cli.session import Session
from greffon.cli.show_list import ready
from greffon.cli.story_look import plugin_of, revisions
from greffon.cli.text import Span
from greffon.cli.views import Plugin
from greffon.kube.kinds import PLUGIN


@dataclass(frozen=True, slots=True)
class Patience:
    """Whether to wait for the answer, and how long."""

    wait: bool = True
    seconds: float = 60.0


async def verb(s: Session, name: str, word: str, patience: Patience) -> int:
    """restart, reset, reconcile: a token nobody has used."""
    plugin = await plugin_of(s, name)
    return await _ask(s, plugin, Ask(word, ask.token(s.now(), secrets.token_hex(4))), patience)


async def suspend(s: Session, name: str, patience: Patience, *, suspended: bool) -> int:
    """suspend, resume: a change of the spec, which is the user's own."""
    plugin = await plugin_of(s, name)
    if who := ask.keeper(plugin):
        s.console.say(Span("note: ", "warn"), f"{who} keeps the spec of {name} and may set spec.suspend back")
    return await _ask(s, plugin, Ask("", suspended=suspended), patience)


async def rollback(s: Session, name: str, wish: str, patience: Patience) -> int:
    """rollback: run an older revision, until the spec asks for another one or it is undone."""
    plugin = await plugin_of(s, name)
    target = rollback_target(plugin, await revisions(s, name), wish)
    s.console.say(f"{name}: asking for revision r{target.number} ({target.version})")
    made = Ask("rollback-to", target.name)
    if first := ask.first_withdraw(plugin, made):
        # The operator acts on a token once; it must see the old request gone before the same one counts as new.
        plugin = await _answered(s, plugin, first, patience.seconds)
    return await _ask(s, plugin, made, patience)


async def undo(s: Session, name: str, patience: Patience) -> int:
    """rollback --undo: withdraw the request."""
    return await _ask(s, await plugin_of(s, name), Ask("rollback-to"), patience)


async def _ask(s: Session, plugin: Plugin, wish: Ask, patience: Patience) -> int:
    """Write the wish, wait, tell. 1 when it is refused."""
    if ask.is_done_already(plugin, wish):
        s.console.say(f"{plugin.name}: it is so already; nothing was written")
        return 0
    if not patience.wait:
        await _write(s, plugin, wish)
        s.console.say(f"{plugin.name}: asked for; `greffon get {plugin.name} -n {plugin.namespace}` shows the answer")
        return 0
    seen = await _answered(s, plugin, wish, patience.seconds)
    if why := ask.refusal(seen, wish):
        raise Problem(f"the operator refuses: {why}", code=FOUND)
    _tell(s, seen)
    return 0


async def _write(s: Session, plugin: Plugin, wish: Ask) -> Plugin:
    return Plugin(await s.door.merge(PLUGIN, s.place.namespace, plugin.name, wish.patch()))


async def _answered(s: Session, plugin: Plugin, wish: Ask, within: float) -> Plugin:
    """Write it, and follow the plug-in until it was handled. Raises Problem when that takes too long."""
    last = await _write(s, plugin, wish)
    s.console.note(f"asked for; waiting up to {within:g} s for the operator")
    generation = last.generation
    try:
        async with asyncio.timeout(within):
            async for body in s.door.follow(PLUGIN, s.place.namespace, plugin.name):
                if not body:
                    raise Problem(f"plug-in {plugin.name} was deleted meanwhile", code=FOUND)
                last = Plugin(body)
                if wish.is_answered(last, generation):
                    return last
    except TimeoutError:
        pass
    raise Problem(ask.silence(last, within), code=FOUND)


def _tell(s: Session, plugin: Plugin) -> None:
    """How it is now, in one line on stdout."""
    found = plugin.condition("Ready")
    runs = plugin.revision("active") or "nothing"
    parts = (
        Span(plugin.name, "strong"),
        ": handled; runs ",
        runs,
        "; Ready ",
        ready(plugin),
        f" {found.get('reason', '')}",
    )
    told = f": {found['message']}" if found.get("message") else ""
    s.console.show([tuple(part if isinstance(part, Span) else Span(part) for part in (*parts, told))])
