"""The command line of each control-plane component. Pure: no process, no file.

Called by `controlplane`, which starts them with `controlplane_process.spawn`.
"""

from dataclasses import dataclass
from pathlib import Path

POD_CIDR = "198.18.0.0/16"
SERVICE_CIDR = "198.19.0.0/16"
FIRST_SERVICE_IP = "198.19.0.1"
_LOOPBACK = "127.0.0.1"
# The stock client limits of controller-manager and scheduler (20/30) hide everything else.
_TUNED = ("--kube-api-qps=1000", "--kube-api-burst=2000")


@dataclass(frozen=True)
class Ports:
    """The loopback ports of one control plane."""

    etcd: int
    etcd_peer: int
    api: int
    kwok: int


@dataclass(frozen=True)
class Layout:
    """Where the binaries are and where one control plane keeps its files."""

    binaries: Path
    kwok: Path | None
    directory: Path
    ports: Ports
    tuned: bool
    audit: bool

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.directory / "pki"

    @property
    def audit_log(self) -> Path:
        """One JSON line per request, Metadata level."""
        return self.directory / "audit.log"

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig file of `user`; `:` would split a KUBECONFIG variable into two paths."""
        name = user.replace("/", "-").replace(":", "-")
        return self.directory / "users" / f"{name}.kubeconfig"


def etcd(layout: Layout) -> list[str]:
    """One etcd member, without TLS on loopback."""
    client = f"http://{_LOOPBACK}:{layout.ports.etcd}"
    peer = f"http://{_LOOPBACK}:{layout.ports.etcd_peer}"
    return [
        str(layout.binaries / "server"),
        f"--data-dir={layout.directory / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--log-level=warn",
    ]


def api_server(layout: Layout) -> list[str]:
    """The API server: TLS, RBAC, audit; no endpoints for itself, since no pod can reach loopback."""
    pki = layout.pki
    return [
        str(layout.binaries / "kube-apiserver"),
        f"--etcd-servers=http://{_LOOPBACK}:{layout.ports.etcd}",
        f"--secure-port={layout.ports.api}",
        f"--bind-address={_LOOPBACK}",
        f"--advertise-address={_LOOPBACK}",
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--client-ca-file={pki / 'ca.crt'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki / 'tokens.key'}",
        f"--service-account-signing-key-file={pki / 'tokens.key'}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",  # as every distribution has it
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        *(_audit(layout) if layout.audit else []),
    ]


def _audit(layout: Layout) -> list[str]:
    return [
        f"--audit-policy-file={layout.directory / 'audit-policy.yaml'}",
        f"--audit-log-path={layout.audit_log}",
        "--audit-log-maxsize=0",  # never rotate: tests count lines
    ]


def controller_manager(layout: Layout) -> list[str]:
    """Every stock controller, each with credentials of its own: the audit log tells them apart."""
    return [
        str(layout.binaries / "kube-controller-manager"),
        f"--kubeconfig={layout.kubeconfig('system:kube-controller-manager')}",
        "--leader-elect=false",
        "--secure-port=0",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={layout.pki / 'tokens.key'}",
        f"--root-ca-file={layout.pki / 'ca.crt'}",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        "--allocate-node-cidrs=false",
        *(_TUNED if layout.tuned else ()),
    ]


def scheduler(layout: Layout) -> list[str]:
    """The stock scheduler."""
    return [
        str(layout.binaries / "kube-scheduler"),
        f"--kubeconfig={layout.kubeconfig('system:kube-scheduler')}",
        "--leader-elect=false",
        "--secure-port=0",
        *(_TUNED if layout.tuned else ()),
    ]


def kwok(layout: Layout) -> list[str]:
    """The simulator that plays the kubelet of every annotated node."""
    return [
        str(layout.kwok),
        f"--kubeconfig={layout.kubeconfig('kwok')}",
        f"--config={layout.directory / 'kwok-stages.yaml'}",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        "--node-lease-duration-seconds=40",
        f"--cidr={POD_CIDR}",
        "--node-ip=198.18.255.1",
        f"--server-address={_LOOPBACK}:{layout.ports.kwok}",
        "--v=WARN",  # anything lower logs every patch
    ]
