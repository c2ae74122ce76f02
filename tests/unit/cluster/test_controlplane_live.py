"""The control plane really runs: API, controllers, fake nodes, outages, and nothing left behind."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster import audit
from tests.cluster.controlplane import ControlPlane, KubectlError, control_plane
from tests.cluster.paths import REPOSITORY

pytestmark = pytest.mark.controlplane

READY = "--timeout=60s"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with control_plane(tmp_path_factory.mktemp("plane"), kwok_nodes=1) as running:
        yield running


@pytest.fixture
def namespace(plane: ControlPlane, request: pytest.FixtureRequest) -> str:
    name = f"t{abs(hash(request.node.name)):x}"
    plane.kubectl("create", "namespace", name)
    return name


def test_every_component_listens_on_loopback_only(plane: ControlPlane) -> None:
    assert set(plane.pids) == {"etcd", "apiserver", "controller-manager", "scheduler", "kwok"}
    listening = {address for pid in plane.pids.values() for address in listeners(pid)}

    assert {host for host, _ in listening} == {"127.0.0.1"}
    assert not {port for _, port in listening} & {5000, 5001, 6443}


def test_a_deployment_becomes_available_and_its_pods_vanish_with_it(plane: ControlPlane, namespace: str) -> None:
    plane.kubectl("-n", namespace, "create", "deployment", "web", "--image=example/web", "--replicas=2")
    plane.kubectl("-n", namespace, "wait", "--for=condition=Available", "deployment/web", READY)

    plane.kubectl("-n", namespace, "delete", "deployment/web", "--cascade=foreground", READY)

    assert plane.kubectl.json("-n", namespace, "get", "pods")["items"] == []


def test_a_job_completes(plane: ControlPlane, namespace: str) -> None:
    plane.kubectl("-n", namespace, "create", "job", "once", "--image=example/once")

    plane.kubectl("-n", namespace, "wait", "--for=condition=Complete", "job/once", READY)

    assert plane.kubectl.json("-n", namespace, "get", "job/once")["status"]["succeeded"] == 1


def test_a_minted_user_has_the_rights_of_its_group_and_no_more(plane: ControlPlane, namespace: str) -> None:
    kubeconfig = str(plane.kubeconfig_for("someone", ["viewers"]))
    binding = ["rolebinding", "viewers", "--clusterrole=view", "--group=viewers"]
    plane.kubectl("-n", namespace, "create", *binding)

    plane.kubectl("--kubeconfig", kubeconfig, "-n", namespace, "get", "pods")
    with pytest.raises(KubectlError, match='"someone" cannot create resource "configmaps"'):
        plane.kubectl("--kubeconfig", kubeconfig, "-n", namespace, "create", "configmap", "x")


def test_the_audit_log_has_each_write_once(plane: ControlPlane, namespace: str) -> None:
    kubeconfig = str(plane.kubeconfig_for("system:writer", ["system:masters"]))
    since = audit.mark(plane.audit_log)

    assert ":" not in kubeconfig, "KUBECONFIG would be split into two paths"
    for name in ("a", "b"):
        plane.kubectl("--kubeconfig", kubeconfig, "-n", namespace, "create", "configmap", name)
    with pytest.raises(KubectlError, match="already exists"):
        plane.kubectl("--kubeconfig", kubeconfig, "-n", namespace, "create", "configmap", "a")

    counted = audit.writes(audit.requests(plane.audit_log, since), user="system:writer")
    create = audit.Call("system:writer", "create", "configmaps", "", namespace)
    assert (counted.done, counted.refused) == ({create: 2}, {create: 1})


@pytest.mark.parametrize(
    ("stop", "start", "complaint"),
    [
        pytest.param(ControlPlane.stop_api, ControlPlane.start_api, "refused", id="the API server is down"),
        pytest.param(ControlPlane.stop_etcd, ControlPlane.start_etcd, "etcd|timed out|timeout", id="etcd is down"),
    ],
)
def test_an_outage_is_felt_and_loses_nothing_when(
    plane: ControlPlane,
    namespace: str,
    stop: Callable[[ControlPlane], None],
    start: Callable[[ControlPlane], None],
    complaint: str,
) -> None:
    plane.kubectl("-n", namespace, "create", "configmap", "kept")

    stop(plane)
    with pytest.raises(KubectlError, match=complaint):
        plane.kubectl("-n", namespace, "create", "configmap", "lost", "--request-timeout=2s")
    start(plane)

    kept = plane.kubectl("-n", namespace, "get", "configmap/kept", "-o", "name")
    assert kept == "configmap/kept\n"
    assert len(plane.pids) == 5


def test_starting_twice_changes_nothing_and_stopping_leaves_nothing(tmp_path: Path) -> None:
    first = command("up", "--no-controllers", "--dir", str(tmp_path))
    second = command("up", "--no-controllers", "--dir", str(tmp_path))
    pids = [int(line.split()[1]) for line in first.splitlines()[:2]]

    command("down", "--dir", str(tmp_path))

    assert first == second
    assert [lives(pid) for pid in pids] == [False, False]
    assert list(tmp_path.iterdir()) == []


KILLED_RUN = """
import json, sys, time
from pathlib import Path
from tests.cluster.controlplane import control_plane
with control_plane(Path(sys.argv[1]), controllers=False) as plane:
    print(json.dumps(plane.pids), flush=True)
    time.sleep(600)
"""


def test_a_killed_run_leaves_no_process_and_the_next_one_starts(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", KILLED_RUN, str(tmp_path)]
    with subprocess.Popen(argv, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        pids = json.loads(run.stdout.readline())
        processes = [os.pidfd_open(pid) for pid in pids.values()]
        run.send_signal(signal.SIGKILL)

    assert set(pids) == {"etcd", "apiserver"}
    try:
        for process in processes:
            assert select.select([process], [], [], 30)[0], "a component survived the run that started it"
            os.close(process)
    finally:
        command("down", "--dir", str(tmp_path))
    with control_plane(tmp_path, controllers=False) as again:
        assert again.kubectl("get", "--raw", "/readyz") == "ok"


def command(*arguments: str) -> str:
    argv = [sys.executable, "-m", "tests.cluster.controlplane", *arguments]
    return subprocess.run(argv, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout


def lives(pid: int) -> bool:
    """Whether the process runs; a zombie, which only its parent can remove, has no command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False


def listeners(pid: int) -> list[tuple[str, int]]:
    """Address and port of every TCP socket on which a process listens, from /proc."""
    links = {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    found = []
    for family in ("tcp", "tcp6"):
        for row in Path(f"/proc/{pid}/net/{family}").read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in links:
                found.append(_address(fields[1]))
    return found


def _address(text: str) -> tuple[str, int]:
    host, port = text.split(":")
    octets = bytes.fromhex(host)[::-1] if len(host) == 8 else b""
    return ".".join(map(str, octets)) or host, int(port, 16)
