"""One at a time: file locks, and scratch directories that survive nobody.

Called around every build and around up/down. The kernel drops a lock when its holder dies, however it
dies; what the dead holder left half-made is removed by the next one.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.mounts import unmount_below
from tests.cluster.process import step


@contextlib.contextmanager
def exclusive(locks: Path, name: str) -> Iterator[None]:
    """Hold the lock `name`; waits for another holder and says so."""
    descriptor = _open(locks, name)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step(f"waiting for another run that works on {name}"):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def scratch(parent: Path, name: str) -> Iterator[Path]:
    """An empty directory for half-made things, gone afterwards. Only under the lock of `name`."""
    directory = parent / name
    remove_tree(directory)
    directory.mkdir(parents=True)
    try:
        yield directory
    finally:
        remove_tree(directory)


def sweep(locks: Path, parent: Path) -> None:
    """Remove what killed builds left in `parent`; work that is going on holds its lock and is left alone."""
    for directory in parent.glob("*"):
        descriptor = _open(locks, directory.name)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_tree(directory)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)


def remove_tree(directory: Path) -> None:
    """Remove a directory, after whatever is mounted in it: a chroot's /proc must not be walked into."""
    unmount_below(directory)
    if directory.exists():
        shutil.rmtree(directory)


def _open(locks: Path, name: str) -> int:
    locks.mkdir(parents=True, exist_ok=True)
    return os.open(locks / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
