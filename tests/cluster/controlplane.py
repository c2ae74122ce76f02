"""The `control-plane` flavour: etcd, API server, controller-manager, scheduler and kwok, no kubelet.

Called by benchmarks and fault tests through `control_plane(...)`, and by hand through
`python -m tests.cluster.controlplane up|down|status --dir DIR`. Everything listens on 127.0.0.1, on
ports that were free; all state is under the directory given. What comes next is `audit`, which reads
the log it leaves.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.cluster import binaries
from tests.cluster.controlplane_client import Kubectl, KubectlError
from tests.cluster.controlplane_commands import Layout, Ports
from tests.cluster.controlplane_plane import ControlPlane, ControlPlaneError, Options
from tests.cluster.controlplane_process import free_ports, kill
from tests.cluster.paths import REPOSITORY

__all__ = ["ControlPlane", "ControlPlaneError", "KubectlError", "control_plane"]


@contextmanager
def control_plane(
    workdir: Path, *, controllers: bool = True, kwok_nodes: int = 0, audit: bool = True, tuned: bool = True
) -> Iterator[ControlPlane]:
    """Run a fresh control plane under `workdir`; kill it at the end, even if this process is killed.

    The files (logs, audit log) stay behind for the caller to look at. `tuned=False` leaves
    controller-manager and scheduler at their stock 20 requests a second.
    """
    _discard(workdir)
    plane = _plane(workdir, Options(controllers, kwok_nodes, audit, tuned))
    with _guarded(plane.layout.directory):
        try:
            plane.up()
            yield plane
        finally:
            plane.down()


@contextmanager
def _guarded(directory: Path) -> Iterator[None]:
    guard = subprocess.Popen(
        [sys.executable, "-m", "tests.cluster.controlplane_guard", str(directory)],
        stdin=subprocess.PIPE,
        cwd=REPOSITORY,
        start_new_session=True,  # Ctrl-C in a terminal must not take the guard along
    )
    try:
        yield
    finally:
        guard.communicate()


def _plane(workdir: Path, options: Options | None = None) -> ControlPlane:
    """The control plane of `workdir`, on the ports it had before; without `options`, as it was."""
    directory = workdir.resolve() / "controlplane"
    record = directory / "state.json"
    known: dict[str, Any] = json.loads(record.read_text()) if record.exists() else {"ports": None}
    ports = Ports(**known["ports"]) if known["ports"] else Ports(*free_ports(4))
    options = options or Options(**known["options"])
    directory.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps({"ports": asdict(ports), "options": asdict(options)}))
    programs = binaries.ensure("kubernetes")
    kwok = binaries.ensure("kwok") / "kwok" if options.kwok_nodes else None
    layout = Layout(programs, kwok, directory, ports, tuned=options.tuned, audit=options.audit)
    return ControlPlane(layout, options, Kubectl(programs / "kubectl", layout.kubeconfig("admin")))


def _discard(workdir: Path) -> None:
    """Kill what an earlier run left in `workdir` and remove its state."""
    directory = workdir.resolve() / "controlplane"
    for pid_file in directory.glob("*.pid"):
        kill(pid_file)
    shutil.rmtree(directory, ignore_errors=True)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.controlplane", description=__doc__)
    parser.add_argument("verb", choices=["up", "down", "status"])
    parser.add_argument("--dir", type=Path, required=True, help="directory that keeps the state")
    parser.add_argument("--kwok-nodes", type=int, default=0, help="fake nodes (default: none)")
    parser.add_argument("--no-controllers", action="store_true", help="etcd and API server only")
    arguments = parser.parse_args()
    if arguments.verb == "down":
        _discard(arguments.dir)
        return 0
    if arguments.verb == "up":
        plane = _plane(arguments.dir, Options(not arguments.no_controllers, arguments.kwok_nodes))
        plane.up()
    elif (arguments.dir / "controlplane" / "state.json").exists():
        plane = _plane(arguments.dir)
    else:
        print(f"there is no control plane in {arguments.dir}", file=sys.stderr)
        return 1
    return _show(plane)


def _show(plane: ControlPlane) -> int:
    for name, pid in plane.pids.items():
        print(f"{name:20}{pid}")
    for name, place in {
        "server": plane.server,
        "kubeconfig": plane.kubeconfig,
        "audit log": plane.audit_log,
    }.items():
        print(f"{name:20}{place}")
    return 0 if "apiserver" in plane.pids else 1


if __name__ == "__main__":
    sys.exit(_main())
