"""Debian root file systems, made by debootstrap and kept as tar archives.

Called by `nodetree` (the node's system) and by `images` (the base of the project's images). No image
registry is asked, only the Debian mirror that this machine already uses.
"""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.exclusive import exclusive, scratch
from tests.cluster.paths import Paths
from tests.cluster.process import run_logged, stop_orphans

SUITE = "bookworm"
_RECIPE = "1"  # raise it when the steps below change their result
_DROPPED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/lib/apt/lists")


def archive(name: str, packages: Sequence[str], paths: Paths) -> Path:
    """The tar of a minimal Debian with `packages`; two minutes when it is not in the cache."""
    target = paths.cache / "debian" / f"{name}-{key(packages)}.tar"
    with exclusive(paths.locks, f"debian-{name}"):
        if not target.is_file():
            stop_orphans(paths.logs / f"debian-{name}")
            with scratch(paths.scratch, f"debian-{name}") as directory:
                _make(name, packages, directory, paths.logs / f"debian-{name}")
                target.parent.mkdir(parents=True, exist_ok=True)
                (directory / "tree.tar").rename(target)
    return target


def key(packages: Sequence[str]) -> str:
    """Changes with the packages, the suite and the steps."""
    return hashlib.sha256("\0".join((_RECIPE, SUITE, *sorted(packages))).encode()).hexdigest()[:16]


def _make(name: str, packages: Sequence[str], directory: Path, logs: Path) -> None:
    tree = directory / "tree"
    minimal = ["debootstrap", "--variant=minbase", SUITE, tree]
    run_logged(f"{name}: minimal Debian {SUITE}", minimal, logs)
    _install(name, packages, tree, logs)
    for dropped in _DROPPED:
        shutil.rmtree(tree / dropped, ignore_errors=True)
        (tree / dropped).mkdir(parents=True)
    # A runtime brings its own /dev, /proc and /sys.
    kept_out = [f"--exclude=./{name}/*" for name in ("dev", "proc", "sys", "tmp", "run")]
    pack = ["tar", "-C", tree, "--numeric-owner", *kept_out, "-cf", directory / "tree.tar", "."]
    run_logged(f"{name}: packing", pack, logs)


def _install(name: str, packages: Sequence[str], tree: Path, logs: Path) -> None:
    shutil.copyfile("/etc/resolv.conf", tree / "etc/resolv.conf")
    no_services = tree / "usr/sbin/policy-rc.d"  # packages must not start daemons inside a chroot
    no_services.write_text("#!/bin/sh\nexit 101\n")
    no_services.chmod(0o755)
    chroot = ["chroot", tree, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "apt-get", "-q"]
    run_logged(f"{name}: package lists", [*chroot, "update"], logs)
    install = [*chroot, "install", "-y", "--no-install-recommends", *packages]
    run_logged(f"{name}: {len(packages)} packages", install, logs)
    run_logged(f"{name}: cleaning", [*chroot, "clean"], logs)
    no_services.unlink()
