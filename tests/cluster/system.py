"""Debian packages that the self-made way needs: installed if missing, when we may.

Called by `engine` before Podman is used and by `images` before Buildah is. On a machine with Docker nothing
of this is needed.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.cluster.process import HarnessError, run_logged, succeeds

PACKAGES = (
    *("podman", "conmon", "netavark", "aardvark-dns", "containerd", "runc", "containernetworking-plugins"),
    *("iptables", "iproute2", "busybox-static", "buildah", "debootstrap"),
)


def require_packages(logs: Path, installed: Callable[[str], bool] | None = None) -> None:
    """Install what is missing of `PACKAGES`; say what to install where that is not ours to do."""
    if os.geteuid() != 0:
        raise HarnessError(
            "without Docker the test cluster needs root: start this as root, start Docker, or name a "
            "cluster of your own in GREFFON_TEST_KUBECONFIG"
        )
    missing = [package for package in PACKAGES if not (installed or _is_installed)(package)]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise HarnessError(f"the test cluster needs these programs, under Debian's names: {' '.join(missing)}")
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    run_logged("package lists", ["apt-get", "-q", "update"], logs, env=env)
    install = ["apt-get", "-q", "install", "-y", "--no-install-recommends", *missing]
    run_logged(f"installing {' '.join(missing)}", install, logs, env=env)


def _is_installed(package: str) -> bool:
    return succeeds(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package])
