"""Installs Greffon into a cluster the way a user does: images, then the two charts with Helm.

Used by the fixtures of `tests/e2e` and `tests/fault`, and by `tests.demo`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cluster import Cluster, HarnessError, images
from tests.cluster.exclusive import exclusive
from tests.cluster.paths import default_paths
from tests.cluster.process import wait_until

NAMESPACE = "greffon-system"
CHARTS = Path(__file__).resolve().parent.parent / "charts"
Say = Callable[[str], None]


def install(cluster: Cluster, *, say: Say = lambda _: None) -> None:
    """Build and load the images, install or upgrade both charts, wait until the operator is ready."""
    names = {}
    for target in images.TARGETS:
        say(f"image {target}")
        names[target] = images.provide(cluster, target)
    say("chart greffon-crds")
    upgrade(cluster, "greffon-crds")
    say("chart greffon, and waiting for the operator")
    upgrade(cluster, "greffon", *values(cluster, names))
    wait_until(lambda: is_guarded(cluster), 60, "the effect of the admission policies")


def is_guarded(cluster: Cluster) -> bool:
    """Whether the API server stamps the author of a Plugin, where it has a policy for that: a new one takes seconds."""
    stamps = "mutatingadmissionpolicies.admissionregistration.k8s.io"
    if stamps not in cluster.run_kubectl("api-resources", "--api-group=admissionregistration.k8s.io", "-o", "name"):
        return True
    try:
        made = cluster.run_kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", stdin=json.dumps(_PROBE))
    except HarnessError:
        return False
    return "greffon.dev/author" in json.loads(made)["metadata"].get("annotations", {})


_PROBE = {
    "apiVersion": "greffon.dev/v1alpha1",
    "kind": "Plugin",
    "metadata": {"name": "probe", "namespace": "default"},
    "spec": {"type": "Webhook", "version": "1.0.0", "source": {"url": "https://hooks.example.com/x"}},
}


def upgrade(cluster: Cluster, chart: str, *arguments: str) -> None:
    """Install or upgrade one chart under its own name, and wait until what it made is ready."""
    place = ("-n", NAMESPACE, "--create-namespace", "--wait", "--timeout", "180s")
    with exclusive(default_paths().locks, "installation"):
        _heal(cluster, chart)
        cluster.run_helm("upgrade", "--install", chart, str(CHARTS / chart), *place, *arguments)


def _heal(cluster: Cluster, chart: str) -> None:
    """A run that was killed amid an upgrade leaves the release pending, and Helm then refuses every other one."""
    try:
        status = json.loads(cluster.run_helm("status", chart, "-n", NAMESPACE, "-o", "json"))["info"]["status"]
    except HarnessError:
        return  # there is no such release
    if status in ("pending-upgrade", "pending-rollback"):
        cluster.run_helm("rollback", chart, "-n", NAMESPACE, "--wait")
    elif status == "pending-install":
        cluster.run_helm("uninstall", chart, "-n", NAMESPACE, "--wait")


def values(cluster: Cluster, names: dict[str, str]) -> list[str]:
    """Helm arguments that name the images."""
    repository, _, tag = names["operator"].rpartition(":")
    pairs = {
        "image.repository": repository,
        "image.tag": tag,
        "runners.python": names["runner-python"],
        "runners.bash": names["runner-bash"],
    }
    if cluster.provider != "existing":
        # The tag is the same for every build here, so that a changed image must be told apart by its content.
        pairs[r"podAnnotations.greffon\.dev/build"] = images.ensure("operator").stem
    words = [word for name, value in pairs.items() for word in ("--set-string", f"{name}={value}")]
    return words + _registry(cluster)


def _registry(cluster: Cluster) -> list[str]:
    """Helm arguments that let the operator ask the registry beside the cluster."""
    if cluster.registry is None:
        return []
    ways = ("private", "plainHTTP") if cluster.registry_is_plain else ("private",)
    ports = sorted({443, int(cluster.registry.partition(":")[2] or 443)})
    pairs = {f"registries.{way}": [cluster.registry] for way in ways} | {"networkPolicy.registries.ports": ports}
    return [word for name, value in pairs.items() for word in ("--set-json", f"{name}={json.dumps(value)}")]
