"""A plug-in that Argo CD syncs stays Synced: nobody but its author writes to what the author wrote."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.cluster import HarnessError
from tests.e2e import argo
from tests.e2e.test_samples import PLUGINS, SAMPLES
from tests.e2e.world import Json, World, script

APPLICATION = "samples"


def manifests(world: World, sample: str) -> list[Json]:
    """What Argo CD would apply for a sample."""
    documents = yaml.safe_load_all((PLUGINS / sample / "plugin.yaml").read_text())
    return [argo.tracked(document, APPLICATION, world.namespace) for document in documents if document]


def live(world: World, manifest: Json) -> Json | None:
    """The object of a manifest; None when there is none."""
    try:
        return world.get(manifest["kind"].lower(), manifest["metadata"]["name"])
    except HarnessError as error:
        if "NotFound" in str(error):
            return None
        raise


def out_of_sync(world: World, wanted: list[Json]) -> dict[str, list[str]]:
    """Where each object of an application differs from its manifest; {} when all is Synced."""
    found = {f"{m['kind']} {m['metadata']['name']}": argo.differences(m, live(world, m)) for m in wanted}
    return {name: paths for name, paths in found.items() if paths}


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_synced_once_it_is_ready_and_its_children_are_not_taken_for_the_applications(
    world: World, sample: str
) -> None:
    wanted = manifests(world, sample)
    world.apply(*wanted)
    world.wait_ready(sample, seconds=30)

    assert out_of_sync(world, wanted) == {}
    for child in world.children(sample):
        marks = (child["metadata"].get("annotations") or {}) | (child["metadata"].get("labels") or {})
        assert not {argo.TRACKING_ID, argo.INSTANCE, argo.LAST_APPLIED} & marks.keys(), child["metadata"]


def test_a_refused_plugin_is_synced_too(world: World) -> None:
    wanted = [
        argo.tracked(script("asks", "echo hi", compatibility={"kubernetes": ">=99"}), APPLICATION, world.namespace)
    ]
    world.apply(*wanted)
    world.wait_reason("asks", "Incompatible", 30)

    assert out_of_sync(world, wanted) == {}


def test_whoever_writes_to_the_spec_is_seen(world: World) -> None:
    wanted = [argo.tracked(script("worker", "echo hi"), APPLICATION, world.namespace)]
    world.apply(*wanted)
    world.wait_ready("worker")
    assert out_of_sync(world, wanted) == {}

    world.kubectl("patch", "plugin", "worker", "--type=merge", "-p", json.dumps({"spec": {"version": "9.9.9"}}))
    seen = out_of_sync(world, wanted)
    world.apply(*wanted)

    assert seen == {"Plugin worker": ["$.spec.version"]}
    assert out_of_sync(world, wanted) == {}, "the next sync heals it"


def test_a_missing_object_is_seen(world: World) -> None:
    wanted = [argo.tracked(script("worker", "echo hi"), APPLICATION, world.namespace)]

    assert out_of_sync(world, wanted) == {"Plugin worker": [argo.WHOLE]}
