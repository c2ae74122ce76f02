"""A tag is resolved by the operator, once; what runs keeps its digest when the tag moves (a real registry)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import pytest

from tests.cluster import Cluster, images, registry
from tests.e2e.test_rollback import service
from tests.e2e.world import World

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Repository:
    """One image under a tag, and another one that the tag can be moved to."""

    name: str
    first: str
    second: str

    @property
    def tag(self) -> str:
        """The image as an author writes it."""
        return f"{self.name}:1.0.0"

    def move(self, digest: str) -> None:
        """Let the tag stand for other bytes."""
        registry.crane("tag", f"{self.name}@{digest}", "1.0.0")


@pytest.fixture
def repository(cluster: Cluster) -> Repository:
    assert cluster.registry, "this test needs a registry: name one in GREFFON_TEST_REGISTRY"
    name = f"{cluster.registry}/test/{secrets.token_hex(4)}"
    registry.crane("push", str(images.ensure("runner-python")), f"{name}:1.0.0")
    registry.crane("mutate", "--label", "moved=true", "--tag", f"{name}:moved", f"{name}:1.0.0")
    first, second = (registry.crane("digest", f"{name}:{tag}") for tag in ("1.0.0", "moved"))
    assert first != second
    return Repository(name, first, second)


def _digests(world: World) -> set[str]:
    """What the pods run, as the kubelet reports it."""
    statuses = [
        status
        for pod in world.items("pods", "greffon.dev/plugin=web")
        if "deletionTimestamp" not in pod["metadata"]
        for status in pod["status"].get("containerStatuses") or ()
    ]
    return {status["imageID"].rpartition("@")[2] for status in statuses if status["ready"]}


def test_a_moved_tag_changes_nothing_until_a_restart_resolves_it_anew(world: World, repository: Repository) -> None:
    world.apply(service("web", image=repository.tag))
    world.wait_ready("web")
    recorded = world.get("pluginrevision", "web-r1")["spec"]["image"]
    assert recorded == {"ref": repository.tag, "digest": repository.first}
    template = world.get("deployment", "plg-web")["spec"]["template"]["spec"]
    assert template["containers"][0]["image"] == f"{repository.tag}@{repository.first}"

    repository.move(repository.second)
    world.kubectl("delete", "pod", "-l", "greffon.dev/plugin=web", "--wait=true")
    world.wait_ready("web")
    assert _digests(world) == {repository.first}

    world.kubectl("annotate", "plugin", "web", "greffon.dev/restart=now")
    world.kubectl("wait", "plugin/web", "--for=jsonpath={.status.revisions.active}=web-r2", "--timeout=60s")
    world.eventually("only pods of the new digest", lambda: _digests(world) == {repository.second})
    revision = world.get("pluginrevision", "web-r2")["spec"]
    assert (revision["image"]["digest"], revision["parent"]) == (repository.second, "web-r1")

    world.kubectl("annotate", "plugin", "web", "greffon.dev/rollback-to=web-r1")
    world.eventually("the bytes that ran before", lambda: _digests(world) == {repository.first})


def test_a_tag_that_does_not_exist_never_becomes_a_revision(world: World, repository: Repository) -> None:
    world.apply(service("web", image=repository.tag))
    world.wait_ready("web")

    world.apply(service("web", "2.0.0", image=f"{repository.name}:2.0.0"))

    message = world.wait_reason("web", "ImageNotFound", 30)
    assert f"{repository.name}" in message
    assert world.condition("web", "Available")["status"] == "True"
    assert _digests(world) == {repository.first}
    assert len(world.items("pluginrevisions")) == 1
