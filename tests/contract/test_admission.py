"""What the API server itself refuses, with the chart's policies and nobody else at work (no operator, no webhook).

Everything is tried upon a real API server with RBAC, in the name of people who are impersonated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from greffon.model import keys
from tests.cluster.controlplane import control_plane
from tests.cluster.process import wait_until
from tests.contract.api import Answer, Server, collection
from tests.contract.chart_render import OPERATOR, render
from tests.contract.crds import CRD_FILES
from tests.contract.wrong import Wrong
from tests.contract.wrongs import WRONG

Json = dict[str, Any]
People = Callable[[str], Server]
TENANT, SYNC = "tenant", "system:serviceaccount:argocd:sync"
VALUES = "admission: {exempt: [{namespace: argocd, name: sync}]}"
HELD: list[Json] = [
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["services"], "resourceNames": ["web"], "verbs": ["get"]},
    {"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["get"]},
    {"apiGroups": ["greffon.dev"], "resources": ["plugins", "plugins/status"], "verbs": ["*"]},
]


STAMPS = ("--api-versions", "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy")
AUTHOR, GROUPS = "greffon.dev/author", "greffon.dev/author-groups"
CREATED, EDITORS = "greffon.dev/created-by", "greffon.dev/editors"
ASKED = "greffon.dev/asked-by"
FORGED = {AUTHOR: "somebody", GROUPS: "system:masters", CREATED: "somebody", EDITORS: "somebody"}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The release as a server of today gets it: who wrote a Plugin is stamped."""
    with served(tmp_path_factory.mktemp("stamped"), *STAMPS) as made:
        yield made


