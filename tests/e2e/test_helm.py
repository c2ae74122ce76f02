"""Helm installs, upgrades, tests and uninstalls; no plug-in notices (promise 14).

The installation that the other tests use is put back at the end, and that is part of what is shown.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest

from tests import installation
from tests.cluster import Cluster, HarnessError, binaries
from tests.e2e.world import Json, World, script
from tests.fault.ledger import ledger

pytestmark = [pytest.mark.alone, pytest.mark.timeout(600)]
NAMESPACE = installation.NAMESPACE
RULES = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "reason": "reads"}]
LEFT = "deployments,services,serviceaccounts,networkpolicies,roles,rolebindings,configmaps,pods"


@pytest.fixture(params=["helm", "helm3"], ids=["Helm 4", "Helm 3"])
def helm(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The cluster, for a test that changes the installation; afterwards it is as the other tests need it."""
    try:
        yield dataclasses.replace(cluster, helm=binaries.ensure(request.param) / "helm")
    finally:
        installation.install(cluster)


def inhabit(world: World) -> dict[str, Json]:
    """A Service with all its children and a Job with a result; gives everything, as stored."""
    world.apply(script("web", "cat", mode="Service", permissions={"rules": RULES}), script("task", "echo '{}'"))
    world.wait_ready("web", 120)
    world.wait_ready("task")
    world.run("task", "once")
    ledger(world.cluster, world.namespace).quiet()
    return everything(world)


def everything(world: World) -> dict[str, Json]:
    """Plugins and children as stored, by UID: the same version means that nobody wrote."""
    objects = [*world.items("plugins,pluginruns"), *world.children("web"), *world.children("task")]
    return {obj["metadata"]["uid"]: obj for obj in objects}


def operator_environment(cluster: Cluster) -> dict[str, str]:
    found = cluster.run_kubectl("-n", NAMESPACE, "get", "deployment/greffon", "-o", "json")
    (container,) = json.loads(found)["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value", "") for entry in container["env"]}


def of_release(cluster: Cluster, kinds: str, *place: str) -> list[str]:
    """Names of what carries the release's label."""
    selector = ("-l", "app.kubernetes.io/instance=greffon", "-o", "name")
    return cluster.run_kubectl("get", kinds, *place, *selector).split()


def test_the_charts_own_test_passes_and_leaves_nothing(helm: Cluster) -> None:
    old = helm.helm.parent.name.startswith("helm3")  # it deletes the pod before it reads the log
    logs, words = ((), "Phase:          Succeeded") if old else (("--logs",), "it is deleted and nothing of it remains")
    printed = helm.run_helm("test", "greffon", "-n", NAMESPACE, *logs, "--timeout", "300s", timeout=330)

    assert words in printed, printed
    left = helm.run_kubectl("-n", NAMESPACE, "get", f"plugins,pluginruns,pluginrevisions,{LEFT}", "-o", "name")
    assert "smoke" not in left, left
    assert "greffon-test" not in left, left


def test_an_upgrade_changes_the_operator_and_no_plug_in(helm: Cluster, world: World) -> None:
    before, book = inhabit(world), ledger(helm, world.namespace)
    since = book.mark()

    installation.upgrade(helm, "greffon", "--reuse-values", "--set", "settings.logLevel=debug")
    book.quiet(seconds=5)

    assert operator_environment(helm)["GREFFON_LOG_LEVEL"] == "debug"
    assert everything(world) == before
    assert book.count(since) == {}
    world.apply(script("task", "echo '{\"after\": 1}'"))
    world.wait_ready("task")
    assert world.run("task", "again")["status"]["output"] == {"after": 1}


def test_a_value_that_does_not_exist_is_refused_and_changes_nothing(helm: Cluster) -> None:
    before = helm.run_kubectl("-n", NAMESPACE, "get", "deployment/greffon", "-o", "jsonpath={.metadata.generation}")

    with pytest.raises(HarnessError, match="logLevle"):
        installation.upgrade(helm, "greffon", "--reuse-values", "--set", "settings.logLevle=debug")

    after = helm.run_kubectl("-n", NAMESPACE, "get", "deployment/greffon", "-o", "jsonpath={.metadata.generation}")
    assert after == before


def test_uninstalling_both_charts_keeps_every_plug_in_and_a_reinstall_takes_over(helm: Cluster, world: World) -> None:
    before, book = inhabit(world), ledger(helm, world.namespace)

    helm.run_helm("uninstall", "greffon", "-n", NAMESPACE, "--wait", "--timeout", "120s")
    helm.run_helm("uninstall", "greffon-crds", "-n", NAMESPACE, "--wait", "--timeout", "120s")

    world.eventually("the operator's pod has ended", lambda: not of_release(helm, "pods", "-n", NAMESPACE))
    assert of_release(helm, LEFT, "-n", NAMESPACE) == []
    assert of_release(helm, "clusterroles,clusterrolebindings") == []
    assert of_release(helm, "roles,rolebindings", "-n", "default") == []
    assert everything(world) == before, "children are part of a Plugin, not of the operator"
    world.apply(script("later", "echo '{}'"))

    since = book.mark()
    installation.install(helm)
    world.wait_ready("later", 60)
    book.quiet(seconds=5)

    assert {uid: obj for uid, obj in everything(world).items() if uid in before} == before
    assert [request.name for request in book.writes(since) if "later" not in request.name] == []
    assert world.run("later", "works")["status"]["outcome"] == "Succeeded"
