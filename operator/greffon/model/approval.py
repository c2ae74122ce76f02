"""PluginApproval: the consent of one person to one exact plan.

Written by reviewers, never changed; `security` counts those that still hold.
"""

from greffon.model.base import Forgiving, Model, Time
from greffon.model.conditions import Condition
from greffon.model.meta import Object


class ApprovalPluginRef(Model):
    """The plug-in as it was when the reviewer looked at it."""

    name: str
    uid: str
    generation: int


class PluginApprovalSpec(Model):
    """Who consents to what, until when. Never changes."""

    plugin_ref: ApprovalPluginRef
    plan_hash: str
    approver: str
    reason: str | None = None
    expires_at: Time | None = None


class PluginApprovalStatus(Model):
    """Whether the approval counts."""

    observed_generation: int | None = None
    conditions: tuple[Condition, ...] = ()


class PluginApproval(Object):
    """One consent."""

    spec: PluginApprovalSpec
    status: Forgiving[PluginApprovalStatus] = PluginApprovalStatus()
