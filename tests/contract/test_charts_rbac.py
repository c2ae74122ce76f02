"""The operator holds what its work needs and nothing more, in every way of installing it."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from greffon.kube import kinds
from tests.contract.chart_render import NAMESPACE, VARIANTS, Rendered, variant

Right = tuple[str, str, str]

FORBIDDEN_VERBS = {"*", "escalate", "bind", "impersonate", "approve", "sign", "use", "deletecollection", "update"}
FORBIDDEN_RESOURCES = re.compile(
    r"\*|secrets|serviceaccounts/token|nodes.*|namespaces|pods/.+|.+/proxy|clusterroles|clusterrolebindings"
    r"|.*webhookconfigurations|.*admissionpolic.*|customresourcedefinitions|tokenreviews"
)
WRITES = {"create", "patch", "delete"}


@pytest.mark.parametrize("name", VARIANTS)
def test_no_role_has_a_wildcard_a_secret_or_a_way_to_more_power(name: str) -> None:
    for role, rule in variant(name).rules():
        for right in rights_of(rule):
            group, resource, verb = right
            if is_for_people(role):
                assert (group, verb != "*") == ("greffon.dev", True)
                continue
            assert "*" not in group, right
            assert not FORBIDDEN_RESOURCES.fullmatch(resource) or is_the_ceiling_itself(rule), right
            assert verb not in FORBIDDEN_VERBS or right[1].endswith("/finalizers"), right
        assert "nonResourceURLs" not in rule


def is_the_ceiling_itself(rule: dict[str, Any]) -> bool:
    """Reading the one ClusterRole that says what may be lent."""
    return (rule["resources"], rule["verbs"]) == (["clusterroles"], ["get"]) and all(
        name.endswith("-ceiling") for name in rule["resourceNames"]
    )


@pytest.mark.parametrize("name", ["default", "namespaced"])
def test_the_operator_holds_exactly_what_its_work_needs(name: str) -> None:
    rendered = variant(name)
    roles = [r for r in (*rendered.all("ClusterRole"), *rendered.all("Role")) if r["metadata"]["name"] == "greffon"]

    assert len(roles) == {"default": 1, "namespaced": 2}[name]
    assert all(rights(role) == needed_rights() for role in roles)


def test_what_a_plugin_may_be_granted_by_default_is_read_only_and_namespaced() -> None:
    fragment = variant("default").one("ClusterRole", "greffon-ceiling-base")

    assert {verb for _, _, verb in rights(fragment)} == {"get", "list", "watch"}
    assert fragment["metadata"]["labels"]["greffon.dev/aggregate-to-ceiling"] == "true"


def test_the_ceiling_gathers_fragments_and_leaves_its_rules_to_the_cluster() -> None:
    ceiling = variant("default").one("ClusterRole", "greffon-ceiling")

    assert ceiling["aggregationRule"]["clusterRoleSelectors"] == [
        {"matchLabels": {"greffon.dev/aggregate-to-ceiling": "true"}}
    ]
    assert "rules" not in ceiling


def test_an_empty_ceiling_leaves_no_fragment() -> None:
    names = {role["metadata"]["name"] for role in variant("bare").all("ClusterRole")}

    assert names == set()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_binding_names_a_role_of_the_chart_and_one_account(name: str) -> None:
    rendered = variant(name)
    account = rendered.one("Deployment")["spec"]["template"]["spec"]["serviceAccountName"]
    for binding in (*rendered.all("RoleBinding"), *rendered.all("ClusterRoleBinding")):
        assert bound_role(rendered, binding)
        wanted = "greffon-test" if binding["metadata"]["name"] == "greffon-test" else account
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": wanted, "namespace": NAMESPACE}]


def test_limited_to_namespaces_nothing_is_cluster_wide() -> None:
    rendered = variant("namespaced")

    assert rendered.all("ClusterRole") + rendered.all("ClusterRoleBinding") == []
    for kind in ("Role", "RoleBinding"):
        places = {(o["metadata"]["name"], o["metadata"]["namespace"]) for o in rendered.all(kind)}
        assert places == {
            ("greffon", "team-a"),
            ("greffon", "team-b"),
            ("greffon-ceiling", "team-a"),
            ("greffon-ceiling", "team-b"),
            ("greffon-api-server-address", "default"),
            ("greffon-test", "team-a"),
        }


def test_the_role_in_the_default_namespace_reads_one_named_object() -> None:
    role = variant("default").one("Role", "greffon-api-server-address")

    assert role["rules"] == [
        {
            "apiGroups": ["discovery.k8s.io"],
            "resources": ["endpointslices"],
            "resourceNames": ["kubernetes"],
            "verbs": ["get"],
        }
    ]


def test_editing_a_plugin_does_not_include_running_it() -> None:
    rendered = variant("default")
    editor = rights(rendered.one("ClusterRole", "greffon-plugin-editor"))
    runner = rights(rendered.one("ClusterRole", "greffon-plugin-runner"))

    assert ("greffon.dev", "pluginruns", "create") not in editor
    assert ("greffon.dev", "plugins", "create") in editor
    assert ("greffon.dev", "pluginruns", "create") in runner
    assert not {resource for _, resource, verb in editor | runner if verb not in {"get", "list", "watch"}} - {
        "plugins",
        "pluginruns",
    }


def needed_rights() -> set[Right]:
    """From the code: what it watches, writes and reports on."""
    needed: set[Right] = set()
    for kind in kinds.WATCHED:
        verbs = {"get", "list", "watch"} | (WRITES if kind in kinds.CHILDREN else set())
        needed |= {(group(kind), kind.plural, verb) for verb in verbs}
    for plural in ("plugins", "pluginruns"):
        needed |= {("greffon.dev", plural, verb) for verb in ("get", "list", "watch")}
        needed.add(("greffon.dev", f"{plural}/finalizers", "update"))
    needed |= {("greffon.dev", f"{p}/status", "patch") for p in ("plugins", "pluginruns", "pluginrevisions")}
    needed |= {("greffon.dev", "pluginruns", verb) for verb in ("patch", "delete")}
    return needed | {("events.k8s.io", "events", verb) for verb in ("create", "patch")}


def group(kind: kinds.Resource) -> str:
    """`apps` of `apps/v1`; empty for the core group."""
    return kind.api_version.rpartition("/")[0]


def rights(role: dict[str, Any]) -> set[Right]:
    """Every (group, resource, verb) of a role."""
    return {right for rule in role["rules"] for right in rights_of(rule)}


def rights_of(rule: dict[str, Any]) -> set[Right]:
    """The same for one rule."""
    return set(product(rule["apiGroups"], rule["resources"], rule["verbs"]))


def is_for_people(role: dict[str, Any]) -> bool:
    """Roles that the chart makes for users, never bound to the operator."""
    return "-plugin-" in role["metadata"]["name"]


def bound_role(rendered: Rendered, binding: dict[str, Any]) -> dict[str, Any]:
    """The role a binding refers to, in the binding's own namespace if it has one."""
    reference, place = binding["roleRef"], binding["metadata"].get("namespace")
    (found,) = (
        role
        for role in rendered.all(reference["kind"])
        if role["metadata"]["name"] == reference["name"]
        and (reference["kind"] == "ClusterRole" or role["metadata"]["namespace"] == place)
    )
    return found
