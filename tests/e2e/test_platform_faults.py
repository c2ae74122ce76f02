"""What the platform does is nobody's fault: nothing is rolled back, the status says what is going on (promise 4).

Run by pytest on the real cluster. Quota, deletion and single evictions are in `test_rollback`. A NoExecute taint would
evict the operator from the only node, so the taint is NoSchedule, and the plug-in's pod is evicted.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import pytest

from tests.cluster import Cluster, images, registry
from tests.cluster.controlplane_process import kill
from tests.cluster.paths import default_paths
from tests.e2e.test_rollback import IMAGE, evict, is_past_its_deadline, ready_pod, serves_only, service
from tests.e2e.world import Json, World

pytestmark = pytest.mark.timeout(600)
alone = pytest.mark.alone
"""Node and registry are everybody's."""
TAINT = "test.greffon.dev/closed"
HANDLER = "no-such-handler"


@contextmanager
def drained(world: World, name: str) -> Iterator[None]:
    """`kubectl drain`, of one plug-in: of all, the operator would leave, too."""
    nodes = world.cluster.run_kubectl("get", "nodes", "-o", "name").split()
    selector = f"--pod-selector=greffon.dev/plugin-uid={world.get('plugin', name)['metadata']['uid']}"
    try:
        world.cluster.run_kubectl("drain", *nodes, selector, "--delete-emptydir-data", "--timeout=60s")
        yield
    finally:
        world.cluster.run_kubectl("uncordon", *nodes)


@contextmanager
def tainted(world: World, name: str) -> Iterator[None]:
    """No node takes new pods that do not tolerate a taint of the test's own, and the plug-in's pod is evicted."""
    try:
        world.cluster.run_kubectl("taint", "nodes", "--all", f"{TAINT}=yes:NoSchedule", "--overwrite")
        evict(world, ready_pod(world, name))
        yield
    finally:
        world.cluster.run_kubectl("taint", "nodes", "--all", f"{TAINT}:NoSchedule-")


@contextmanager
def registry_stopped(cluster: Cluster, put_back: Callable[[], object]) -> Iterator[None]:
    """Nobody listens at the registry's address.

    Args:
        put_back: pushes again what the registry had: it keeps manifests in memory, and one that has forgotten an image
            refuses it, which is no outage. Nobody but this machine reaches it until that is done.
    """
    paths = default_paths()
    try:
        kill(paths.state / "registry.pid")
        yield
    finally:
        with cut_off(cluster):
            registry.start(paths)
            put_back()


@contextmanager
def cut_off(cluster: Cluster) -> Iterator[None]:
    """Whoever connects to the registry from the node or from a pod is refused."""
    assert cluster.registry, "the harness's own cluster has one"
    host, port = cluster.registry.split(":")
    refuse = ("-p", "tcp", "-d", host, "--dport", port, "-j", "REJECT", "--reject-with", "tcp-reset")
    try:
        for chain in ("OUTPUT", "FORWARD"):
            cluster.run_on_node("iptables", "-I", chain, *refuse)
        yield
    finally:
        for chain in ("OUTPUT", "FORWARD"):
            cluster.run_on_node("iptables", "-D", chain, *refuse)


@contextmanager
def runtime_class(cluster: Cluster) -> Iterator[str]:
    """A RuntimeClass that the API knows and whose handler no node has; gives its name."""
    name = f"t-{secrets.token_hex(4)}"
    made = (
        f'{{"apiVersion":"node.k8s.io/v1","kind":"RuntimeClass","metadata":{{"name":"{name}"}},"handler":"{HANDLER}"}}'
    )
    try:
        cluster.run_kubectl("create", "-f", "-", stdin=made)
        yield name
    finally:
        cluster.run_kubectl("delete", "runtimeclass", name, "--ignore-not-found")


def two_versions(world: World, *names: str, image: str | None = None) -> None:
    """The second of two good versions serves: there is something to go back to."""
    for version in ("1.0.0", "2.0.0"):
        world.apply(*(service(name, version, image=image or IMAGE) for name in names))
        for name in names:
            world.wait_ready(name, 120)
    for name in names:
        world.eventually(f"the second version of {name} alone serves", partial(serves_only, world, name, "2"))


