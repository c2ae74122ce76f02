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
from tests.cluster.controlplane_process import free_ports
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
def operator(plane: ControlPlane, log: Path) -> Iterator[int]:
    """Run the operator until the block ends; yields its pid once it is ready."""
    port = free_ports(1)[0]
    environment = {
        **os.environ,
        "KUBECONFIG": str(plane.kubeconfig_for(USER, _GROUPS)),
        "PYTHONPATH": str(REPOSITORY / "operator"),
        "GREFFON_HTTP_PORT": str(port),
        "GREFFON_LOG_LEVEL": os.environ.get("GREFFON_LOG_LEVEL", "warning"),
    }
    with log.open("ab") as output:
        argv = [sys.executable, "-m", "greffon"]
        process = subprocess.Popen(argv, env=environment, stdout=output, stderr=output)
    try:
        _wait_until_ready(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _is_ready(port):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise RuntimeError(f"the operator is not ready (exit {process.poll()}); the end of its log:\n{tail}")
        time.sleep(0.1)  # a foreign process: there is no event to wait for


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
