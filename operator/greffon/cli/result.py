"""What a run was, decided from its status. Pure; called by `story_run`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greffon.model import keys

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a run.

    Attributes:
        code: exit code of `greffon run`: the plug-in's own, or 1 for a run that ended badly without one.
        output: what it printed as its result; None when it gave none.
        told: one sentence.
        tail: last lines of its log, as the status has them.
        had_pod: whether there may be a log.
    """

    code: int
    output: Any
    told: str
    tail: str
    had_pod: bool


def read(run: Mapping[str, Any]) -> Result | None:
    """The result; None while it has not ended."""
    status = run.get("status") or {}
    outcome = status.get("outcome")
    if not outcome:
        return None
    exit_code = status.get("exitCode")
    code = 0 if outcome == "Succeeded" else (int(exit_code or 0) & 0xFF) or 1
    message = str(status.get("message") or "")
    counted = exit_code is not None and "exit code" not in message
    words = [str(outcome), f"exit code {exit_code}" if counted else "", message]
    told = ": ".join(word for word in words if word)
    return Result(code, status.get("output"), told, str(status.get("tail") or ""), outcome != "Refused")


def wanted(plugin: str, namespace: str, event: Json | None) -> Json:
    """The PluginRun to create; the server makes its name."""
    return {
        "apiVersion": keys.API_VERSION,
        "kind": keys.KIND_RUN,
        "metadata": {"generateName": f"{plugin}-", "namespace": namespace},
        "spec": {"pluginRef": {"name": plugin}} | ({"input": event} if event is not None else {}),
    }
