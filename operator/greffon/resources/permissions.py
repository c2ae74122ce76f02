"""ServiceAccount, Role and RoleBinding: exactly the declared rules. Used by `resources.desired`."""

from __future__ import annotations

from typing import Any

from greffon.kube.kinds import ROLE, ROLE_BINDING, SERVICE_ACCOUNT
from greffon.model.permissions import Rule
from greffon.resources import names
from greffon.resources.context import Identity
from greffon.resources.metadata import envelope

Json = dict[str, Any]


def service_account(plugin: Identity) -> Json:
    """An account of its own; no token is mounted through it."""
    return envelope(SERVICE_ACCOUNT, plugin, names.child(plugin.name), {"automountServiceAccountToken": False})


def role(plugin: Identity, rules: tuple[Rule, ...]) -> Json:
    """The declared rules, word for word."""
    return envelope(ROLE, plugin, names.child(plugin.name), {"rules": [_rule(rule) for rule in rules]})


def role_binding(plugin: Identity) -> Json:
    """Binds the account to the role of the same name."""
    name = names.child(plugin.name)
    body = {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": plugin.namespace}],
    }
    return envelope(ROLE_BINDING, plugin, name, body)


def _rule(rule: Rule) -> Json:
    made: Json = {
        "apiGroups": list(rule.api_groups),
        "resources": list(rule.resources),
        "verbs": list(rule.verbs),
    }
    if rule.resource_names:
        made["resourceNames"] = list(rule.resource_names)
    return made
