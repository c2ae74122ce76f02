"""The stories that only read. Called by `commands_look` through `session.perform`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from greffon.cli import show_diff, show_history, show_list, show_plugin
from greffon.cli.choose import name as checked
from greffon.cli.choose import revision
from greffon.cli.document import as_list, bare, to_json, to_yaml
from greffon.cli.problems import FOUND, Problem, explain, no_such
from greffon.cli.session import Session
from greffon.cli.text import Line, Span, line
from greffon.cli.views import Plugin, Revision, revisions_of, runs_of
from greffon.errors import Forbidden, NotFound
from greffon.kube.kinds import PLUGIN, PLUGIN_REVISION, PLUGIN_RUN, Resource

Json = dict[str, Any]


async def plugin_of(s: Session, name: str) -> Plugin:
    """The plug-in of that name. Raises Problem with names that are close when there is none."""
    try:
        return Plugin(await s.door.get(PLUGIN, s.place.namespace, checked(name, "plug-in")))
    except NotFound as error:
        # The same code stands for an unknown kind: then the list fails as well, and says so.
        known = [obj["metadata"]["name"] for obj in await s.door.all(PLUGIN, s.place.namespace)]
        raise Problem(no_such("plug-in", name, known, s.place)) from error


async def revisions(s: Session, plugin: str) -> list[Revision]:
    """The revisions of a plug-in, newest first."""
    return revisions_of(plugin, await s.door.all(PLUGIN_REVISION, s.place.namespace))


async def list_plugins(s: Session, form: str, *, everywhere: bool) -> int:
    """`greffon list`."""
    bodies = await s.door.all(PLUGIN, None if everywhere else s.place.namespace)
    if _documents(s, form, PLUGIN, bodies):
        return 0
    if not bodies:
        where = "any namespace" if everywhere else f"namespace {s.place.namespace} (-A looks everywhere)"
        s.console.say(f"no plug-ins in {where}")
        return 0
    found = [Plugin(body) for body in bodies]
    s.console.show(show_list.plugins(found, s.now(), wide=form == "wide", namespaces=everywhere))
    return 0


async def get(s: Session, name: str, form: str) -> int:
    """`greffon get`."""
    plugin = await plugin_of(s, name)
    if form in ("json", "yaml", "name"):
        _document(s, form, PLUGIN, bare(plugin.body))
    elif form == "wide":
        s.console.show(show_list.plugins([plugin], s.now(), wide=True, namespaces=False))
    else:
        s.console.show(show_plugin.page(plugin, await _revisions_if_allowed(s, name), s.now()))
    return 0


async def _revisions_if_allowed(s: Session, plugin: str) -> list[Revision]:
    """Who may only run plug-ins sees the rest of the page all the same."""
    try:
        return await revisions(s, plugin)
    except Forbidden as error:
        s.console.say(Span("note: ", "warn"), explain(error, s.place))
        return []


async def history(s: Session, name: str, form: str) -> int:
    """`greffon history`."""
    plugin = await plugin_of(s, name)
    found = await revisions(s, name)
    if form in ("json", "yaml"):
        told = {
            "history": plugin.history,
            "quarantined": plugin.quarantined,
            "revisions": [bare(r.body) for r in found],
        }
        s.console.document(to_json(told) if form == "json" else to_yaml(told))
    elif form == "name":
        s.console.show([_reference(PLUGIN_REVISION, one.name) for one in found])
    else:
        s.console.show(show_history.page(plugin, found, s.now()))
    return 0


async def diff(s: Session, name: str, words: Sequence[str]) -> int:
    """`greffon diff`; 1 when the revisions differ, as diff itself."""
    await plugin_of(s, name)
    found = await revisions(s, name)
    old, new = (revision(name, word, found) for word in words)
    lines = show_diff.page(old, new)
    s.console.show(lines)
    if not lines:
        s.console.say(f"{old.name} and {new.name} do not differ")
    return FOUND if lines else 0


async def runs(s: Session, name: str, form: str) -> int:
    """`greffon runs`."""
    await plugin_of(s, name)
    bodies = runs_of(name, await s.door.all(PLUGIN_RUN, s.place.namespace))
    if _documents(s, form, PLUGIN_RUN, bodies):
        return 0
    if not bodies:
        s.console.say(f"{name} has no PluginRun in namespace {s.place.namespace}; `greffon run {name}` makes one")
        return 0
    s.console.show(show_list.runs(name, bodies, s.now(), wide=form == "wide"))
    return 0


def _documents(s: Session, form: str, kind: Resource, bodies: list[Json]) -> bool:
    """Print objects in a form for programs; False when that is not what is wanted."""
    if form == "name":
        s.console.show([_reference(kind, body["metadata"]["name"]) for body in bodies])
    elif form in ("json", "yaml"):
        _document(s, form, kind, as_list(bare(body) for body in bodies))
    else:
        return False
    return True


def _document(s: Session, form: str, kind: Resource, body: Json) -> None:
    if form == "name":
        s.console.show([_reference(kind, body["metadata"]["name"])])
    else:
        s.console.document(to_json(body) if form == "json" else to_yaml(body))


def _reference(kind: Resource, name: str) -> Line:
    """As `kubectl get -o name` writes it."""
    return line(f"{kind.kind.lower()}.greffon.dev/{name}")
