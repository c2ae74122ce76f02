"""The closed sets of words in specs. CamelCase, as the Kubernetes API conventions ask.

Used by all kinds; equal to the `enum` lists in `crds/`, which a contract test checks.
"""

from enum import StrEnum


class PluginType(StrEnum):
    """What kind of code a plug-in is."""

    CONTAINER = "Container"
    PYTHON = "Python"
    BASH = "Bash"
    GO = "Go"
    TYPESCRIPT = "TypeScript"
    WEBHOOK = "Webhook"

    @property
    def is_script(self) -> bool:
        """Whether a runner image starts it from mounted source."""
        return self not in (PluginType.CONTAINER, PluginType.WEBHOOK)


class Criticality(StrEnum):
    """How much depends on a plug-in; the author's word can only raise what is derived."""

    LOW = "Low"
    NORMAL = "Normal"
    HIGH = "High"
    CRITICAL = "Critical"


class RunMode(StrEnum):
    """Whether a plug-in runs all the time or once per run."""

    SERVICE = "Service"
    JOB = "Job"


class Concurrency(StrEnum):
    """What happens when a run starts while another is active."""

    ALLOW = "Allow"
    FORBID = "Forbid"
    REPLACE = "Replace"


class Protocol(StrEnum):
    """Transport of a port."""

    TCP = "TCP"
    UDP = "UDP"


class RolloutStrategy(StrEnum):
    """Whether the old revision serves until the new one does."""

    SURGE = "Surge"
    RECREATE = "Recreate"


class RevisionState(StrEnum):
    """Place of a revision in the life of its plug-in."""

    ACTIVE = "Active"
    STANDBY = "Standby"
    QUARANTINED = "Quarantined"
    SUPERSEDED = "Superseded"


class RunOutcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"
    REPLACED = "Replaced"
    REFUSED = "Refused"


class IsolationDemand(StrEnum):
    """Whether a policy lets a plug-in start where network limits are not proved."""

    REQUIRED = "Required"
    BEST_EFFORT = "BestEffort"


class ViolationAction(StrEnum):
    """What happens to a plug-in that runs when a policy no longer admits it."""

    REPORT = "Report"
    STOP = "Stop"


class SelectorOperator(StrEnum):
    """How a label selector compares."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class Widening(StrEnum):
    """A part of a plug-in that can become wider than what was last approved."""

    PERMISSIONS = "Permissions"
    EGRESS = "Egress"
    INGRESS = "Ingress"
    SECRETS = "Secrets"
    SANDBOX = "Sandbox"
    RESOURCES = "Resources"
    SOURCE = "Source"
