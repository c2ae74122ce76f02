"""What happened to a plug-in, and which revisions are kept. Pure; called by `show_plugin` and `story_look`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from greffon.cli.text import Line, Span, age, line, table
from greffon.cli.views import Json, Plugin, Revision

_ACTION_STYLE = {"Activated": "good", "RolledBack": "bad", "Quarantined": "bad", "ManualRollback": "warn"}
_STATE_STYLE = {"Active": "good", "Quarantined": "bad", "Superseded": "dim"}


def page(plugin: Plugin, revisions: list[Revision], now: datetime) -> list[Line]:
    """`greffon history`: the whole of both."""
    told = happened(plugin, now) or [line("  nothing is recorded yet")]
    lines = [line(Span("What happened", "strong")), *told]
    if revisions:
        lines += [(), line(Span("Revisions", "strong")), *kept(plugin, revisions, now)]
    if held := quarantine(plugin, revisions, now):
        lines += [(), line(Span("Quarantine", "strong")), *held]
    return lines


def happened(plugin: Plugin, now: datetime, limit: int | None = None) -> list[Line]:
    """`status.history`, latest first; with who caused it, where that is known."""
    entries = plugin.history[:limit]
    known = any(entry.get("by") for entry in entries)
    titles = ["AGO", "REVISION", "VERSION", "ACTION", *(["BY"] if known else []), "CAUSE"]
    return table(titles, [_event(entry, now, with_name=known) for entry in entries], "  ") if entries else []


def _event(entry: Json, now: datetime, *, with_name: bool) -> list[str | Span]:
    action = str(entry.get("action") or "")
    return [
        age(entry.get("time"), now),
        f"r{entry.get('revision', '?')}",
        str(entry.get("version") or ""),
        Span(action, _ACTION_STYLE.get(action, "")),
        *([str(entry.get("by") or "")] if with_name else []),
        str(entry.get("cause") or ""),
    ]


def kept(plugin: Plugin, revisions: list[Revision], now: datetime) -> list[Line]:
    """Every PluginRevision, newest first, with the part it plays."""
    rows: list[list[str | Span]] = [
        [
            one.name,
            one.version,
            Span(one.state, _STATE_STYLE.get(one.state, "")),
            age(one.made, now),
            _roles(plugin, one.name),
            one.image,
        ]
        for one in revisions
    ]
    return table(["NAME", "VERSION", "STATE", "AGE", "PART", "IMAGE"], rows, "  ")


def quarantine(plugin: Plugin, revisions: list[Revision], now: datetime) -> list[Line]:
    """Each revision that is not tried again, why, what was new in it, and its last words."""
    return [row for entry in plugin.quarantined for row in _held(entry, revisions, now)]


def _held(entry: dict[str, object], revisions: list[Revision], now: datetime) -> Iterator[Line]:
    name, cause = str(entry.get("revision") or ""), str(entry.get("cause") or "")
    since = age(str(entry.get("time") or ""), now)
    yield line("  ", Span(name, "bad"), f"  {cause}  {since} ago")
    if entry.get("message"):
        yield line(f"    {entry['message']}")
    bundle = next((one for one in revisions if one.name == name), None)
    if bundle and bundle.changes:
        yield line(Span("    changed: ", "dim"), ", ".join(bundle.changes))
    for said in bundle.last_words.splitlines() if bundle else ():
        yield line(Span("    | ", "dim"), said)


def _roles(plugin: Plugin, name: str) -> str:
    words = {"active": "runs", "desired": "asked for", "lastGood": "last good", "pinned": "pinned"}
    return ", ".join(word for role, word in words.items() if plugin.revision(role) == name)
