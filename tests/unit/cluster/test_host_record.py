"""The machine's settings come back, even if the run that changed them was killed."""

from pathlib import Path

import pytest

from tests.cluster import host_record
from tests.cluster.paths import Paths


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "proc"
    for name, value in {"kernel/panic": "1", "vm/overcommit_memory": "0"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{value}\n")
    monkeypatch.setattr(host_record, "_PROC", root)
    return root


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "cache", tmp_path / "state", tmp_path / "run")


def test_what_changed_is_known_and_written_back(proc: Path, paths: Paths) -> None:
    host_record.remember(paths)
    (proc / "kernel/panic").write_text("10\n")
    record = host_record.recall(paths)
    assert record is not None
    assert host_record.changed_settings(record) == {"kernel/panic": "1"}
    host_record.restore_settings(record)
    assert (proc / "kernel/panic").read_text() == "1"
    assert host_record.changed_settings(record) == {}


def test_a_second_run_keeps_the_record_of_a_killed_one(proc: Path, paths: Paths) -> None:
    host_record.remember(paths)
    (proc / "vm/overcommit_memory").write_text("1\n")
    host_record.remember(paths)
    record = host_record.recall(paths)
    assert record is not None
    assert record.settings["vm/overcommit_memory"] == "0"


def test_there_is_nothing_to_restore_once_it_is_forgotten(proc: Path, paths: Paths) -> None:
    host_record.remember(paths)
    host_record.forget(paths)
    assert host_record.recall(paths) is None
