"""Account, Role and RoleBinding: exactly the declared rules, for exactly this account."""

from typing import Any

import pytest

from greffon.model.permissions import Rule
from greffon.resources.permissions import role, role_binding, service_account
from tests.unit.resources.samples import IDENTITY, JOB, Json, built


def rule(**fields: Any) -> Json:
    """A rule of a spec."""
    return {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]} | fields


RULES: dict[str, tuple[Json, Json]] = {
    "a rule of the core group": (rule(), rule()),
    "the reason is for people, not for the API server": (rule(reason="reads its settings"), rule()),
    "names limit a rule": (rule(resourceNames=["a", "b"]), rule(resourceNames=["a", "b"])),
    "an empty list of names is none": (rule(resourceNames=[]), rule()),
    "several groups, resources and verbs keep their order": (
        rule(apiGroups=["apps", ""], resources=["pods", "deployments/scale"], verbs=["watch", "get"]),
        rule(apiGroups=["apps", ""], resources=["pods", "deployments/scale"], verbs=["watch", "get"]),
    ),
    "a wildcard that got past the schema is not widened further": (rule(verbs=["*"]), rule(verbs=["*"])),
}


@pytest.mark.parametrize(("declared", "granted"), RULES.values(), ids=RULES)
def test_rules_are_granted_word_for_word(declared: Json, granted: Json) -> None:
    assert role(IDENTITY, (Rule.parse(declared),))["rules"] == [granted]


def test_each_declared_rule_is_a_rule_of_its_own() -> None:
    declared = (Rule.parse(rule()), Rule.parse(rule(verbs=["list"])), Rule.parse(rule()))
    assert [found["verbs"] for found in role(IDENTITY, declared)["rules"]] == [["get"], ["list"], ["get"]]


def test_the_binding_joins_the_role_and_the_account_of_this_plug_in_alone() -> None:
    binding = role_binding(IDENTITY)
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": role(IDENTITY, ())["metadata"]["name"],
    }
    account = service_account(IDENTITY)["metadata"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}
    ]


def test_the_account_has_no_token_of_its_own() -> None:
    assert service_account(IDENTITY)["automountServiceAccountToken"] is False
    assert not {"secrets", "imagePullSecrets"} & set(service_account(IDENTITY))


@pytest.mark.parametrize(
    ("permissions", "kinds"),
    [
        pytest.param(None, set(), id="no permissions, no role"),
        pytest.param({}, set(), id="empty permissions, no role"),
        pytest.param({"rules": []}, set(), id="no rules, no role"),
        pytest.param({"egress": []}, set(), id="only network, no role"),
        pytest.param({"rules": [rule()]}, {"Role", "RoleBinding"}, id="a rule makes role and binding"),
    ],
)
def test_when_there_is_a_role(permissions: Json | None, kinds: set[str]) -> None:
    made = {obj["kind"] for obj in built(JOB | ({"permissions": permissions} if permissions is not None else {}))}
    assert made & {"Role", "RoleBinding"} == kinds
    assert {"ClusterRole", "ClusterRoleBinding"}.isdisjoint(made)
