"""Synced and OutOfSync as Argo CD means them: what counts as a difference, what does not, and what it cannot see."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.manifests import DROP, changed
from tests.contract.right import everything
from tests.e2e.argo import INSTANCE, LAST_APPLIED, TRACKING_ID, WHOLE, differences, tracked

Json = dict[str, Any]


def applied(config: Json, *, note: bool = True) -> Json:
    """What is live after `kubectl apply` (or, without note, `kubectl create`) of a manifest."""
    written = copy.deepcopy(config)
    meta = written["metadata"]
    # kubectl writes the namespace and an empty map of annotations into its note.
    noted = written | {"metadata": {"annotations": {}} | meta | {"namespace": "team-a"}}
    meta["annotations"] = (meta.get("annotations") or {}) | ({LAST_APPLIED: json.dumps(noted)} if note else {})
    server = {"namespace": "team-a", "uid": "1", "resourceVersion": "7", "generation": 1, "managedFields": [{"a": 1}]}
    meta |= server | {"creationTimestamp": "2030-01-01T00:00:00Z"}
    return written | {"status": {"observedGeneration": 1}}


PLAIN = everything()
CONFIG_MAP: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}

SYNCED: dict[str, tuple[Json, Json]] = {
    "just applied": (PLAIN, applied(PLAIN)),
    "just created, without kubectl's note": (PLAIN, applied(PLAIN, note=False)),
    "marked by annotation and label": (tracked(PLAIN, "app", "team-a"), applied(tracked(PLAIN, "app", "team-a"))),
    "a status": (PLAIN, changed(applied(PLAIN), {"status": {"conditions": [{"type": "Ready"}]}})),
    "a status that somebody exported into Git": (PLAIN | {"status": {"observedGeneration": 9}}, applied(PLAIN)),
    "a creation time of null in Git": (changed(PLAIN, {"metadata.creationTimestamp": None}), applied(PLAIN)),
    "a namespace in Git": (changed(PLAIN, {"metadata.namespace": "team-a"}), applied(PLAIN)),
    "an empty map of annotations in Git": (changed(PLAIN, {"metadata.annotations": {}}), applied(PLAIN)),
    "1 written as 1.0": (changed(PLAIN, {"spec.run.retries": 3.0}), applied(PLAIN)),
    "a null in Git, which kubectl takes for nothing": (changed(PLAIN, {"spec.sandbox.x": None}), applied(PLAIN)),
    "a ConfigMap": (CONFIG_MAP, applied(CONFIG_MAP)),
    "an annotation of somebody's": (
        PLAIN,
        changed(applied(PLAIN), {"metadata.annotations": applied(PLAIN)["metadata"]["annotations"] | {"note": "x"}}),
    ),
    "a field beside the manifest's, which this way of comparing cannot see": (
        changed(PLAIN, {"spec.suspend": DROP}),
        changed(applied(changed(PLAIN, {"spec.suspend": DROP})), {"spec.suspend": True}),
    ),
    "a field more in an element of a list, likewise": (
        PLAIN,
        changed(applied(PLAIN), {"spec.dependsOn[0].since": "1"}),
    ),
}
DIFFERENT: dict[str, tuple[Json, Json | None, list[str]]] = {
    "no such object": (PLAIN, None, [WHOLE]),
    "a changed value": (PLAIN, changed(applied(PLAIN), {"spec.version": "9.9.9"}), ["$.spec.version"]),
    "a value of another type": (PLAIN, changed(applied(PLAIN), {"spec.run.retries": "3"}), ["$.spec.run.retries"]),
    "1 where Git says true": (
        changed(PLAIN, {"spec.rollback.auto": True}),
        changed(applied(PLAIN), {"spec.rollback.auto": 1}),
        ["$.spec.rollback.auto"],
    ),
    "a removed field": (PLAIN, changed(applied(PLAIN), {"spec.suspend": DROP}), ["$.spec.suspend"]),
    "a removed map": (PLAIN, changed(applied(PLAIN), {"spec.rollout": DROP}), ["$.spec.rollout"]),
    "a shorter list": (PLAIN, changed(applied(PLAIN), {"spec.triggers": []}), ["$.spec.triggers"]),
    "a longer list": (
        PLAIN,
        changed(applied(PLAIN), {"spec.dependsOn": [*PLAIN["spec"]["dependsOn"], {"plugin": "b"}]}),
        ["$.spec.dependsOn"],
    ),
    "a changed list": (PLAIN, changed(applied(PLAIN), {"spec.run.entrypoint[1]": "x"}), ["$.spec.run.entrypoint"]),
    "two values": (
        PLAIN,
        changed(applied(PLAIN), {"spec.suspend": True, "spec.run.retries": 0}),
        ["$.spec.run.retries", "$.spec.suspend"],
    ),
    "a new value in Git": (changed(PLAIN, {"spec.suspend": True}), applied(PLAIN), ["$.spec.suspend"]),
    "a new field in Git": (PLAIN, applied(changed(PLAIN, {"spec.suspend": DROP})), ["$.spec.suspend"]),
    "a field that Git gave up": (changed(PLAIN, {"spec.suspend": DROP}), applied(PLAIN), ["$.spec.suspend"]),
    "a map that Git gave up": (changed(PLAIN, {"spec.rollout": DROP}), applied(PLAIN), ["$.spec.rollout"]),
    "no note, and a changed value": (
        PLAIN,
        changed(applied(PLAIN, note=False), {"spec.version": "9.9.9"}),
        ["$.spec.version"],
    ),
    "no mark of the application": (
        tracked(CONFIG_MAP, "app", "team-a"),
        applied(CONFIG_MAP),
        [f"$.metadata.annotations.{TRACKING_ID}", "$.metadata.labels"],
    ),
    "a changed ConfigMap": (CONFIG_MAP, changed(applied(CONFIG_MAP), {"data.k": "w"}), ["$.data.k"]),
}


@pytest.mark.parametrize("what", SYNCED)
def test_this_is_synced(what: str) -> None:
    config, live = SYNCED[what]

    assert differences(config, live) == []


@pytest.mark.parametrize("what", DIFFERENT)
def test_this_is_out_of_sync_and_the_path_is_named(what: str) -> None:
    config, live, paths = DIFFERENT[what]

    assert differences(config, live) == paths


def test_the_mark_names_application_kind_and_place() -> None:
    marked = tracked(PLAIN, "app", "team-a")["metadata"]

    assert marked["annotations"] == {TRACKING_ID: "app:greffon.dev/Plugin:team-a/cert-check"}
    assert marked["labels"] == {INSTANCE: "app"}
    assert "annotations" not in PLAIN["metadata"]
    core = tracked(CONFIG_MAP, "app", "team-a")["metadata"]["annotations"]
    assert core == {TRACKING_ID: "app:/ConfigMap:team-a/a"}


def test_a_kind_that_is_merged_otherwise_is_refused() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}

    with pytest.raises(ValueError, match="merged by a Go type"):
        differences(service, service)


LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
SPECS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


def _with(spec: Json) -> Json:
    return {"apiVersion": "greffon.dev/v1alpha1", "kind": "Plugin", "metadata": {"name": "a"}, "spec": spec}


def _stored(value: Any) -> Any:
    """The API server keeps no field whose value is null."""
    if isinstance(value, dict):
        return {key: _stored(child) for key, child in value.items() if child is not None}
    return value


@given(spec=SPECS)
def test_whatever_was_applied_is_synced(spec: Json) -> None:
    live = changed(applied(_with(spec)), {"spec": _stored(spec)})

    assert differences(_with(spec), live) == []


@given(before=SPECS.map(_stored), after=SPECS.map(_stored))
def test_whatever_was_changed_in_git_is_seen(before: Json, after: Json) -> None:
    found = differences(_with(after), applied(_with(before)))

    assert bool(found) == (json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True)), found
