"""The root file system of a kind node: Debian, kind's own files, Kubernetes' programs.

Called by `node_image`; `node_components` then adds the images that the control plane runs from. kind's
files (entrypoint, systemd units, containerd configuration) are taken from the pinned kind module while
building, and its Dockerfile's clean-up of units is repeated here.
"""

import json
import shutil
from pathlib import Path

from tests.cluster import binaries
from tests.cluster.paths import FILES, Paths
from tests.cluster.process import run

PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "conntrack", "iptables", "nftables", "ipset", "iproute2", "ethtool"),
    *("util-linux", "mount", "kmod", "libseccomp2", "socat", "e2fsprogs", "bash", "ca-certificates", "curl"),
    *("jq", "procps", "containerd", "runc", "containernetworking-plugins"),
)
_UNWANTED_UNITS = (
    "lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
    "lib/systemd/system/multi-user.target.wants/*",
    "etc/systemd/system/*.wants/*",
    "lib/systemd/system/local-fs.target.wants/*",
    "lib/systemd/system/sockets.target.wants/*udev*",
    "lib/systemd/system/sockets.target.wants/*initctl*",
    "lib/systemd/system/basic.target.wants/*",
)
# These write kernel-wide settings: a test must not change the machine that it runs on.
_UNWANTED_SETTINGS = ("*/sysctl.d/99-protect-links.conf", "*/sysctl.d/50-pid-max.conf")


def complete(tree: Path, paths: Paths) -> None:
    """Turn a plain Debian tree with `PACKAGES` into that of a kind node."""
    _copy_kind_files(tree)
    _clean_units(tree)
    _lead_to_debian_places(tree)
    _write_container_defaults(tree)
    _copy_kubernetes(tree, binaries.ensure("kubernetes", paths))


def _copy_kind_files(tree: Path) -> None:
    source = binaries.source_directory("kind", "sigs.k8s.io/kind") / "images/base/files"
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        relative = file.relative_to(source)
        target = tree / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        target.chmod(0o755 if relative.parent.name == "bin" else 0o644)
    for directory in ("kind/manifests", "etc/kubernetes/manifests", "opt/cni"):
        (tree / directory).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(FILES / "kube-router.yaml", tree / "kind/manifests/default-cni.yaml")


def _clean_units(tree: Path) -> None:
    for pattern in (*_UNWANTED_UNITS, *(f"{top}{p[1:]}" for p in _UNWANTED_SETTINGS for top in ("etc", "usr/lib"))):
        for file in tree.glob(pattern):
            file.unlink()
    with (tree / "etc/systemd/journald.conf").open("a") as journal:
        journal.write("ReadKMsg=no\n")
    wanted = ("kubelet.service", "containerd.service", "undo-mount-hacks.service")
    run(["chroot", tree, "systemctl", "enable", *wanted])
    run(["chroot", tree, "systemctl", "mask", "systemd-binfmt.service"])


def _lead_to_debian_places(tree: Path) -> None:
    """kind looks for programs where its own image has them."""
    for name in ("containerd", "ctr", "containerd-shim-runc-v2"):
        _link(tree / "usr/local/bin" / name, f"/usr/bin/{name}")
    _link(tree / "usr/local/sbin/runc", "/usr/sbin/runc")
    shutil.rmtree(tree / "opt/cni/bin", ignore_errors=True)
    _link(tree / "opt/cni/bin", "/usr/lib/cni")
    network = tree / "etc/cni/net.d"
    shutil.rmtree(network, ignore_errors=True)
    network.mkdir(parents=True)
    shutil.copyfile(FILES / "ptp.conflist", network / "10-ptp.conflist")


def _write_container_defaults(tree: Path) -> None:
    config = tree / "etc/containerd/config.toml"
    # A machine without CAP_SYS_RESOURCE may not lower a score; every sandbox would die of it.
    relaxed = config.read_text().replace("restrict_oom_score_adj = false", "restrict_oom_score_adj = true")
    config.write_text(relaxed)
    spec = json.loads(run(["chroot", tree, "ctr", "oci", "spec"]))
    del spec["process"]["rlimits"]
    hooks = spec.setdefault("hooks", {}).setdefault("createContainer", [])
    hooks.append({"path": "/kind/bin/mount-product-files.sh"})
    (tree / "etc/containerd/cri-base.json").write_text(json.dumps(spec))


def _copy_kubernetes(tree: Path, programs: Path) -> None:
    for name in ("kubelet", "kubectl", "kubeadm"):
        shutil.copyfile(programs / name, tree / "usr/bin" / name)
        (tree / "usr/bin" / name).chmod(0o755)
    (tree / "kind/version").write_text(binaries.kubernetes_version())


def _link(link: Path, destination: str) -> None:
    link.unlink(missing_ok=True)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(destination)
