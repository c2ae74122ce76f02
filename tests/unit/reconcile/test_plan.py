"""What is written, in which step, and what is removed: a comparison of wanted and live objects."""

from dataclasses import replace
from typing import Any

import pytest

from greffon.engine.queue import Key
from greffon.kube.kinds import BY_KIND, CHILDREN
from greffon.kube.owned import fingerprint_of_desired, fingerprint_of_live
from greffon.reconcile.plan import Plan, key_of, plan
from greffon.reconcile.seen import Seen, seen
from tests.unit.kube.stored import stored
from tests.unit.resources.samples import NAMES, RULE, SERVICE, Json, built, golden_children, only, with_run

SPEC = with_run(SERVICE, replicas=2) | {"permissions": {"rules": [RULE]}}
WANTED = built(SPEC)


def live_of(objects: list[Json]) -> list[Seen]:
    """These objects as the cache knows them after their apply."""
    return [seen(BY_KIND[obj["kind"]], stored(obj)) for obj in objects]


LIVE = live_of(WANTED)


def made(desired: list[Json], children: list[Seen], kept: tuple[str, ...] = (), **accepted: Any) -> Plan:
    """The plan for a situation."""
    return plan(desired, children, accepted.get("accepted", {}), kept_files=kept)


def written(todo: Plan) -> list[str]:
    """`Kind` for a creation, `Kind of uid` for a change, in order."""
    return [w.obj["kind"] + (f" of {w.uid}" if w.uid else "") for step in todo.steps for w in step]


def removed(todo: Plan) -> list[str]:
    """Kinds and names."""
    return [f"{child.key.kind} {child.key.name}" for child in todo.prune]


def without(kind: str) -> list[Seen]:
    """What is live, but for one kind."""
    return [child for child in LIVE if child.key.kind != kind]


def changed(kind: str, **fields: Any) -> list[Seen]:
    """What is live, one kind of it different."""
    return [replace(child, **fields) if child.key.kind == kind else child for child in LIVE]


ROLES = ["Role plg-sample", "RoleBinding plg-sample"]
NO_ROLE = [obj for obj in WANTED if "Role" not in obj["kind"]]
SITUATIONS: dict[str, tuple[list[Json], list[Seen], list[str], list[str]]] = {
    "nothing exists": (
        WANTED,
        [],
        [
            "NetworkPolicy",
            "ServiceAccount",
            "Role",
            "ConfigMap",
            "RoleBinding",
            "Service",
            "PodDisruptionBudget",
            "Deployment",
        ],
        [],
    ),
    "all is as desired": (WANTED, LIVE, [], []),
    "one object is missing": (WANTED, without("NetworkPolicy"), ["NetworkPolicy"], []),
    "one object was changed by somebody": (
        WANTED,
        changed("Service", fingerprint="other"),
        ["Service of uid-of-plg-sample"],
        [],
    ),
    "one object was taken over by somebody": (
        WANTED,
        changed("Role", fingerprint=""),
        ["Role of uid-of-plg-sample"],
        [],
    ),
    "one object is going away: its removal will bring us back": (
        WANTED,
        changed("Service", fingerprint="other", deleting=True),
        [],
        [],
    ),
    "rules are no longer declared": (NO_ROLE, LIVE, [], ROLES),
    "what goes away already is not removed again": (
        NO_ROLE,
        [replace(child, deleting=True) for child in LIVE],
        [],
        [],
    ),
    "nothing is desired any more": (
        [],
        LIVE,
        [],
        [f"{c.key.kind} {c.key.name}" for c in LIVE],
    ),
}


@pytest.mark.parametrize(("desired", "children", "writes", "prunes"), SITUATIONS.values(), ids=SITUATIONS)
def test_plans(desired: list[Json], children: list[Seen], writes: list[str], prunes: list[str]) -> None:
    todo = made(desired, children)
    assert written(todo) == writes
    assert removed(todo) == prunes
    assert todo.empty is (not writes and not prunes)
    assert todo.creates is any(" of " not in entry for entry in writes)


