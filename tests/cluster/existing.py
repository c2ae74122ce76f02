"""A cluster of the user's own, named by GREFFON_TEST_KUBECONFIG: used, never started, stopped or changed.

Called by the package's `ensure`. Images reach such a cluster through a registry, which the user names in
GREFFON_TEST_REGISTRY and pushes to; without one, tests that need an image say so.
"""

import os
import shutil
from pathlib import Path

from tests.cluster import binaries
from tests.cluster.model import Cluster
from tests.cluster.paths import Paths
from tests.cluster.process import CommandError, HarnessError

KUBECONFIG = "GREFFON_TEST_KUBECONFIG"
REGISTRY = "GREFFON_TEST_REGISTRY"
PLAIN = "GREFFON_TEST_REGISTRY_PLAIN_HTTP"


def named() -> Path | None:
    """The kubeconfig that the user names, or None. The current context of `~/.kube/config` is never taken."""
    value = os.environ.get(KUBECONFIG)
    return Path(value).expanduser() if value else None


def connect(kubeconfig: Path, paths: Paths) -> Cluster:
    """The user's cluster, once it has answered."""
    if not kubeconfig.is_file():
        raise HarnessError(f"{KUBECONFIG} names {kubeconfig}, which is not a file")
    cluster = Cluster(
        name=kubeconfig.stem,
        provider="existing",
        kubeconfig=kubeconfig,
        kubectl=_program("kubectl", "kubernetes", paths),
        helm=_program("helm", "helm", paths),
        registry=os.environ.get(REGISTRY) or None,
        registry_is_plain=os.environ.get(PLAIN) == "true",
    )
    try:
        cluster.run_kubectl("get", "--raw", "/readyz", timeout=20)
    except CommandError as error:
        raise HarnessError(f"the cluster of {kubeconfig} does not answer: {error}") from error
    return cluster


def _program(name: str, module: str, paths: Paths) -> Path:
    """The user's own program fits the user's cluster; ours is built only where there is none."""
    found = shutil.which(name)
    return Path(found) if found else binaries.ensure(module, paths) / name
