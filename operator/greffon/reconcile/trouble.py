"""Why a child could not be written, in documented words: pure. Made by `reconcile.apply`, told by `assess`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from greffon.engine.queue import Key
from greffon.errors import ApiError, Forbidden, Invalid, NotFound
from greffon.model.conditions import Reason

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A child that could not be written. `where` is "Kind name"."""

    reason: Reason
    where: str
    message: str
    retry: bool = True


def conflict(key: Key, *, of_predecessor: bool) -> Trouble:
    """Another object has the name of a child: a foreign one, or one of the plug-in that had this name before."""
    if of_predecessor:
        text = f"waits until {key.kind} {key.name} of the deleted plug-in of the same name is gone"
        return Trouble(Reason.PROGRESSING, f"{key.kind} {key.name}", text)
    text = f"{key.kind} {key.name} exists and belongs to somebody else; it is left alone: rename or delete it"
    return Trouble(Reason.CHILD_CONFLICT, f"{key.kind} {key.name}", text)


def trouble(obj: Json, error: ApiError) -> Trouble:
    """Turn the API server's refusal of a child into a documented reason and a sentence with the remedy."""
    kind, name, text = obj["kind"], obj["metadata"]["name"], " ".join(str(error).split())[:600]
    where = f"{kind} {name}"
    if "because it is being terminated" in text or isinstance(error, NotFound):
        return Trouble(
            Reason.NAMESPACE_TERMINATING, where, "the namespace is being deleted; nothing is made in it", False
        )
    if "exceeded quota" in text:
        return Trouble(Reason.QUOTA_EXCEEDED, where, f"{where} is refused: {text}; ask for more quota")
    if kind in ("Role", "RoleBinding") and isinstance(error, Forbidden):
        text = f"spec.permissions.rules ask for more than an admin lets plug-ins have: {_missing(text)}"
        return Trouble(
            Reason.CEILING_EXCEEDED, where, f"{text}; ask for less, or have the ceiling ClusterRole extended"
        )
    if kind == "CronJob" and isinstance(error, Invalid):
        return Trouble(Reason.INVALID_SCHEDULE, where, f"spec.triggers: {text}; correct cron or timeZone")
    reason = Reason.FORBIDDEN if isinstance(error, Forbidden) else Reason.CHILD_REJECTED
    return Trouble(reason, where, f"{where} is refused: {text}")


def _missing(text: str) -> str:
    """The API server names the rights that are missing after this mark."""
    _, mark, missing = text.partition("not currently held:")
    return missing.strip() if mark else text
