"""What makes a revision: the part of a spec that decides what runs, and nothing else."""

import pytest

from greffon.resources.revisions import digest, plugin_revision, snapshot
from tests.unit.resources.samples import CONTAINER_SERVICE, IDENTITY, JOB, RULE, SERVICE, Json, spec_of, with_run

FILES: Json = {"inline": {"files": {"main.py": "other"}}}
CHANGES: dict[str, tuple[Json, Json, bool]] = {
    "the same spec": (SERVICE, SERVICE, False),
    "another version": (SERVICE, SERVICE | {"version": "1.0.1"}, True),
    "another script": (SERVICE, SERVICE | {"source": FILES}, True),
    "another image": (
        CONTAINER_SERVICE,
        CONTAINER_SERVICE | {"source": {"image": {"ref": "registry.test/x:2.0.0"}}},
        True,
    ),
    "another configuration": (SERVICE, SERVICE | {"config": {"values": {"a": 1}}}, True),
    "another permission": (SERVICE, SERVICE | {"permissions": {"rules": [RULE]}}, True),
    "another limit": (SERVICE, with_run(SERVICE, resources={"limits": {"memory": "1Gi"}}), True),
    "another variable": (SERVICE, with_run(SERVICE, env=[{"name": "A", "value": "1"}]), True),
    "another schedule": (JOB, JOB | {"triggers": [{"name": "n", "cron": "0 3 * * *"}]}, True),
    "another sandbox": (SERVICE, SERVICE | {"sandbox": {"runtimeClassName": "gvisor"}}, True),
    "more replicas": (SERVICE, with_run(SERVICE, replicas=5), False),
    "suspended": (SERVICE, SERVICE | {"suspend": True}, False),
    "another description": (SERVICE, SERVICE | {"about": {"description": "x"}}, False),
    "another criticality": (SERVICE, SERVICE | {"criticality": "High"}, False),
    "another way to roll out": (SERVICE, SERVICE | {"rollout": {"soakSeconds": 5}}, False),
    "another way to roll back": (SERVICE, SERVICE | {"rollback": {"historyLimit": 3}}, False),
    "a number instead of the same text": (
        with_run(SERVICE, resources={"limits": {"cpu": "1"}}),
        with_run(SERVICE, resources={"limits": {"cpu": 1}}),
        False,
    ),
}


@pytest.mark.parametrize(("before", "after", "is_new"), CHANGES.values(), ids=CHANGES)
def test_what_makes_a_new_revision(before: Json, after: Json, is_new: bool) -> None:
    hashes = {digest(snapshot(spec_of(wire))) for wire in (before, after)}
    assert (len(hashes) == 2) is is_new


def made(wire: Json, *, parent: str | None = None, sources: tuple[str, ...] = ()) -> Json:
    """The revision object of a spec."""
    return plugin_revision(IDENTITY, spec_of(wire), 7, parent=parent, sources=sources)


def test_the_snapshot_can_be_run_again() -> None:
    wire = with_run(SERVICE, replicas=2) | {"permissions": {"rules": [RULE]}, "config": {"schema": {"type": "object"}}}
    kept = made(wire)["spec"]["plugin"]
    assert digest(snapshot(spec_of(kept))) == made(wire)["spec"]["contentHash"]


def test_a_revision_records_what_was_activated() -> None:
    obj = made(SERVICE | {"permissions": {"rules": [RULE]}}, parent="sample-r6", sources=("plg-sample-src-1",))
    assert obj["metadata"]["name"] == "sample-r7"
    spec = obj["spec"]
    assert spec["pluginRef"] == {"name": IDENTITY.name, "uid": IDENTITY.uid}
    assert (spec["revision"], spec["version"], spec["parent"]) == (7, "1.0.0", "sample-r6")
    assert spec["sources"] == ["plg-sample-src-1"]
    assert "image" not in spec


def test_a_first_revision_has_no_parent_and_a_container_has_an_image_and_no_sources() -> None:
    spec = made(CONTAINER_SERVICE)["spec"]
    assert spec["image"] == {"ref": "registry.test/x:1.0.0"}
    assert not {"parent", "sources"} & set(spec)


PARTS: dict[str, tuple[Json, set[str]]] = {
    "permissions": ({"permissions": {"rules": [RULE]}}, {"contentHash", "permissionsHash"}),
    "configuration": ({"config": {"values": {"a": 1}}}, {"contentHash", "configHash"}),
    "version": ({"version": "9.0.0"}, {"contentHash"}),
}


@pytest.mark.parametrize(("change", "differing"), PARTS.values(), ids=PARTS)
def test_each_part_has_its_own_hash(change: Json, differing: set[str]) -> None:
    before, after = made(SERVICE)["spec"], made(SERVICE | change)["spec"]
    assert {name for name in before if name.endswith("Hash") and before[name] != after[name]} == differing


def test_hashes_do_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"b": [1, 2]}) != digest({"b": [2, 1]})
    assert len(digest({})) == 32
