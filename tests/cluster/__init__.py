"""The harness: a real Kubernetes cluster for the tests, on whatever the machine offers.

Fixtures call `ensure()`; people call `python -m tests.cluster up`. Providers, in this order: the cluster that
GREFFON_TEST_KUBECONFIG names; kind with Docker; kind with a private Podman and a node image made here.
"""

from tests.cluster import existing, kind
from tests.cluster.model import Cluster
from tests.cluster.paths import default_paths
from tests.cluster.process import HarnessError

__all__ = ["Cluster", "HarnessError", "ensure"]


def ensure() -> Cluster:
    """A cluster that answers: the user's, the one that runs already, or a new one."""
    paths = default_paths()
    kubeconfig = existing.named()
    return existing.connect(kubeconfig, paths) if kubeconfig else kind.up(paths)
