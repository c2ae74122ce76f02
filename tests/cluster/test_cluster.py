"""The cluster keeps the promises that other tests build on: names, policies, images, bounds, audit log."""

import json
import textwrap
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from tests.cluster import Cluster, ensure, images, registry
from tests.cluster.kind_config import POD_PROCESSES
from tests.cluster.process import CommandError, wait_until

pytestmark = [pytest.mark.alone, pytest.mark.cluster, pytest.mark.timeout(600)]

_WAIT = "import signal; signal.sigwait({signal.SIGTERM})"
_DENY_ALL = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "deny"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}
Python = Callable[[str], str]


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return ensure()


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"harness-{uuid4().hex[:8]}"
    cluster.run_kubectl("create", "namespace", name)
    cluster.run_kubectl("-n", name, "wait", "--for=create", "serviceaccount/default", "--timeout=60s")
    yield name
    cluster.run_kubectl("delete", "namespace", name, "--wait=false")


def start_pod(cluster: Cluster, namespace: str, image: str) -> None:
    command = ("run", "client", f"--image={image}", "--image-pull-policy=IfNotPresent", "--restart=Never")
    cluster.run_kubectl("-n", namespace, *command, "--command", "--", "python3", "-c", _WAIT)
    cluster.run_kubectl("-n", namespace, "wait", "--for=condition=Ready", "pod/client", "--timeout=120s", timeout=130)


@pytest.fixture
def python(cluster: Cluster, namespace: str) -> Python:
    """Runs Python text inside a pod and returns what it printed."""
    start_pod(cluster, namespace, images.provide(cluster, "runner-python"))
    command = ("-n", namespace, "exec", "client", "--", "python3", "-c")
    return lambda text: cluster.run_kubectl(*command, textwrap.dedent(text)).strip()


CONNECT = """
    import socket
    try:
        socket.create_connection(("kubernetes.default.svc", 443), timeout=2).close()
        print("connected")
    except OSError as error:
        print("cut off")
"""


def test_a_pod_reaches_a_service_by_its_name(python: Python) -> None:
    assert python(CONNECT) == "connected"


def test_a_policy_cuts_a_pod_off_and_its_removal_restores_it(cluster: Cluster, namespace: str, python: Python) -> None:
    assert python(CONNECT) == "connected"
    cluster.run_kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(_DENY_ALL))
    wait_until(lambda: python(CONNECT) == "cut off", 30, "the policy's effect")
    cluster.run_kubectl("-n", namespace, "delete", "networkpolicy/deny")
    wait_until(lambda: python(CONNECT) == "connected", 30, "the end of the policy's effect")


def test_a_pod_runs_an_image_that_was_pushed_to_the_registry_by_digest(cluster: Cluster, namespace: str) -> None:
    archive = images.ensure("runner-python")
    pushed = registry.push(archive, f"harness/{namespace}:v1")
    assert "@sha256:" in pushed
    start_pod(cluster, namespace, pushed)
    path = "jsonpath={.status.containerStatuses[0].imageID}"
    running = cluster.run_kubectl("-n", namespace, "get", "pod", "client", "-o", path)
    assert running.endswith(pushed.rpartition("@")[2])


def test_a_loaded_image_keeps_its_name_after_a_pull_of_the_same_image(cluster: Cluster, namespace: str) -> None:
    name = images.provide(cluster, "runner-python")
    pushed = registry.push(images.ensure("runner-python"), f"harness/{namespace}:v1")
    cluster.run_kubectl("-n", namespace, "run", "puller", f"--image={pushed}", "--restart=Never")
    pulled = "--for=jsonpath={.status.containerStatuses[0].imageID}"
    cluster.run_kubectl("-n", namespace, "wait", pulled, "pod/puller", "--timeout=120s", timeout=130)
    start_pod(cluster, namespace, name)


def test_a_fork_bomb_ends_at_the_pods_own_limit(python: Python) -> None:
    started = python(
        """
        import os, signal
        children = []
        try:
            while len(children) < 1000:
                child = os.fork()
                if child == 0:
                    signal.pause()
                children.append(child)
        except BlockingIOError:
            pass
        for child in children:
            os.kill(child, signal.SIGKILL)
        print(len(children))
        """
    )
    assert POD_PROCESSES // 2 < int(started) < POD_PROCESSES


def test_a_request_is_in_the_audit_log_once_it_is_answered(cluster: Cluster, namespace: str) -> None:
    assert cluster.audit_log is not None
    before = cluster.audit_log.stat().st_size
    with pytest.raises(CommandError, match="NotFound"):
        cluster.run_kubectl("-n", namespace, "get", "configmap", "asked-for-by-the-harness")
    with cluster.audit_log.open() as log:
        log.seek(before)
        asked = [json.loads(line) for line in log if "asked-for-by-the-harness" in line]
    assert [(event["verb"], event["responseStatus"]["code"]) for event in asked] == [("get", 404)]


def test_a_paused_node_stops_answering_and_goes_on_afterwards(cluster: Cluster) -> None:
    cluster.pause_node()
    try:
        with pytest.raises(CommandError):
            cluster.run_kubectl("get", "--raw", "/readyz", "--request-timeout=2s")
    finally:
        cluster.resume_node()
    assert ensure() == cluster
    assert cluster.run_kubectl("get", "--raw", "/readyz") == "ok"


def test_helm_talks_to_the_cluster(cluster: Cluster) -> None:
    assert json.loads(cluster.run_helm("list", "--all-namespaces", "--output", "json")) is not None
