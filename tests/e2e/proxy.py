"""The real API server over plain HTTP, for tests that ask it more often than kubectl can be started."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from tests.cluster import Cluster
from tests.cluster.controlplane_process import free_ports
from tests.cluster.process import wait_until


@dataclass(frozen=True)
class Api:
    """The API server by way of a proxy on loopback."""

    port: int

    def answers(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException), self.connected() as connection:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        return False

    @contextlib.contextmanager
    def connected(self) -> Iterator[http.client.HTTPConnection]:
        """One connection, for requests one after the other."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            yield connection


@contextlib.contextmanager
def proxied(cluster: Cluster) -> Iterator[Api]:
    """`kubectl proxy` for as long as the block lasts."""
    api = Api(free_ports(1)[0])
    command = [str(cluster.kubectl), "--kubeconfig", str(cluster.kubeconfig), "proxy", f"--port={api.port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(api.answers, 20, "kubectl proxy")
            yield api
        finally:
            process.kill()
