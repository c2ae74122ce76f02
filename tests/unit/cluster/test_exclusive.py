"""Two runs never work on the same thing, and a killed one leaves nothing that is taken for finished."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.exclusive import exclusive, scratch, sweep
from tests.cluster.paths import REPOSITORY

HOLD = """
import pathlib, sys
from tests.cluster.exclusive import exclusive
with exclusive(pathlib.Path(sys.argv[1]), "work"):
    print("held", flush=True)
    sys.stdin.read()
"""


def is_free(locks: Path, name: str) -> bool:
    descriptor = os.open(locks / f"{name}.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def test_a_lock_is_held_inside_and_free_afterwards(tmp_path: Path) -> None:
    with exclusive(tmp_path, "work"):
        assert not is_free(tmp_path, "work")
        assert is_free(tmp_path, "other")
    assert is_free(tmp_path, "work")


def test_a_lock_goes_with_the_process_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert not is_free(tmp_path, "work")
        holder.kill()
        holder.wait()
        assert is_free(tmp_path, "work")


def test_a_scratch_directory_starts_empty_and_goes_even_after_an_error(tmp_path: Path) -> None:
    (tmp_path / "work" / "half").mkdir(parents=True)

    def fail() -> None:
        with scratch(tmp_path, "work") as directory:
            assert list(directory.iterdir()) == []
            (directory / "half").mkdir()
            raise OSError("out of space")

    with pytest.raises(OSError, match="out of space"):
        fail()
    assert not (tmp_path / "work").exists()


def test_sweeping_spares_the_work_that_is_going_on(tmp_path: Path) -> None:
    locks, parent = tmp_path / "locks", tmp_path / "scratch"
    for name in ("dead", "alive"):
        (parent / name).mkdir(parents=True)
    with exclusive(locks, "alive"):
        sweep(locks, parent)
        assert [directory.name for directory in parent.iterdir()] == ["alive"]
