"""Stops and starts the API server of the kind node: its static-pod manifest goes away and comes back.

Used by `test_api_outage`. What is stopped is started again whatever happens; the cluster is well when the block ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster import Cluster
from tests.cluster.process import succeeds, wait_until
from tests.installation import is_guarded

_MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
_AWAY = "/etc/kubernetes/kube-apiserver.yaml.away"


class ApiServer:
    """The one API server of a cluster of the harness."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    @property
    def answers(self) -> bool:
        """Whether it is ready to serve."""
        c = self._cluster
        return succeeds([c.kubectl, "--kubeconfig", c.kubeconfig, "get", "--raw", "/readyz"], timeout=10)

    def stop(self) -> None:
        """Take its manifest away; returns when it serves no more."""
        self._cluster.run_on_node("mv", _MANIFEST, _AWAY)
        wait_until(lambda: not self.answers, 60, "the end of the API server")

    def start(self) -> None:
        """Put the manifest back; returns when it serves again."""
        self._cluster.run_on_node("sh", "-c", f"if [ -f {_AWAY} ]; then mv {_AWAY} {_MANIFEST}; fi")
        wait_until(lambda: self.answers, 180, "the API server")
        # It calls itself ready some seconds before it takes a Plugin again: 503 until its admission knows the kind.
        wait_until(lambda: is_guarded(self._cluster), 60, "the admission of Plugins")


@contextmanager
def stoppable(cluster: Cluster) -> Iterator[ApiServer]:
    """An API server that a test may stop; afterwards it runs, and so does what depends on it."""
    server = ApiServer(cluster)
    try:
        yield server
    finally:
        server.start()
        _wait_until_well(cluster)


def _wait_until_well(cluster: Cluster) -> None:
    """Controllers and scheduler lose their leases in an outage and start anew; the operator may have."""
    control_plane = ("wait", "pod", "-l", "tier=control-plane", "--for=condition=Ready", "--timeout=180s")
    cluster.run_kubectl("-n", "kube-system", *control_plane, timeout=190)
    cluster.run_kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=120s", timeout=130)
    cluster.run_kubectl(
        "-n", "greffon-system", "rollout", "status", "deployment/greffon", "--timeout=180s", timeout=190
    )
