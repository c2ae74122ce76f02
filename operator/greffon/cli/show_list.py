"""Tables of plug-ins and of runs. Pure; called by `story_look`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from greffon.cli.text import Line, Span, age, parse_time, table
from greffon.cli.views import Plugin, runs_of

Json = dict[str, Any]
_READY_STYLE = {"True": "good", "False": "bad", "Unknown": "warn"}
_OUTCOME_STYLE = {"Succeeded": "good", "Replaced": "warn", "Refused": "bad", "Failed": "bad", "TimedOut": "bad"}


def plugins(found: Iterable[Plugin], now: datetime, *, wide: bool, namespaces: bool) -> list[Line]:
    """One line per plug-in: the columns of `kubectl get plugins`, what is wrong first in nothing but colour."""
    ordered = sorted(found, key=lambda plugin: (plugin.namespace, plugin.name))
    head = ["NAMESPACE"] * namespaces + ["NAME", "TYPE", "VERSION", "READY", "REASON", "ACTIVE", "AGE"]
    rows = [_row(plugin, now, wide=wide, namespaces=namespaces) for plugin in ordered]
    return table(head + ["MESSAGE"] * wide, rows)


def runs(plugin: str, bodies: list[Json], now: datetime, *, wide: bool) -> list[Line]:
    """One line per run, latest first."""
    head = ["NAME", "OUTCOME", "REASON", "EXIT", "REVISION", "AGE", "TOOK"] + ["MESSAGE"] * wide
    return table(head, [_run(body, now, wide=wide) for body in runs_of(plugin, bodies)])


def ready(plugin: Plugin) -> Span:
    """The status of Ready; a status that speaks of an older spec counts as unknown."""
    status = str(plugin.condition("Ready").get("status") or "Unknown") if plugin.is_current else "Unknown"
    return Span(status, _READY_STYLE.get(status, ""))


def outcome(status: Json) -> Span:
    """How a run ended, or that it has not."""
    word = str(status.get("outcome") or "Running")
    return Span(word, _OUTCOME_STYLE.get(word, ""))


def _row(plugin: Plugin, now: datetime, *, wide: bool, namespaces: bool) -> list[str | Span]:
    condition = plugin.condition("Ready")
    cells: list[str | Span] = [plugin.namespace] if namespaces else []
    cells += [
        Span(plugin.name, "strong"),
        str(plugin.spec.get("type") or ""),
        str(plugin.spec.get("version") or ""),
        ready(plugin),
        str(condition.get("reason") or ""),
        plugin.revision("active"),
        age(plugin.body["metadata"].get("creationTimestamp"), now),
    ]
    return cells + ([str(condition.get("message") or "")] if wide else [])


def _run(body: Json, now: datetime, *, wide: bool) -> list[str | Span]:
    status = body.get("status") or {}
    exit_code = status.get("exitCode")
    conditions = status.get("conditions") or []
    pending = next((str(c.get("reason")) for c in conditions if c.get("type") == "Ready"), "")
    cells: list[str | Span] = [
        Span(body["metadata"]["name"], "strong"),
        outcome(status),
        str(status.get("reason") or pending),
        "" if exit_code is None else str(exit_code),
        str(status.get("revision") or ""),
        age(body["metadata"].get("creationTimestamp"), now),
        _took(status, now),
    ]
    return cells + ([str(status.get("message") or "")] if wide else [])


def _took(status: Json, now: datetime) -> str:
    begin, end = status.get("startTime"), parse_time(status.get("completionTime"))
    return age(begin, end or now) if begin else ""
