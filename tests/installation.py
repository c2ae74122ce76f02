"""Installs Greffon into a cluster the way a user does: images, then the two charts with Helm.

Used by the fixtures of `tests/e2e` and `tests/fault`, and by `tests.demo`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cluster import Cluster, images

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
    cluster.run_helm(
        "upgrade", "--install", "greffon-crds", str(CHARTS / "greffon-crds"), "-n", NAMESPACE, "--create-namespace"
    )
    say("chart greffon")
    cluster.run_helm("upgrade", "--install", "greffon", str(CHARTS / "greffon"), "-n", NAMESPACE, *values(names))
    # The tag is the same for every build here, so a changed image needs a new pod.
    if _runs_older_image(cluster, names["operator"]):
        cluster.run_kubectl("-n", NAMESPACE, "rollout", "restart", "deployment/greffon")
    say("waiting for the operator")
    cluster.run_kubectl("-n", NAMESPACE, "rollout", "status", "deployment/greffon", "--timeout=180s")


def values(names: dict[str, str]) -> list[str]:
    """Helm arguments that name the images."""
    repository, _, tag = names["operator"].rpartition(":")
    return [
        "--set", f"image.repository={repository}",
        "--set", f"image.tag={tag}",
        "--set", f"runners.python={names['runner-python']}",
        "--set", f"runners.bash={names['runner-bash']}",
    ]  # fmt: skip


def _runs_older_image(cluster: Cluster, image: str) -> bool:
    """The pod runs another image than the node has under this name now."""
    if cluster.provider == "existing":
        return True
    running = cluster.run_kubectl(
        "-n", NAMESPACE, "get", "pods", "-l", "app.kubernetes.io/name=greffon",
        "-o", "jsonpath={.items[*].status.containerStatuses[*].imageID}",
    )  # fmt: skip
    if not running.strip():
        return False
    stored = cluster.run_on_node("crictl", "inspecti", "-o", "go-template", "--template", "{{.status.id}}", image)
    return any(stored.strip().removeprefix("sha256:") not in word for word in running.split())