@pytest.mark.parametrize("name", NAMES)
def test_confinement_is_complete_before_what_it_confines_is_written(name: str) -> None:
    children = [obj for obj in golden_children(name) if obj["kind"] != "Job"]
    todo = made(children, [])
    assert sorted(written(todo)) == sorted(obj["kind"] for obj in children), "an object is in no step, or in two"
    workload_steps = [
        n for n, step in enumerate(todo.steps) for w in step if w.obj["kind"] in ("Deployment", "CronJob")
    ]
    other_steps = [
        n for n, step in enumerate(todo.steps) for w in step if w.obj["kind"] not in ("Deployment", "CronJob")
    ]
    assert max(other_steps, default=-1) < min(workload_steps, default=99)


def test_every_kind_of_child_has_a_step() -> None:
    for resource in CHILDREN:
        if resource.kind == "Job":
            continue  # a run's Job is written by its own reconcile, a schedule's by its CronJob
        meta = {"name": "x", "namespace": "ns", "labels": {"greffon.dev/plugin-uid": "u"}}
        obj = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta}
        assert written(made([obj], [])) == [resource.kind]


FILES = only(WANTED, "ConfigMap")["metadata"]["name"]
KEPT: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "files of a kept revision stay": ((FILES,), []),
    "files of no kept revision go": ((), [f"ConfigMap {FILES}"]),
    "files of another revision do not protect these": (("plg-sample-src-other",), [f"ConfigMap {FILES}"]),
}


@pytest.mark.parametrize(("kept", "prunes"), KEPT.values(), ids=KEPT)
def test_files_live_as_long_as_a_revision_needs_them(kept: tuple[str, ...], prunes: list[str]) -> None:
    no_files = [obj for obj in WANTED if obj["kind"] != "ConfigMap"]
    assert removed(made(no_files, LIVE, kept)) == prunes


def other(kind: str, name: str) -> Seen:
    """A live object that nobody desires."""
    return Seen(Key(kind, "team-a", name), "u", 1, None)


@pytest.mark.parametrize("kind", ["Job", "Pod", "PluginRun", "PluginRevision", "Secret", "PersistentVolumeClaim"])
def test_what_a_plan_never_removes(kind: str) -> None:
    assert made(WANTED, [*LIVE, other(kind, "x")]).empty


def revision_object() -> Json:
    """A PluginRevision to be written."""
    labels = {"greffon.dev/plugin-uid": "plugin-uid"}
    return {
        "apiVersion": "x",
        "kind": "PluginRevision",
        "metadata": {"name": "s-r1", "namespace": "n", "labels": labels},
    }


REVISIONS: dict[str, tuple[dict[str, str], bool]] = {
    "ours by label and owner": ({"plugin_uid": "plugin-uid", "controller": "plugin-uid"}, False),
    "its owner was taken away": ({"plugin_uid": "plugin-uid"}, True),
    "its label was taken away": ({"controller": "plugin-uid"}, True),
}


@pytest.mark.parametrize(("fields", "is_written"), REVISIONS.values(), ids=REVISIONS)
def test_a_revision_is_written_again_only_to_give_it_back(fields: dict[str, Any], is_written: bool) -> None:
    # Whatever is taken away shows in the fingerprint of the metadata.
    mark = "" if is_written else fingerprint_of_desired(revision_object())
    live = Seen(Key("PluginRevision", "n", "s-r1"), "u", 1, None, fingerprint=mark, **fields)
    assert bool(written(made([revision_object()], [live]))) is is_written


def test_an_object_that_the_server_stores_in_another_form_is_not_applied_for_ever() -> None:
    service = only(WANTED, "Service")
    accepted = {key_of(service): (fingerprint_of_desired(service), "as-stored")}
    children = changed("Service", fingerprint="as-stored")
    assert made(WANTED, children, accepted=accepted).empty
    assert written(made(WANTED, changed("Service", fingerprint="drifted"), accepted=accepted))
    newer = [obj | {"spec": obj["spec"] | {"ports": []}} if obj["kind"] == "Service" else obj for obj in WANTED]
    assert written(made(newer, children, accepted=accepted))


def test_the_fingerprint_of_a_live_object_is_taken_from_what_the_server_stored() -> None:
    deployment = only(WANTED, "Deployment")
    (known,) = [child for child in LIVE if child.key.kind == "Deployment"]
    assert known.fingerprint == fingerprint_of_live("Deployment", stored(deployment)) != ""
