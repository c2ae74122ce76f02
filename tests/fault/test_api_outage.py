"""The API server is away for 30 seconds while things change; nothing is lost and nothing happens twice (promise 8)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.cluster import Cluster
from tests.e2e.world import Json, World, script
from tests.fault.api_server import ApiServer, stoppable
from tests.fault.fleet import ECHO, PORT, READ, SMALL
from tests.fault.ledger import ledger
from tests.fault.settled import wait_until_settled
from tests.fault.state import strays

pytestmark = pytest.mark.timeout(900)
OUTAGE_SECONDS = 30
LONGER_THAN_THE_OUTAGE = f"sleep {OUTAGE_SECONDS + 20}\n{ECHO}"
CHILDREN = {
    "ConfigMap",
    "Deployment",
    "NetworkPolicy",
    "PluginRevision",
    "Pod",
    "Role",
    "RoleBinding",
    "Service",
    "ServiceAccount",
}


@pytest.fixture
def api_server(cluster: Cluster) -> Iterator[ApiServer]:
    """The cluster's API server; it runs again afterwards."""
    with stoppable(cluster) as server:
        yield server


def service(name: str, text: str = "cat") -> Json:
    """A plug-in with every kind of child that one replica has."""
    run = {"ports": PORT, "resources": SMALL}
    return script(name, text, mode="Service", run=run, permissions={"rules": READ})


def run(name: str, plugin: str) -> Json:
    meta, spec = {"name": name}, {"pluginRef": {"name": plugin}, "input": {"run": name}}
    return {"apiVersion": "greffon.dev/v1alpha1", "kind": "PluginRun", "metadata": meta, "spec": spec}


def test_an_outage_of_thirty_seconds_loses_nothing_and_does_nothing_twice(world: World, api_server: ApiServer) -> None:
    world.apply(
        *(service(name) for name in ("steady", "changed-before", "changed-after", "leaves-before", "leaves-after")),
        script("quick", ECHO, run={"resources": SMALL}),
        script("long", LONGER_THAN_THE_OUTAGE, run={"resources": SMALL}),
    )
    wait_until_settled(world)
    since, operator_before, steady_before = ledger(world.cluster, world.namespace).mark(), operator(world), pods(world)

    world.apply(run("across", "long"))
    world.kubectl("wait", "pluginrun/across", "--for=jsonpath={.status.job}", "--timeout=60s")
    world.apply(service("changed-before", "cat -n"), service("made-before"), run("before", "quick"))
    world.kubectl("delete", "plugin", "leaves-before", "--wait=false")
    api_server.stop()
    time.sleep(OUTAGE_SECONDS)
    api_server.start()
    world.apply(service("changed-after", "cat -n"), service("made-after"), run("after", "quick"))
    world.kubectl("delete", "plugin", "leaves-after", "--wait=false")

    wait_until_settled(world, leaving=("leaves-before", "leaves-after"), seconds=300)
    assert strays(world) == []
    assert_complete(world)
    assert_each_run_happened_once(world, since, {"across", "before", "after"})
    assert pods(world)["steady"] == steady_before["steady"], "the outage disturbed a plug-in that nobody touched"
    assert_alive_or_restarted_cleanly(operator_before, operator(world))


def assert_complete(world: World) -> None:
    """Every service has all its children, serves, and runs what was last asked for."""
    for name, revision in {
        "steady": 1,
        "changed-before": 2,
        "changed-after": 2,
        "made-before": 1,
        "made-after": 1,
    }.items():
        assert {obj["kind"] for obj in world.children(name)} == CHILDREN
        assert world.condition(name, "Ready")["status"] == "True"
        assert world.get("plugin", name)["status"]["revisions"]["active"] == f"{name}-r{revision}"


def assert_each_run_happened_once(world: World, since: int, names: set[str]) -> None:
    """One Job made, one pod, one result: the right one."""
    for name in names:
        assert world.get("pluginrun", name)["status"]["output"] == {"run": name}
        assert len(world.items("pods", f"greffon.dev/run={name}")) == 1
    book = ledger(world.cluster, world.namespace)
    assert not book.made_again("jobs", since)
    ran = book.pods_of_jobs(since)
    assert list(ran.values()) == [1] * len(names), f"Jobs, and how many pods each has had: {ran}"


def pods(world: World) -> dict[str, list[tuple[str, int]]]:
    """Per plug-in: uid and restarts of each pod."""
    found: dict[str, list[tuple[str, int]]] = {}
    for pod in world.items("pods"):
        restarts = sum(status["restartCount"] for status in pod["status"].get("containerStatuses") or ())
        found.setdefault(pod["metadata"]["labels"]["greffon.dev/plugin"], []).append((pod["metadata"]["uid"], restarts))
    return found


def operator(world: World) -> Json:
    """The operator's pod."""
    selector = "app.kubernetes.io/name=greffon,app.kubernetes.io/component=operator"
    found = world.cluster.run_kubectl("-n", "greffon-system", "get", "pods", "-l", selector, "-o", "json")
    (pod,) = json.loads(found)["items"]
    made: Json = pod
    return made


def assert_alive_or_restarted_cleanly(before: Json, after: Json) -> None:
    """The same pod; its process lives, or ended by itself and was started again."""
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    (status,) = after["status"]["containerStatuses"]
    restarts = status["restartCount"] - before["status"]["containerStatuses"][0]["restartCount"]
    print(f"the operator's process was restarted {restarts} times")
    if restarts:
        end = status["lastState"]["terminated"]
        assert (end["reason"], end["exitCode"]) == ("Error", 1), end
