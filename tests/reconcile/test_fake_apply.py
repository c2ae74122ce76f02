"""The fake merges and refuses like the real server: each sentence here was first observed there."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from greffon.kube.kinds import BY_KIND
from greffon.kube.owned import fingerprint_of_desired, fingerprint_of_live
from greffon.model.plugin import PluginSpec
from greffon.resources.context import Context, Identity
from greffon.resources.desired import desired
from tests.reconcile import samples
from tests.reconcile.fake.applying import Manager, managers_of
from tests.reconcile.fake.request import APPLY_TYPE, Refused
from tests.reconcile.fake.schema import Path
from tests.reconcile.fake.store import Ref
from tests.reconcile.user import User
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
_CONTEXT = Context(runner_images={"Python": "runner:1"}, api_servers=(("198.18.0.1", 6443),))
_OWNER = Identity("web", NAMESPACE, "3d1f2a34-0000-4000-8000-000000000001")
CHILDREN = {
    obj["kind"]: obj
    for sample in (
        samples.full("web", run={"mode": "Service", "replicas": 2, "ports": [{"name": "http", "port": 8080}]}),
        samples.cron("web"),
    )
    for obj in desired(_OWNER, PluginSpec.parse(sample["spec"]), 1, _CONTEXT)
}


@pytest.fixture
async def quiet(world: World) -> World:
    """A world whose operator is dead and whose garbage collector sleeps."""
    await world.kill()
    world.cluster.collector.delay = 1e9
    return world


def _apply(world: World, obj: Json, **guard: str) -> Json:
    body = {**obj, "metadata": {**obj["metadata"], **guard}}
    return world.server.do(
        "operator",
        "PATCH",
        BY_KIND[obj["kind"]],
        NAMESPACE,
        obj["metadata"]["name"],
        body=body,
        query={"fieldManager": "greffon", "force": "true"},
        content_type=APPLY_TYPE,
    )


@pytest.mark.parametrize("kind", CHILDREN)
async def test_what_was_applied_is_what_the_projection_of_the_live_object_shows(quiet: World, kind: str) -> None:
    wanted = CHILDREN[kind]

    made = _apply(quiet, wanted, resourceVersion="1")

    assert fingerprint_of_live(kind, made) == fingerprint_of_desired(wanted)


@pytest.mark.parametrize("kind", sorted(set(CHILDREN) - {"NetworkPolicy"}))
async def test_the_same_apply_again_changes_nothing(quiet: World, kind: str) -> None:
    made = _apply(quiet, CHILDREN[kind], resourceVersion="1")

    assert _apply(quiet, CHILDREN[kind], uid=made["metadata"]["uid"]) == made


async def test_an_empty_list_of_a_policy_counts_as_a_change_each_time(quiet: World) -> None:
    policy = copy.deepcopy(CHILDREN["NetworkPolicy"])
    policy["spec"]["ingress"] = []
    first = _apply(quiet, policy)

    second = _apply(quiet, policy)

    assert "ingress" not in second["spec"]
    assert second["metadata"]["generation"] == first["metadata"]["generation"] + 1


REFUSED = [
    pytest.param({"resourceVersion": "1"}, True, 409, "the object has been modified", id="create-only, it exists"),
    pytest.param({"uid": "x"}, False, 409, "uid mismatch", id="update-only, it does not exist"),
    pytest.param({"uid": "x"}, True, 422, "metadata.uid", id="update-only, another one has the name"),
]


@pytest.mark.parametrize(("guard", "exists", "code", "text"), REFUSED)
async def test_preconditions_of_an_apply(quiet: World, guard: Json, exists: bool, code: int, text: str) -> None:
    account = CHILDREN["ServiceAccount"]
    before = _apply(quiet, account) if exists else None

    with pytest.raises(Refused, match=text) as refusal:
        _apply(quiet, account, **guard)

    assert refusal.value.code == code
    assert quiet.store.get(Ref("ServiceAccount", NAMESPACE, "plg-web")) == before


def _container(obj: Json) -> Json:
    found: Json = obj["spec"]["template"]["spec"]["containers"][0]
    return found


def _drop_label(obj: Json) -> None:
    del obj["metadata"]["labels"]["greffon.dev/plugin"]


LOST = [
    pytest.param("ServiceAccount", lambda o: o.update(automountServiceAccountToken=True), "Token", id="a scalar"),
    pytest.param("Role", lambda o: o.update(rules=[]), "f:rules", id="an atomic list, as a whole"),
    pytest.param("NetworkPolicy", lambda o: o["spec"].update(egress=[{}]), "f:egress", id="the egress of a policy"),
    pytest.param("Deployment", lambda o: o["spec"].update(replicas=5), "f:replicas", id="the number of replicas"),
    pytest.param("ConfigMap", _drop_label, "f:greffon.dev/plugin", id="a label, even of something immutable"),
    pytest.param("RoleBinding", lambda o: o["metadata"].pop("ownerReferences"), "f:ownerReferences", id="the owner"),
    pytest.param("Deployment", lambda o: _container(o)["env"].pop(0), "GREFFON_CONTRACT", id="a variable"),
    pytest.param(
        "Deployment", lambda o: _container(o)["env"][0].update(value="v2"), "f:value", id="a variable's value"
    ),
]


@pytest.mark.parametrize(("kind", "change", "lost"), LOST)
async def test_a_foreign_change_takes_exactly_that_path(
    quiet: World, kind: str, change: Callable[[Json], Any], lost: str
) -> None:
    wanted = CHILDREN[kind]
    made = _apply(quiet, wanted)

    after = quiet.user.edit(kind, made["metadata"]["name"], change)

    gone = _ours(made) - _ours(after)
    assert gone
    assert all(lost in " ".join(path) for path in gone)
    assert _ours(after) < _ours(made)
    assert fingerprint_of_live(kind, after) != fingerprint_of_desired(wanted)
    assert fingerprint_of_live(kind, _apply(quiet, wanted)) == fingerprint_of_desired(wanted)


def _ours(obj: Json) -> frozenset[Path]:
    return managers_of(obj)[Manager("greffon", "Apply")]


async def test_an_equal_write_by_somebody_else_takes_nothing(quiet: World) -> None:
    made = _apply(quiet, CHILDREN["Deployment"])

    assert quiet.user.edit("Deployment", "plg-web", lambda _: None) == made


async def test_what_the_manager_leaves_out_is_removed_unless_somebody_else_has_it_too(quiet: World) -> None:
    account = copy.deepcopy(CHILDREN["ServiceAccount"])
    account["metadata"]["labels"] |= {"mine": "1", "shared": "1"}
    made = _apply(quiet, account)
    User(quiet.server, NAMESPACE, "other").edit(
        "ServiceAccount", "plg-web", lambda o: o["metadata"]["labels"].update(theirs="1")
    )
    shared = {**made, "metadata": {"name": "plg-web", "labels": {"shared": "1"}}}
    quiet.server.do("other", "PATCH", BY_KIND["ServiceAccount"], NAMESPACE, "plg-web", body=shared,
                    query={"fieldManager": "other"}, content_type=APPLY_TYPE)  # fmt: skip

    after = _apply(quiet, CHILDREN["ServiceAccount"])

    assert after["metadata"]["labels"] == CHILDREN["ServiceAccount"]["metadata"]["labels"] | {
        "shared": "1",
        "theirs": "1",
    }


IMMUTABLE = [
    pytest.param("ConfigMap", lambda o: o["data"].update(x="y"), id="the data of an immutable ConfigMap"),
    pytest.param("RoleBinding", lambda o: o["roleRef"].update(name="admin"), id="the role of a binding"),
    pytest.param("Deployment", lambda o: o["spec"]["selector"]["matchLabels"].update(x="y"), id="a selector"),
]


@pytest.mark.parametrize(("kind", "change"), IMMUTABLE)
async def test_immutable_fields_are_refused(quiet: World, kind: str, change: Callable[[Json], Any]) -> None:
    made = _apply(quiet, CHILDREN[kind])

    with pytest.raises(Refused, match="immutable"):
        quiet.user.edit(kind, made["metadata"]["name"], change)


async def test_the_status_endpoint_changes_the_status_only_and_the_object_s_never(quiet: World) -> None:
    quiet.user.create(samples.simple())
    status = {"conditions": [], "observedGeneration": 1}

    quiet.user.edit("Plugin", "web", lambda o: o.update(status=status, spec={}), sub="status")
    after = quiet.user.edit("Plugin", "web", lambda o: o.update(status={"observedGeneration": 9}))

    assert after["spec"] == samples.simple()["spec"]
    assert after["status"] == status
    assert after["metadata"]["generation"] == 1


async def test_a_new_custom_object_has_the_default_status_of_its_schema(quiet: World) -> None:
    made = quiet.user.create(samples.simple() | {"status": {"observedGeneration": 7}})

    assert [(c["type"], c["status"], c["reason"]) for c in made["status"]["conditions"]] == [
        ("Ready", "Unknown", "Pending"),
        ("Reconciling", "True", "Pending"),
    ]


async def test_the_schema_refuses_what_it_does_not_allow(quiet: World) -> None:
    with pytest.raises(Refused, match=r"spec\.type"):
        quiet.user.create(samples.plugin("web", {"type": "Rust", "source": {"url": "https://x.example"}}))
