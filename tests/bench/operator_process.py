"""The operator as a process: its CRDs, exactly the rights the chart gives it, and its lifetime.

Called by `thousand`. The user is the chart's ServiceAccount, played by a client certificate, so the
benchmark runs under the RBAC that is shipped.
"""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import binaries
from tests.cluster.controlplane import ControlPlane
from tests.cluster.controlplane_process import free_ports, kill, running_pid, spawn
from tests.cluster.paths import REPOSITORY

NAMESPACE = "greffon-system"
USER = f"system:serviceaccount:{NAMESPACE}:greffon"
_GROUPS = ("system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}")
_START_SECONDS = 60.0


def install(plane: ControlPlane) -> None:
    """Apply the CRDs and the chart's roles, and wait until the kinds are served."""
    plane.kubectl("apply", "--server-side", "-f", str(REPOSITORY / "crds"))
    plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    plane.kubectl("create", "namespace", NAMESPACE)
    templates = ("rbac", "ceiling")
    shown = [option for name in templates for option in ("-s", f"templates/{name}.yaml")]
    chart = str(REPOSITORY / "charts" / "greffon")
    helm = str(binaries.ensure("helm") / "helm")
    rendered = subprocess.run(
        [helm, "template", "greffon", chart, "--namespace", NAMESPACE, *shown],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    plane.kubectl("apply", "--server-side", "-f", "-", stdin=rendered)


@contextmanager
def operator(plane: ControlPlane) -> Iterator[int]:
    """Run the operator until the block ends; yields its pid once it is ready.

    Its pid file lies beside those of the control plane, so that the guard of a killed run finds it too.
    """
    pid_file = plane.layout.directory / "operator.pid"
    log = plane.layout.directory / "log" / "operator.log"
    port = free_ports(1)[0]
    environment = {
        **os.environ,
        "KUBECONFIG": str(plane.kubeconfig_for(USER, _GROUPS)),
        "PYTHONPATH": str(REPOSITORY / "operator"),
        "GREFFON_HTTP_PORT": str(port),
        "GREFFON_LOG_LEVEL": os.environ.get("GREFFON_LOG_LEVEL", "warning"),
    }
    spawn([sys.executable, "-m", "greffon"], pid_file, log, environment)
    try:
        yield _wait_until_ready(pid_file, port, log)
    finally:
        kill(pid_file)


def _wait_until_ready(pid_file: Path, port: int, log: Path) -> int:
    deadline = time.monotonic() + _START_SECONDS
    while (pid := running_pid(pid_file)) and time.monotonic() < deadline:
        if _is_ready(port):
            return pid
        time.sleep(0.1)  # a foreign process: there is no event to wait for
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise RuntimeError(f"the operator is not ready; the end of its log:\n{tail}")


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
