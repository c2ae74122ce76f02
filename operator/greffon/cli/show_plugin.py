"""One plug-in for a tired reader: first what is wrong and what runs instead, then what to do, then the facts.

Pure; called by `story_look`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from greffon.cli.ask import REFUSED
from greffon.cli.show_history import happened, kept, quarantine
from greffon.cli.show_list import outcome, ready
from greffon.cli.text import Line, Span, age, line, table
from greffon.cli.views import Plugin, Revision, short

_VERDICT = {"True": ("READY", "good"), "False": ("NOT READY", "bad")}
_GOOD_WHEN_FALSE = ("Reconciling", "Stalled", "RolledBack")
HISTORY_LINES = 5


def page(plugin: Plugin, revisions: list[Revision], now: datetime) -> list[Line]:
    """Everything, the most urgent first."""
    parts = [
        [_title(plugin, now), *_verdict(plugin)],
        list(_facts(plugin, revisions, now)),
        _titled("What to do", list(_advice(plugin))),
        _titled("Conditions", _conditions(plugin, now)),
        _titled("Quarantine", quarantine(plugin, revisions, now)),
        _titled("Revisions", kept(plugin, revisions, now) if revisions else []),
        _titled("History", _history(plugin, now)),
    ]
    lines: list[Line] = []
    for part in parts:
        if part:
            lines += [*([()] if lines else []), *part]
    return lines


def _title(plugin: Plugin, now: datetime) -> Line:
    what = " ".join(str(plugin.spec.get(key) or "") for key in ("type", "version")).strip()
    where = (
        f"   {what}   namespace {plugin.namespace}   age {age(plugin.body['metadata'].get('creationTimestamp'), now)}"
    )
    return line(Span(plugin.name, "strong"), where)


def _verdict(plugin: Plugin) -> list[Line]:
    """One word, one reason, one message; and who serves in spite of it."""
    word, style = _VERDICT.get(ready(plugin).text, ("NOT KNOWN YET", "warn"))
    condition = plugin.condition("Ready")
    reason = str(condition.get("reason") or "the operator has not looked at it yet")
    lines = [line(Span(word, style), f"  {reason}"), *_indented(str(condition.get("message") or ""))]
    if not plugin.is_current and condition:
        lines.append(line(Span("  The spec is newer than this status: the operator has not looked at it yet.", "warn")))
    if plugin.body["metadata"].get("deletionTimestamp"):
        lines.append(line(Span("  It is being deleted.", "warn")))
    return lines


def _facts(plugin: Plugin, revisions: list[Revision], now: datetime) -> Iterator[Line]:
    for label, spans in _pairs(plugin, revisions, now):
        if any(span.text for span in spans):
            yield line(Span(f"{label:<11}", "dim"), *spans)


def _pairs(plugin: Plugin, revisions: list[Revision], now: datetime) -> Iterator[tuple[str, list[Span]]]:
    active, desired = plugin.revision("active"), plugin.revision("desired")
    yield "Runs", [_named(active, revisions) if active else Span("nothing", "warn"), Span(_replicas(plugin))]
    yield "Asked for", [_named(desired, revisions)] if desired != active else []
    yield (
        "Good before",
        [_named(plugin.revision("lastGood"), revisions)] if plugin.revision("lastGood") != active else [],
    )
    yield "Pinned to", [_named(plugin.revision("pinned"), revisions)]
    yield "Available", [Span(_available(plugin))]
    image = plugin.status.get("image") or {}
    yield "Image", [Span(f"{image.get('ref') or ''} {short(str(image.get('digest') or ''))}".strip())]
    yield "Last run", _last_run(plugin, now)
    yield "Suspended", [Span("yes: spec.suspend is true", "warn")] if plugin.spec.get("suspend") else []


def _named(name: str, revisions: list[Revision]) -> Span:
    version = next((one.version for one in revisions if one.name == name), "")
    return Span(f"{name} ({version})" if version else name, "strong")


def _replicas(plugin: Plugin) -> str:
    counts = plugin.status.get("replicas")
    if not isinstance(counts, dict) or plugin.mode != "Service":
        return ""
    return f", {counts.get('ready', 0)} of {counts.get('desired', 0)} replicas ready"


def _available(plugin: Plugin) -> str:
    found = plugin.condition("Available")
    return "" if not found or ready(plugin).text == "True" else str(found.get("message") or found.get("reason") or "")


def _last_run(plugin: Plugin, now: datetime) -> list[Span]:
    last = plugin.status.get("lastRun")
    if not isinstance(last, dict):
        return []
    code = f", exit code {last['exitCode']}" if last.get("exitCode") is not None else ""
    told = f": {last['message']}" if last.get("message") else ""
    return [outcome(last), Span(f"{code}, {age(last.get('finishedTime'), now)} ago, {last.get('name', '')}{told}")]


def _advice(plugin: Plugin) -> Iterator[Line]:
    """Commands that fit what is seen; the message of the operator says the rest."""
    name, space = plugin.name, f" -n {plugin.namespace}"
    active, desired = plugin.revision("active"), plugin.revision("desired")
    if plugin.revision("pinned"):
        yield line(f"  greffon rollback {name} --undo{space}", Span("   run what the spec asks for again", "dim"))
    if active and desired and active != desired:
        pair = f"{active.rpartition('-')[2]} {desired.rpartition('-')[2]}"
        yield line(f"  greffon diff {name} {pair}{space}", Span("   what changed", "dim"))
    elif ready(plugin).text != "True" and plugin.mode and desired and not plugin.spec.get("suspend"):
        previous = " --previous" if plugin.mode == "Service" else ""
        yield line(f"  greffon logs {name}{previous}{space}", Span("   what it said before it ended", "dim"))
    if any(entry.get("revision") == desired for entry in plugin.quarantined):
        yield line(f"  greffon reset {name}{space}", Span("   try the quarantined revision again", "dim"))
    if any(found.get("reason") == REFUSED for found in plugin.conditions):
        yield line(f"  greffon rollback {name} --undo{space}", Span("   withdraw the request that is refused", "dim"))
    if plugin.spec.get("suspend"):
        yield line(f"  greffon resume {name}{space}", Span("   end the suspension", "dim"))


def _conditions(plugin: Plugin, now: datetime) -> list[Line]:
    rows: list[list[str | Span]] = [
        [
            str(found.get("type") or ""),
            Span(str(found.get("status") or ""), _condition_style(found)),
            str(found.get("reason") or ""),
            age(found.get("lastTransitionTime"), now),
            str(found.get("message") or ""),
        ]
        for found in plugin.conditions
    ]
    return table(["TYPE", "STATUS", "REASON", "SINCE", "MESSAGE"], rows, "  ") if rows else []


def _condition_style(found: dict[str, object]) -> str:
    if found.get("status") == "Unknown":
        return "warn"
    good = "False" if found.get("type") in _GOOD_WHEN_FALSE else "True"
    return "good" if found.get("status") == good else "bad"


def _history(plugin: Plugin, now: datetime) -> list[Line]:
    lines = happened(plugin, now, HISTORY_LINES)
    more = len(plugin.history) - HISTORY_LINES
    return [*lines, line(Span(f"  and {more} more: greffon history {plugin.name}", "dim"))] if more > 0 else lines


def _indented(message: str) -> list[Line]:
    return [line(f"  {message}")] if message else []


def _titled(title: str, lines: list[Line]) -> list[Line]:
    return [line(Span(title, "strong")), *lines] if lines else []
