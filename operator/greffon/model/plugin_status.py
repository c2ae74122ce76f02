"""What became of a Plugin. Written by `reconcile.status` alone.

Read back only to keep what cannot be derived: transition times, history, handled tokens.
"""

from greffon.model.base import JsonObject, Model, Time
from greffon.model.conditions import Condition
from greffon.model.vocabulary import RunOutcome


class Revisions(Model):
    """Names of PluginRevisions."""

    desired: str | None = None
    active: str | None = None
    last_good: str | None = None
    pinned: str | None = None
    pinned_over: str | None = None


class ImageStatus(Model):
    """Which bytes run."""

    ref: str | None = None
    digest: str | None = None
    signed_by: str | None = None


class Quarantine(Model):
    """A revision that is not tried again, and why."""

    revision: str
    cause: str | None = None
    message: str | None = None
    time: Time | None = None


class HistoryEntry(Model):
    """One activation, deactivation, rollback or quarantine."""

    revision: int
    version: str | None = None
    action: str
    time: Time | None = None
    cause: str | None = None
    by: str | None = None


class ReplicaStatus(Model):
    """Pods wanted and pods ready."""

    desired: int = 0
    ready: int = 0


class LastRun(Model):
    """The latest run that ended, whatever started it."""

    name: str
    outcome: RunOutcome | None = None
    exit_code: int | None = None
    reason: str | None = None
    message: str | None = None
    finished_time: Time | None = None


class PluginStatus(Model):
    """The observed state of a plug-in."""

    observed_generation: int | None = None
    conditions: tuple[Condition, ...] = ()
    revisions: Revisions | None = None
    image: ImageStatus | None = None
    quarantined: tuple[Quarantine, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    effective: JsonObject | None = None
    handled: dict[str, str] | None = None
    replicas: ReplicaStatus | None = None
    last_run: LastRun | None = None
    needed_by: tuple[str, ...] = ()

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, if there is one."""
        return next((item for item in self.conditions if item.type == type_), None)
