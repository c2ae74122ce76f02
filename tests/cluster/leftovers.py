"""What a cluster left on the machine, and removing it.

Called by `kind` on the way down, and on the way up after a run that was killed; a test asserts that
`find` has nothing to say after `down`. Everything here is recognised as the harness's own by a path, a
name or an address that nobody else uses.
"""

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.cluster import firewall, host_record, podman
from tests.cluster.mounts import mounted_below, unmount_below
from tests.cluster.network import BRIDGE
from tests.cluster.paths import Paths
from tests.cluster.process import run

_OURS_BY_NAME = frozenset({"conmon", "aardvark-dns", "netavark", "podman", "kind", "crane", "runc"})
_CGROUPS = Path("/sys/fs/cgroup")


def find(paths: Paths) -> list[str]:
    """One line for each thing that is left. Only our Podman leaves any; Docker clears up after itself."""
    if not podman.is_configured(paths):
        return []
    record = host_record.recall(paths)
    return [
        *(f"process {pid}: {what}" for pid, what in _processes(paths)),
        *(f"mount {point}" for point in _mounts(paths)),
        *(f"bridge {BRIDGE}" for _ in _bridges()),
        *(f"chain {c} of {t.program} -t {t.name}" for t in firewall.stale_chains() for c in t.chains),
        *(f"cgroup {group}" for group in _cgroups()),
        *(f"setting {name}, was {value}" for name, value in _changed(record).items()),
    ]


def remove(paths: Paths) -> None:
    """Remove all that `find` finds, in an order in which each step can succeed."""
    if not podman.is_configured(paths):
        return
    for pid, _ in _processes(paths):
        _kill(pid)
    for point in _mounts(paths):
        unmount_below(point)
    for bridge in _bridges():
        run(["ip", "link", "delete", bridge])
    for table in firewall.stale_chains():
        firewall.remove(table)
    for group in _cgroups():
        for directory in sorted(group.rglob("*/"), key=lambda d: len(d.parts), reverse=True):
            directory.rmdir()
        group.rmdir()
    _restore(paths)


def _restore(paths: Paths) -> None:
    record = host_record.recall(paths)
    if record is None:
        return
    host_record.restore_settings(record)
    for existed, directory in (
        (record.had_named_networks, host_record.NAMED_NETWORKS),
        (record.had_modules, host_record.MODULES),
    ):
        if not existed and directory.is_dir() and not any(directory.iterdir()):
            directory.rmdir()
    host_record.forget(paths)


def _changed(record: host_record.HostRecord | None) -> dict[str, str]:
    return host_record.changed_settings(record) if record else {}


def _processes(paths: Paths) -> Iterator[tuple[int, str]]:
    """Programs of the engine that work on our directories, and nodes: roots in our storage."""
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may end while we look
            words = (directory / "cmdline").read_bytes().split(b"\0")
            name = Path(words[0].decode(errors="replace")).name
            if (name in _OURS_BY_NAME and _mentions(directory, paths)) or _has_root_in(paths.storage, directory):
                yield int(directory.name), name


def _mentions(process: Path, paths: Paths) -> bool:
    text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    return any(os.fsencode(root) in text for root in (paths.storage, paths.state, paths.volatile))


def _has_root_in(storage: Path, process: Path) -> bool:
    """A container's root is an overlay of our storage; what runs in pods ends with the node's first process."""
    for line in (process / "mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[4] == "/":
            return f"upperdir={storage}/" in line
    return False


def _mounts(paths: Paths) -> list[Path]:
    points = [p for root in (paths.storage, paths.state, paths.volatile) for p in mounted_below(root)]
    record = host_record.recall(paths)
    if record is not None and not record.had_named_networks:
        points += mounted_below(host_record.NAMED_NETWORKS)
    return points


def _bridges() -> list[str]:
    return [BRIDGE] if Path("/sys/class/net", BRIDGE).exists() else []


def _cgroups() -> list[Path]:
    """Podman's parent groups in which no process is left: those of a Podman at work are not stale."""
    parents = [*_CGROUPS.glob("*/libpod_parent"), *_CGROUPS.glob("libpod_parent")]
    return [parent for parent in parents if not any(_members(parent))]


def _members(group: Path) -> Iterator[str]:
    for file in group.rglob("cgroup.procs"):
        with contextlib.suppress(OSError):  # a group may go while we look
            yield from file.read_text().split()


def _kill(pid: int) -> None:
    """End exactly this process and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            select.select([descriptor], [], [], 10)
        finally:
            os.close(descriptor)