@pytest.fixture(scope="module")
def unstamped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The release as a server before Kubernetes 1.36 gets it: without a policy that writes."""
    with served(tmp_path_factory.mktemp("unstamped")) as made:
        yield made


@contextmanager
def served(directory: Path, *arguments: str) -> Iterator[People]:
    """An API server with the kinds, the policies and a tenant of few rights; call it with a user to act as him."""
    with control_plane(directory, controllers=False, audit=False) as plane:
        plane.kubectl("apply", "--server-side", *(f"--filename={path}" for path in CRD_FILES))
        plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        objects = [*policies(*arguments), *roles()]
        plane.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(objects))
        opened: dict[str, Server] = {}

        def of(user: str) -> Server:
            return opened.setdefault(user, Server(plane, user))

        wait_until(lambda: all(act(of(TENANT), stamped=bool(arguments))), 60, "the policies' effect")
        yield of
        for server in opened.values():
            server.close()


def act(tenant: Server, *, stamped: bool) -> tuple[bool, ...]:
    """Whether the first and the last policy on rights and those on the author act already, which takes a moment."""
    made = tenant.create(plugin(annotations=FORGED))
    author = made.accepted and stamps(made)[AUTHOR] == TENANT if stamped else made.code == HTTPStatus.FORBIDDEN
    return author, is_refused(tenant.create(plugin(rule("list", "pods")))), is_refused(tenant.create(as_many("pods")))


def policies(*arguments: str) -> list[Json]:
    """Admission policies of the chart and their bindings."""
    kinds = [f"{kind}AdmissionPolicy{end}" for kind in ("Validating", "Mutating") for end in ("", "Binding")]
    rendered = render(OPERATOR, VALUES, *arguments)
    return [obj for kind in kinds for obj in rendered.all(kind)]


def roles() -> list[Json]:
    """The tenant's rights in the namespace; the tool's are for Plugins alone."""
    made: list[Json] = []
    for name, user, rules in (("tenant", TENANT, HELD), ("sync", SYNC, HELD[3:])):
        meta = {"name": name, "namespace": "default"}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
        group = "rbac.authorization.k8s.io/v1"
        made += [
            {"apiVersion": group, "kind": "Role", "metadata": meta, "rules": rules},
            {"apiVersion": group, "kind": "RoleBinding", "metadata": meta, "roleRef": reference, "subjects": [subject]},
        ]
    return made


def rule(verb: str, resource: str, *names: str, group: str = "") -> Json:
    made: Json = {"apiGroups": [group], "resources": [resource], "verbs": [verb], "reason": "because"}
    return made | ({"resourceNames": list(names)} if names else {})


def plugin(*rules: Json, name: str = "web", annotations: dict[str, str] | None = None) -> Json:
    spec = {
        "type": "Bash",
        "version": "1.0.0",
        "source": {"inline": {"files": {"main.sh": "echo '{}'"}}},
        "run": {"mode": "Job"},
        "permissions": {"rules": list(rules)},
    }
    meta = {"name": name, "annotations": annotations or {}}
    return {"apiVersion": "greffon.dev/v1alpha1", "kind": "Plugin", "metadata": meta, "spec": spec}


def as_many(last: str) -> Json:
    """A Plugin with 104 single rights, the most that its schema allows; the last is for this resource."""
    rules = [rule("get", "configmaps", *(f"n{i}" for i in range(size))) for size in (*[13] * 7, 12)]
    return plugin(*rules, rule("get", last, "x"))


def is_refused(answer: Answer) -> bool:
    return answer.code == HTTPStatus.FORBIDDEN and "cannot give that right to a plug-in" in answer.message


GET, LIST = rule("get", "configmaps"), rule("list", "configmaps")
HELD_RULES: dict[str, tuple[Json, ...]] = {
    "none": (),
    "what one holds": (GET, LIST),
    "less than one holds": (rule("get", "configmaps", "settings"),),
    "by name, as one holds it": (rule("get", "services", "web"),),
    "a subresource by a pattern": (rule("get", "deployments/scale", group="apps"),),
}
NOT_HELD: dict[str, tuple[tuple[Json, ...], str]] = {
    "another verb": ((rule("delete", "configmaps"),), "delete configmaps"),
    "another resource": ((rule("list", "pods"),), "list pods"),
    "another group": ((rule("get", "configmaps", group="example.com"),), "get configmaps of example.com"),
    "another name": ((rule("get", "services", "db"),), "get services named db"),
    "without the name": ((rule("get", "services"),), "get services in namespace"),
    "the resource of a subresource": ((rule("get", "deployments", group="apps"),), "get deployments of apps"),
    "the last of many": ((GET, LIST, GET, LIST, rule("watch", "configmaps")), "watch configmaps"),
    "one name of several": ((rule("get", "services", "web", "web", "db"),), "get services named db"),
}


@pytest.mark.parametrize("rules", HELD_RULES.values(), ids=HELD_RULES)
def test_rights_that_one_holds_may_be_declared(people: People, rules: tuple[Json, ...]) -> None:
    answer = people(TENANT).create(plugin(*rules))
    assert answer.accepted, answer.message


@pytest.mark.parametrize(("rules", "said"), NOT_HELD.values(), ids=NOT_HELD)
def test_rights_that_one_does_not_hold_are_refused_by_name(people: People, rules: tuple[Json, ...], said: str) -> None:
    answer = people(TENANT).create(plugin(*rules))
    assert is_refused(answer), answer.body
    assert f"{TENANT} may not {said}" in answer.message


def test_as_many_rights_as_the_schema_allows_are_all_asked_for(people: People) -> None:
    assert people(TENANT).create(as_many("configmaps")).accepted
    answer = people(TENANT).create(as_many("pods"))
    assert is_refused(answer), answer.body
    assert "may not get pods named x" in answer.message


def test_an_exempt_tool_may_declare_what_it_does_not_hold(people: People) -> None:
    answer = people(SYNC).create(plugin(rule("list", "pods")))
    assert answer.accepted, answer.message


CHANGES: dict[str, tuple[Json, bool]] = {
    "the code": ({"spec": {"source": {"inline": {"files": {"main.sh": "echo mine"}}}}}, True),
    "the version alone": ({"spec": {"version": "1.0.1"}}, True),
    "another right that he does not hold": ({"spec": {"permissions": {"rules": [rule("watch", "pods")]}}}, True),
    "an annotation": ({"metadata": {"annotations": {"example.com/note": "x"}}}, False),
    "no rights any more": ({"spec": {"permissions": {"rules": []}}}, False),
    "rights that he holds": ({"spec": {"permissions": {"rules": [GET]}, "version": "1.0.1"}}, False),
}


@pytest.fixture
def theirs(people: People) -> Iterator[str]:
    """Path of a plug-in that the administrator made, with a right that the tenant does not hold."""
    administrator, path = people(""), f"{collection('Plugin')}/theirs"
    made = administrator.create(plugin(rule("list", "pods"), name="theirs"), dry_run=False)
    assert made.accepted, made.message
    yield path
    administrator.send("DELETE", path)


@pytest.mark.parametrize(("change", "refused"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(
    "content", ["application/merge-patch+json", "application/apply-patch+yaml"], ids=["merge", "apply"]
)
def test_whoever_changes_a_plug_in_must_hold_its_rights(
    people: People, theirs: str, change: Json, refused: bool, content: str
) -> None:
    """He would use the rights that another one declared."""
    head = {"apiVersion": "greffon.dev/v1alpha1", "kind": "Plugin"} if "apply" in content else {}
    more = "&fieldManager=tenant&force=true" if head else ""
    answer = people(TENANT).send("PATCH", theirs, json.dumps(head | change), dry_run=True, content=content, more=more)
    assert is_refused(answer) if refused else answer.accepted, answer.body


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.situation)
def test_the_policies_leave_a_wrong_manifest_to_the_schema(people: People, wrong: Wrong) -> None:
    """They are asked before it, and its words are better."""
    answer = people("").create(wrong.manifest)
    assert not answer.accepted
    assert wrong.says in answer.message
    assert "denied request" not in answer.message


def stamps(answer: Answer) -> dict[str, str]:
    assert answer.accepted, answer.message
    found: dict[str, str] = answer.body["metadata"]["annotations"]
    return found


def test_a_plug_in_says_who_made_it(people: People) -> None:
    found = stamps(people(TENANT).create(plugin()))
    assert found == {AUTHOR: TENANT, GROUPS: "system:authenticated", CREATED: TENANT, EDITORS: TENANT}


def test_who_changes_the_spec_is_its_author_and_who_does_not_is_not(people: People, theirs: str) -> None:
    before = stamps(people("").send("GET", theirs))
    merge = "application/merge-patch+json"
    note = json.dumps({"metadata": {"annotations": {"example.com/note": "x"}}})
    noted = people(TENANT).send("PATCH", theirs, note, dry_run=True, content=merge)
    assert stamps(noted) == before | {"example.com/note": "x"}

    change = json.dumps({"spec": {"permissions": {"rules": []}}})
    changed = stamps(people(TENANT).send("PATCH", theirs, change, dry_run=True, content=merge))
    assert (changed[AUTHOR], changed[GROUPS]) == (TENANT, "system:authenticated")
    assert changed[CREATED] == before[CREATED]
    assert changed[EDITORS].split("\n") == [before[CREATED], TENANT]


REQUESTS = tuple(keys.ONE_SHOT_VERBS.values())


@pytest.mark.parametrize("request_", REQUESTS)
def test_who_asks_for_something_is_recorded_and_is_not_its_author(people: People, theirs: str, request_: str) -> None:
    before = stamps(people("").send("GET", theirs))
    text = json.dumps({"metadata": {"annotations": {request_: "x", ASKED: "somebody"}}})
    asked = people(TENANT).send("PATCH", theirs, text, dry_run=True, content="application/merge-patch+json")
    assert stamps(asked) == before | {request_: "x", ASKED: TENANT}


def test_who_withdraws_a_request_is_recorded(people: People) -> None:
    path, merge = f"{collection('Plugin')}/asked", "application/merge-patch+json"
    made = people("").create(plugin(name="asked", annotations={REQUESTS[0]: "x"}), dry_run=False)
    try:
        assert stamps(made)[ASKED] == stamps(made)[AUTHOR]
        note = json.dumps({"metadata": {"annotations": {"example.com/note": "x"}}})
        assert stamps(people(TENANT).send("PATCH", path, note, dry_run=True, content=merge))[ASKED] != TENANT
        gone = json.dumps({"metadata": {"annotations": {REQUESTS[0]: None}}})
        assert stamps(people(TENANT).send("PATCH", path, gone, dry_run=True, content=merge))[ASKED] == TENANT
    finally:
        people("").send("DELETE", path)


def test_nobody_is_said_to_have_asked_when_nothing_was_asked(people: People) -> None:
    answer = people(TENANT).create(plugin(annotations={ASKED: "somebody"}))
    assert answer.code == HTTPStatus.FORBIDDEN
    assert f"the annotation {ASKED} says who wrote the plug-in and cannot be chosen" in answer.message


FORGERIES: dict[str, tuple[str, Json]] = {
    "merged": ("application/merge-patch+json", {"metadata": {"annotations": FORGED}}),
    "removed": ("application/merge-patch+json", {"metadata": {"annotations": dict.fromkeys(FORGED)}}),
    "all annotations removed": ("application/merge-patch+json", {"metadata": {"annotations": None}}),
    "applied with force": (
        "application/apply-patch+yaml",
        {"apiVersion": "greffon.dev/v1alpha1", "kind": "Plugin", "metadata": {"annotations": FORGED}},
    ),
}


@pytest.mark.parametrize(("content", "body"), FORGERIES.values(), ids=FORGERIES)
def test_a_forged_author_is_overwritten(people: People, theirs: str, content: str, body: Json) -> None:
    before = stamps(people("").send("GET", theirs))
    more = "&fieldManager=tenant&force=true" if "apply" in content else ""
    answer = people(TENANT).send("PATCH", theirs, json.dumps(body), dry_run=True, content=content, more=more)
    assert stamps(answer) == before


def test_a_plug_in_made_with_a_forged_author_says_who_made_it(people: People) -> None:
    found = stamps(people(TENANT).create(plugin(annotations=FORGED)))
    assert found == {AUTHOR: TENANT, GROUPS: "system:authenticated", CREATED: TENANT, EDITORS: TENANT}


@pytest.mark.parametrize("key", [*FORGED, ASKED])
def test_where_nobody_stamps_a_forged_author_is_refused(unstamped: People, key: str) -> None:
    answer = unstamped(TENANT).create(plugin(annotations={key: "somebody"}))
    assert answer.code == HTTPStatus.FORBIDDEN
    assert f"the annotation {key} says who wrote the plug-in and cannot be chosen" in answer.message


def test_where_nobody_stamps_one_may_write_ones_own_name_or_none(unstamped: People) -> None:
    assert stamps(unstamped(TENANT).create(plugin(annotations={AUTHOR: TENANT})))[AUTHOR] == TENANT
    assert unstamped(TENANT).create(plugin()).accepted
