"""One control plane: its processes, its files, and the outages a test can stage with it.

Made by `controlplane.control_plane`, which tests call; the command lines come from
`controlplane_commands`, the processes from `controlplane_process`.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import controlplane_commands as commands
from tests.cluster import controlplane_kwok as fake
from tests.cluster.controlplane_client import Kubectl, answers, write_kubeconfig
from tests.cluster.controlplane_process import kill, running_pid, spawn
from tests.cluster.pki import Authority, write_pair

_COMMANDS = {
    "etcd": commands.etcd,
    "apiserver": commands.api_server,
    "controller-manager": commands.controller_manager,
    "scheduler": commands.scheduler,
    "kwok": commands.kwok,
}
_START_SECONDS = 90.0
_AUDIT_POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
"""


class ControlPlaneError(RuntimeError):
    """A component did not come up; the message holds the end of its log."""


@dataclass(frozen=True)
class Options:
    """What to run beside etcd and the API server."""

    controllers: bool = True
    kwok_nodes: int = 0
    audit: bool = True
    tuned: bool = True


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane."""

    layout: commands.Layout
    options: Options
    kubectl: Kubectl

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.layout.kubeconfig("admin")

    @property
    def audit_log(self) -> Path:
        """The audit log, one JSON document per line; see `tests.cluster.audit`."""
        return self.layout.audit_log

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self.layout.ports.api}"

    @property
    def pids(self) -> dict[str, int]:
        """The pid of each component that is alive."""
        found = {name: running_pid(self._pid_file(name)) for name in _COMMANDS}
        return {name: pid for name, pid in found.items() if pid is not None}

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """Mint a client certificate for `user`, who holds no more than RBAC gives to user and groups."""
        path = self.layout.kubeconfig(user)
        certificate = Authority(self.layout.pki).issue(user, groups)
        write_kubeconfig(path, self.server, self.layout.pki / "ca.crt", certificate)
        return path

    def stop_api(self) -> None:
        """Kill the API server without warning: connections are reset, then refused."""
        kill(self._pid_file("apiserver"))

    def start_api(self) -> None:
        """Start the API server on its old port and wait until it is ready."""
        self._start("apiserver")
        self._wait("apiserver", "/readyz")

    def stop_etcd(self) -> None:
        """Kill etcd without warning: the API server answers with errors and time-outs."""
        kill(self._pid_file("etcd"))

    def start_etcd(self) -> None:
        """Start etcd on its old data and wait until it has a leader."""
        self._start("etcd")
        self._wait("etcd", "/health")

    def up(self) -> None:
        """Start whatever is not running; on a healthy control plane this changes nothing."""
        _write_files(self)
        self._start("etcd")
        self._start("apiserver")
        self._wait("apiserver", "/readyz")
        if self.options.controllers:
            self._start("controller-manager")
            self._start("scheduler")
            self._wait("controller-manager", "/api/v1/namespaces/default/serviceaccounts/default")
        if self.options.kwok_nodes:
            self._start("kwok")
            self.kubectl("apply", "--server-side", "-f", "-", stdin=fake.nodes(self.options.kwok_nodes))
            self.kubectl("wait", "--for=condition=Ready", "node", "--all", f"--timeout={_START_SECONDS:.0f}s")

    def down(self) -> None:
        """Kill every component, clients first so that none of them logs an outage."""
        for name in reversed(_COMMANDS):
            kill(self._pid_file(name))

    def _pid_file(self, name: str) -> Path:
        return self.layout.directory / f"{name}.pid"

    def _log(self, name: str) -> Path:
        return self.layout.directory / "log" / f"{name}.log"

    def _start(self, name: str) -> None:
        if running_pid(self._pid_file(name)) is None:
            spawn(_COMMANDS[name](self.layout), self._pid_file(name), self._log(name), os.environ)

    def _wait(self, name: str, path: str) -> None:
        port, pki = (self.layout.ports.api, self.layout.pki)
        deadline = time.monotonic() + _START_SECONDS
        while not (answers(self.layout.ports.etcd, path) if name == "etcd" else answers(port, path, pki)):
            if running_pid(self._pid_file(name)) is None or time.monotonic() > deadline:
                tail = "\n".join(self._log(name).read_text(errors="replace").splitlines()[-20:])
                raise ControlPlaneError(f"{name} is not ready ({path}); the end of its log:\n{tail}")
            time.sleep(0.05)  # a foreign process: there is no event to wait for


def _write_files(plane: ControlPlane) -> None:
    layout = plane.layout
    (layout.directory / "log").mkdir(parents=True, exist_ok=True)
    (layout.directory / "audit-policy.yaml").write_text(_AUDIT_POLICY)
    (layout.directory / "kwok-stages.yaml").write_text(fake.stages())
    if plane.kubeconfig.exists():
        return
    authority = Authority(layout.pki)
    authority.ensure()
    hosts = ["localhost", "kubernetes", "kubernetes.default.svc", "127.0.0.1", commands.FIRST_SERVICE_IP]
    write_pair(layout.pki, "apiserver", authority.issue("kube-apiserver", hosts=hosts))
    write_pair(layout.pki, "admin", authority.issue("admin", ["system:masters"]))
    for user, groups in {
        "system:kube-controller-manager": [],
        "system:kube-scheduler": [],
        "kwok": ["system:masters"],
        "admin": ["system:masters"],  # last: its kubeconfig means "complete"
    }.items():
        plane.kubeconfig_for(user, groups)
