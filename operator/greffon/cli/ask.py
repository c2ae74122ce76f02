"""One-shot verbs as data: what to write, and what tells that the operator has answered. Pure; used by `story_ask`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from greffon.cli.views import Plugin
from greffon.model import keys

Json = dict[str, Any]
REFUSED = "RequestRefused"
"""Reason of a condition whose message says why an annotation cannot be acted on."""
_GITOPS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish: a merge patch, and what tells that it was handled.

    Attributes:
        verb: name in `status.handled`; "" for a change of the spec.
        token: what the echo must be; "" when the echo must be gone.
        suspended: for a change of the spec, whether the plug-in is to be suspended.
    """

    verb: str
    token: str = ""
    suspended: bool = False

    def patch(self) -> Json:
        """JSON merge patch of the Plugin."""
        if not self.verb:
            return {"spec": {"suspend": self.suspended}}
        return {"metadata": {"annotations": {keys.ONE_SHOT_VERBS[self.verb]: self.token or None}}}

    def is_answered(self, plugin: Plugin, generation: int) -> bool:
        """Whether the status speaks of it.

        Args:
            generation: of the spec after the patch.
        """
        if not self.verb:
            return int(plugin.status.get("observedGeneration") or 0) >= generation
        return plugin.handled.get(self.verb, "") == self.token


def token(now: datetime, salt: str) -> str:
    """A token that nobody has used: readable as a moment, unique by the salt."""
    return f"{now:%Y%m%dT%H%M%SZ}-{salt}"


def first_withdraw(plugin: Plugin, wish: Ask) -> Ask | None:
    """What must be withdrawn first: a token that was handled before is never acted on again."""
    stale = wish.token and plugin.handled.get(wish.verb) == wish.token and plugin.revision("pinned") != wish.token
    return Ask(wish.verb) if stale else None


def is_done_already(plugin: Plugin, wish: Ask) -> bool:
    """Whether writing it would change nothing."""
    if not wish.verb:
        return bool(plugin.spec.get("suspend")) == wish.suspended
    if not wish.token:
        return wish.verb not in plugin.handled and keys.ONE_SHOT_VERBS[wish.verb] not in plugin.annotations
    asked = plugin.annotations.get(keys.ONE_SHOT_VERBS[wish.verb]) == wish.token
    return asked and plugin.handled.get(wish.verb) == wish.token and plugin.revision("pinned") == wish.token


def refusal(plugin: Plugin, wish: Ask) -> str:
    """Why the operator refuses a wish; "" when it does not. Only a rollback can be refused."""
    if wish.verb != "rollback-to" or not wish.token:
        return ""  # a refusal that is there is that of an older request
    found = (c for c in plugin.conditions if c.get("reason") == REFUSED)
    return next((str(c.get("message") or REFUSED) for c in found), "")


def silence(plugin: Plugin, within: float) -> str:
    """What to say when no answer came."""
    name, namespace = plugin.name, plugin.namespace
    ready = plugin.condition("Ready")
    last = f" (last word: {ready.get('reason')}: {ready.get('message')})" if ready else ""
    return (
        f"the operator has not answered within {within:g} s for {name} in {namespace}{last}; the request stays: "
        f"`greffon get {name} -n {namespace}` shows when it is handled; check that the operator runs"
    )


def keeper(plugin: Plugin) -> str:
    """Who may set the spec back because it is kept in Git; "" for nobody known."""
    marks = {**plugin.labels, **plugin.annotations}
    return next((who for mark, who in _GITOPS.items() if mark in marks), "")
