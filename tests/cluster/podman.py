"""A Podman of our own: its storage, its networks, its settings; the user's Podman is not touched.

Called by `kind`, `node_image`, `images` and `leftovers`. kind runs `podman` itself, so the settings are
handed on as environment variables.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.cluster.network import BRIDGE, GATEWAY, NODE_NETWORK
from tests.cluster.paths import Paths
from tests.cluster.process import CommandError, run

NETWORK = "kind"
_CONTAINERS_CONF = """\
[containers]
# Higher limits than these need CAP_SYS_RESOURCE.
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
# For a whole node; a pod has its own limit.
pids_limit = 16384
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
stop_timeout = 2
static_dir = "{storage}/static"
volume_path = "{storage}/volumes"
tmp_dir = "{volatile}/podman"
[network]
network_backend = "netavark"
network_config_dir = "{storage}/networks"
"""
_STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{storage}/root"
runroot = "{volatile}/storage"
"""


def environment(paths: Paths) -> dict[str, str]:
    """The variables that make `podman`, `buildah` and `kind` use our storage and networks."""
    return {
        "CONTAINERS_CONF": str(paths.storage / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(paths.storage / "storage.conf"),
        "KIND_EXPERIMENTAL_PROVIDER": "podman",
        "BUILDAH_ISOLATION": "chroot",
    }


def configure(paths: Paths) -> dict[str, str]:
    """Write the configuration and the network's definition; returns the `environment`."""
    places = {"storage": paths.storage, "volatile": paths.volatile}
    networks = paths.storage / "networks"
    networks.mkdir(parents=True, exist_ok=True)
    (paths.storage / "containers.conf").write_text(_CONTAINERS_CONF.format(**places))
    (paths.storage / "storage.conf").write_text(_STORAGE_CONF.format(**places))
    (networks / f"{NETWORK}.json").write_text(json.dumps(_network()))
    return environment(paths)


def is_configured(paths: Paths) -> bool:
    """Whether `configure` ran: without its files the commands would reach the user's own Podman."""
    return shutil.which("podman") is not None and (paths.storage / "containers.conf").is_file()


def podman(paths: Paths, *arguments: str | Path, timeout: float = 120) -> str:
    """Run our Podman and return what it printed."""
    return run(["podman", *arguments], env=environment(paths), timeout=timeout)


def has_image(paths: Paths, reference: str) -> bool:
    """Whether our storage has the image."""
    try:
        podman(paths, "image", "exists", reference)
    except CommandError:
        return False
    return True


def _network() -> Mapping[str, object]:
    """netavark's own format: `podman network create` has no way to name the bridge, and `down` must know it."""
    return {
        "name": NETWORK,
        "id": "9b05e4f3c1f34c1a8d3a5f0c2f7d61be4cf0a8d1c23e45f6a7b8c9d0e1f20304",
        "driver": "bridge",
        "network_interface": BRIDGE,
        "created": "2026-01-01T00:00:00Z",
        "subnets": [{"subnet": str(NODE_NETWORK), "gateway": str(GATEWAY)}],
        "ipv6_enabled": False,
        "internal": False,
        "dns_enabled": True,
        "ipam_options": {"driver": "host-local"},
    }
