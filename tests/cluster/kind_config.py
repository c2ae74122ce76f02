"""kind's configuration file for the test cluster.

Called by `kind`. kubeadm writes the API server's audit log to a directory that the host sees, the kubelet
bounds the processes of a pod, and containerd finds the test registry without TLS.
"""

import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.network import POD_NETWORK, SERVICE_NETWORK
from tests.cluster.paths import FILES, Paths

_AUDIT = "/var/log/greffon-audit"
_AUDIT_POLICY = "/etc/greffon-audit"
_REGISTRIES = "/etc/containerd/certs.d"
POD_PROCESSES = 256


def render(name: str, image: str, paths: Paths) -> str:
    """The configuration as kind reads it; the same text means the same make of cluster."""
    mounts = [
        {"hostPath": str(paths.audit_log.parent), "containerPath": _AUDIT},
        {"hostPath": str(paths.state / "audit-policy"), "containerPath": _AUDIT_POLICY, "readOnly": True},
        {"hostPath": str(paths.state / "certs.d"), "containerPath": _REGISTRIES, "readOnly": True},
    ]
    node = {"role": "control-plane", "image": image, "extraMounts": mounts}
    return yaml.safe_dump(_cluster(name, node), sort_keys=False)


def write(text: str, registry: str, paths: Paths) -> Path:
    """Write the configuration and the directories that it mounts; returns its file."""
    _write_mounted_files(registry, paths)
    file = paths.state / "kind.yaml"
    file.write_text(text)
    return file


def _cluster(name: str, node: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": name,
        "networking": {
            "ipFamily": "ipv4",
            "apiServerAddress": "127.0.0.1",
            "kubeProxyMode": "iptables",
            "podSubnet": str(POD_NETWORK),
            "serviceSubnet": str(SERVICE_NETWORK),
        },
        "nodes": [node],
        "kubeadmConfigPatches": [yaml.safe_dump(_api_server()), yaml.safe_dump(_kubelet())],
        "containerdConfigPatches": [f'[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "{_REGISTRIES}"\n'],
    }


def _api_server() -> dict[str, Any]:
    arguments = {
        "audit-policy-file": f"{_AUDIT_POLICY}/policy.yaml",
        "audit-log-path": f"{_AUDIT}/audit.log",
        "audit-log-maxsize": "0",  # one file, never rotated: a test reads from where it started
    }
    volumes = [_volume("audit-policy", _AUDIT_POLICY, read_only=True), _volume("audit", _AUDIT, read_only=False)]
    return {
        "kind": "ClusterConfiguration",
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "apiServer": {
            "extraArgs": [{"name": name, "value": value} for name, value in arguments.items()],
            "extraVolumes": volumes,
        },
    }


def _volume(name: str, path: str, *, read_only: bool) -> dict[str, Any]:
    return {"name": name, "hostPath": path, "mountPath": path, "readOnly": read_only, "pathType": "Directory"}


def _kubelet() -> dict[str, Any]:
    return {
        "kind": "KubeletConfiguration",
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "failCgroupV1": False,  # containers of older machines still have it
        "podPidsLimit": POD_PROCESSES,
        # Otherwise an image that was once pulled by digest can no longer be used under its loaded name.
        "imagePullCredentialsVerificationPolicy": "NeverVerify",
    }


def _write_mounted_files(registry: str, paths: Paths) -> None:
    shutil.rmtree(paths.audit_log.parent, ignore_errors=True)
    hosts = paths.state / "certs.d" / registry
    for directory in (paths.audit_log.parent, paths.state / "audit-policy", hosts):
        directory.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(FILES / "audit-policy.yaml", paths.state / "audit-policy" / "policy.yaml")
    url = f"http://{registry}"
    (hosts / "hosts.toml").write_text(f'server = "{url}"\n\n[host."{url}"]\n  capabilities = ["pull", "resolve"]\n')
