"""What the machine was like before the cluster, so that `down` can put it back.

Called by `kind` before the first change and by `leftovers` afterwards. The record is written once and
kept until everything is restored: a run that was killed in between must not take the changed values for
the original ones.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster.mounts import mounted_below
from tests.cluster.paths import Paths

NAMED_NETWORKS = Path("/run/netns")
MODULES = Path("/lib/modules")
_PROC = Path("/proc/sys")
# Written by the node's systemd, its kubelet and netavark, and not separate for each container.
# Setting ip_forward also sets the forwarding and accept_redirects of each interface, both ways.
_SETTINGS = (
    *("fs/file-max", "fs/nr_open", "kernel/panic", "kernel/panic_on_oops", "kernel/pid_max"),
    *("vm/overcommit_memory", "vm/panic_on_oom", "vm/max_map_count", "net/ipv4/ip_forward"),
)


@dataclass(frozen=True)
class HostRecord:
    """Kernel settings by their path below /proc/sys, and directories that were there already."""

    settings: Mapping[str, str]
    had_named_networks: bool
    had_modules: bool


def remember(paths: Paths) -> None:
    """Write the record, unless an earlier run did and has not been cleaned up after."""
    if _file(paths).is_file():
        return
    record = HostRecord(
        {name: value for name in _SETTINGS if (value := _read(name)) is not None},
        had_named_networks=bool(mounted_below(NAMED_NETWORKS)),
        had_modules=MODULES.is_dir(),
    )
    paths.state.mkdir(parents=True, exist_ok=True)
    half = _file(paths).with_suffix(".new")
    half.write_text(json.dumps(asdict(record), indent=1))
    half.rename(_file(paths))


def recall(paths: Paths) -> HostRecord | None:
    """The record, or None when there is nothing to restore."""
    if not _file(paths).is_file():
        return None
    return HostRecord(**json.loads(_file(paths).read_text()))


def forget(paths: Paths) -> None:
    """Drop the record, once everything in it is as it was."""
    _file(paths).unlink(missing_ok=True)


def changed_settings(record: HostRecord) -> dict[str, str]:
    """Recorded values of the settings that are different now."""
    return {name: value for name, value in record.settings.items() if _read(name) != value}


def restore_settings(record: HostRecord) -> None:
    """Write the recorded values back."""
    for name, value in changed_settings(record).items():
        (_PROC / name).write_text(value)


def _read(name: str) -> str | None:
    file = _PROC / name
    return file.read_text().strip() if file.is_file() else None


def _file(paths: Paths) -> Path:
    return paths.state / "host-before.json"
