"""The operator as a process of this machine, so that a test can really kill it, with no more rights than its pod has.

Used by `test_killed`. It takes the place of the in-cluster Deployment, whose environment and ServiceAccount it gets.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.cluster import Cluster
from tests.cluster.controlplane_process import free_ports, kill, running_pid, spawn
from tests.cluster.paths import REPOSITORY
from tests.cluster.process import wait_until
from tests.e2e.world import Json

NAMESPACE = "greffon-system"
DEPLOYMENT = "deployment/greffon"


class HostOperator:
    """Starts, kills and restarts `python -m greffon`.

    Args:
        directory: takes the kubeconfig, the pid file and the log.
    """

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        self._pid_file, self._log = directory / "operator.pid", directory / "operator.log"
        self._port = free_ports(1)[0]
        self._environment = _environment(cluster) | {
            "KUBECONFIG": str(_kubeconfig(cluster, directory)),
            "PYTHONPATH": str(REPOSITORY / "operator"),
            "GREFFON_HTTP_PORT": str(self._port),
        }

    def start(self) -> None:
        """Start it; returns at once."""
        spawn([sys.executable, "-m", "greffon"], self._pid_file, self._log, self._environment)

    def kill(self) -> None:
        """SIGKILL, to exactly the process that was started; returns when it is gone."""
        kill(self._pid_file)

    def wait_until_ready(self) -> None:
        """Wait until its caches are filled."""
        wait_until(self._is_ready, 60, f"the operator (its log: {self._log})")

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return running_pid(self._pid_file) is not None

    def log(self) -> str:
        """What every process so far has printed."""
        return self._log.read_text(errors="replace")

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def in_place_of_the_deployment(cluster: Cluster, directory: Path) -> Iterator[HostOperator]:
    """Stop the operator in the cluster, hand out one on this machine, and put the first back whatever happens."""
    operator = HostOperator(cluster, directory)
    try:
        _scale(cluster, 0)
        cluster.run_kubectl(
            "-n", NAMESPACE, "wait", "--for=delete", "pod", "-l", _SELECTOR, "--timeout=90s", timeout=100
        )
        yield operator
    finally:
        operator.kill()
        _scale(cluster, 1)
        cluster.run_kubectl("-n", NAMESPACE, "rollout", "status", DEPLOYMENT, "--timeout=180s", timeout=190)


_SELECTOR = "app.kubernetes.io/name=greffon,app.kubernetes.io/component=operator"


def _scale(cluster: Cluster, replicas: int) -> None:
    cluster.run_kubectl("-n", NAMESPACE, "scale", DEPLOYMENT, f"--replicas={replicas}")


def _environment(cluster: Cluster) -> dict[str, str]:
    """What the chart gives the container, and what the kubelet adds to it."""
    found: Json = json.loads(cluster.run_kubectl("-n", NAMESPACE, "get", DEPLOYMENT, "-o", "json"))
    (container,) = found["spec"]["template"]["spec"]["containers"]
    service: Json = json.loads(cluster.run_kubectl("-n", "default", "get", "service/kubernetes", "-o", "json"))
    return {
        "PATH": os.environ["PATH"],
        "KUBERNETES_SERVICE_HOST": service["spec"]["clusterIP"],
        "KUBERNETES_SERVICE_PORT": str(service["spec"]["ports"][0]["port"]),
    } | {entry["name"]: entry.get("value", "") for entry in container["env"]}


def _kubeconfig(cluster: Cluster, directory: Path) -> Path:
    """The way to the API server from here, with a token of the operator's ServiceAccount and nothing else."""
    admin = yaml.safe_load(cluster.run_kubectl("config", "view", "--raw", "--minify", "--flatten"))
    token = cluster.run_kubectl("-n", NAMESPACE, "create", "token", "greffon", "--duration=1h").strip()
    target = admin["clusters"][0]
    made = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [target],
        "users": [{"name": "greffon", "user": {"token": token}}],
        "contexts": [{"name": "greffon", "context": {"cluster": target["name"], "user": "greffon"}}],
        "current-context": "greffon",
    }
    file = directory / "kubeconfig"
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(made))
    return file
