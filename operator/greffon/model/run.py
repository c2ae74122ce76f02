"""PluginRun: run a Job-mode plug-in once with an input.

Written by users, the command line and triggers; `reconcile.run` makes a Job of it and reads the result.
"""

from typing import Any

from greffon.model.base import Forgiving, JsonObject, Model, Time
from greffon.model.conditions import Condition
from greffon.model.meta import Object
from greffon.model.source import LocalReference
from greffon.model.vocabulary import RunOutcome


class PluginRunSpec(Model):
    """Which plug-in to run, with what. Never changes."""

    plugin_ref: LocalReference
    input: JsonObject | None = None
    timeout_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None


class PluginRunStatus(Model):
    """How the run went."""

    observed_generation: int | None = None
    conditions: tuple[Condition, ...] = ()
    outcome: RunOutcome | None = None
    reason: str | None = None
    message: str | None = None
    exit_code: int | None = None
    output: Any = None
    truncated: bool | None = None
    tail: str | None = None
    job: str | None = None
    revision: str | None = None
    start_time: Time | None = None
    completion_time: Time | None = None

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, if there is one."""
        return next((item for item in self.conditions if item.type == type_), None)


class PluginRun(Object):
    """One run, asked for by name."""

    spec: PluginRunSpec
    status: Forgiving[PluginRunStatus] = PluginRunStatus()