def assert_nothing_counted(world: World, name: str, *, desired: int = 2, active: int | None = 2) -> None:
    """No rollback, no quarantine, no crash; active is what serves at this moment, None when nothing does."""
    status: Json = world.get("plugin", name)["status"]
    found = status["revisions"]
    assert found["desired"] == f"{name}-r{desired}"
    assert found.get("active") == (f"{name}-r{active}" if active else None)
    assert "quarantined" not in status
    assert not {entry["action"] for entry in status["history"]} & {"Quarantined", "RolledBack"}
    revisions = [revision.get("status") or {} for revision in world.items("pluginrevisions")]
    assert not [found for found in revisions if found.get("crashes") or found.get("state") == "Quarantined"]


def after_the_deadline(world: World, name: str) -> None:
    """The rollout is late, and the operator has looked at it since."""
    world.eventually("the deadline has passed", partial(is_past_its_deadline, world, name), 120)
    world.kubectl("annotate", f"plugin/{name}", "greffon.dev/reconcile=late")
    world.kubectl("wait", f"plugin/{name}", "--for=jsonpath={.status.handled.reconcile}=late", "--timeout=30s")


@alone
@pytest.mark.parametrize("closed", [drained, tainted], ids=["a drain", "a taint"])
def test_on_a_closed_node_old_and_new_versions_wait(
    world: World, closed: Callable[[World, str], AbstractContextManager[None]]
) -> None:
    why = "unschedulable" if closed is drained else "taint"
    two_versions(world, "drained", "upgraded")
    with closed(world, "drained"):
        world.apply(service("upgraded", "3.0.0"))
        for name in ("drained", "upgraded"):
            message = world.wait_reason(name, "Unschedulable", 90)
            assert "no node takes the pod" in message
            assert why in message
        after_the_deadline(world, "upgraded")
        assert serves_only(world, "upgraded", "2")
        assert_nothing_counted(world, "drained", active=None)
        assert_nothing_counted(world, "upgraded", desired=3)
    for name in ("drained", "upgraded"):
        world.wait_ready(name, 120)
    assert_nothing_counted(world, "drained")
    assert_nothing_counted(world, "upgraded", desired=3, active=3)


@alone
def test_a_restart_and_a_new_version_while_the_registry_is_down(world: World) -> None:
    """The name holds "401", as one digest in thirty does: text of a name says nothing about the registry's answer."""
    name = f"{world.cluster.registry}/test/{secrets.token_hex(4)}-401"
    push = partial(registry.crane, "push", str(images.ensure("runner-python")), f"{name}:1.0.0")
    push()
    image = f"{name}@{registry.crane('digest', f'{name}:1.0.0')}"
    two_versions(world, "web", image=image)
    with registry_stopped(world.cluster, push):
        world.cluster.run_on_node("ctr", "--namespace", "k8s.io", "images", "rm", image)
        world.kubectl("delete", "pod", ready_pod(world, "web"), "--wait=false")
        message = world.wait_reason("web", "ImagePullFailed", 120)
        assert name in message
        assert "nodes reach the registry" in message
        assert_nothing_counted(world, "web", active=None)
        world.apply(service("web", "3.0.0", image=image))  # one that has never served is judged by its deadline
        after_the_deadline(world, "web")
        assert_nothing_counted(world, "web", desired=3, active=None)
    # Between two pulls of a pod the kubelet waits up to five minutes, but a new pod asks at once.
    world.kubectl("delete", "pods", "--all", "--wait=false")
    world.wait_ready("web", 120)
    assert_nothing_counted(world, "web", desired=3, active=3)


def test_a_sandbox_that_the_node_cannot_make(world: World) -> None:
    two_versions(world, "web")
    with runtime_class(world.cluster) as handler:
        third = service("web", "3.0.0")
        third["spec"]["sandbox"] = {"runtimeClassName": handler}
        world.apply(third)
        assert handler in world.wait_reason("web", "SandboxUnavailable", 120)
        after_the_deadline(world, "web")
        assert world.condition("web", "Ready")["reason"] == "SandboxUnavailable"
        assert serves_only(world, "web", "2")
        assert_nothing_counted(world, "web", desired=3)
        world.apply(service("web", "4.0.0"))
        world.wait_ready("web", 120)
    assert_nothing_counted(world, "web", desired=4, active=4)
