"""Background processes are found again and killed by exactly their own pid."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import controlplane_process
from tests.cluster.controlplane_process import free_ports, kill, running_pid, spawn
from tests.cluster.paths import REPOSITORY

SLEEP = ["/bin/sleep", "600"]


@pytest.fixture
def pid_file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "sleeper.pid"
    yield path
    kill(path)


def start(pid_file: Path, argv: list[str] | None = None) -> int:
    spawn(argv or SLEEP, pid_file, pid_file.with_suffix(".log"), os.environ)
    return int(pid_file.read_text().split()[0])


def wait_for_death(pid: int) -> None:
    """Block until the child is dead, leaving it as a zombie as a crash does."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def test_a_started_process_is_found_by_its_pid_file(pid_file: Path) -> None:
    pid = start(pid_file)

    assert running_pid(pid_file) == pid


def test_a_killed_process_is_gone_and_forgotten_when_kill_returns(pid_file: Path) -> None:
    pid = start(pid_file)

    kill(pid_file)

    assert (Path(f"/proc/{pid}").exists(), pid_file.exists()) == (False, False)


def test_a_crashed_process_is_not_running_and_leaves_no_zombie(pid_file: Path) -> None:
    pid = start(pid_file)
    os.kill(pid, signal.SIGKILL)
    wait_for_death(pid)

    assert running_pid(pid_file) is None
    kill(pid_file)
    assert not Path(f"/proc/{pid}").exists()


def test_a_recycled_pid_is_left_alone(pid_file: Path) -> None:
    stranger = subprocess.Popen(SLEEP)
    try:
        pid_file.write_text(f"{stranger.pid} 1\n")

        assert running_pid(pid_file) is None
        kill(pid_file)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="there is no pid file"),
        pytest.param("", id="the pid file is empty, because its writer was killed"),
        pytest.param("rubbish", id="the pid file is rubbish"),
    ],
)
def test_nothing_runs_and_nothing_fails_when(pid_file: Path, content: str | None) -> None:
    if content is not None:
        pid_file.write_text(content)

    assert running_pid(pid_file) is None
    kill(pid_file)
    assert not pid_file.exists()


def test_output_is_appended_to_the_log(pid_file: Path) -> None:
    for word in ("first", "second"):
        pid = start(pid_file, ["/bin/sh", "-c", f"echo {word} >&2"])
        wait_for_death(pid)
        kill(pid_file)

    assert pid_file.with_suffix(".log").read_text() == "first\nsecond\n"


def test_the_guard_kills_what_is_recorded_once_its_starter_is_gone(pid_file: Path) -> None:
    pid = start(pid_file)
    guard = [sys.executable, "-m", "tests.cluster.controlplane_guard", str(pid_file.parent)]

    subprocess.run(guard, stdin=subprocess.DEVNULL, cwd=REPOSITORY, check=True)

    died, _ = os.waitpid(pid, os.WNOHANG)
    assert (died, pid_file.exists()) == (pid, False)


def test_free_ports_are_distinct() -> None:
    assert len(set(free_ports(100))) == 100


def test_a_port_in_use_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_ports(1)[0]))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(controlplane_process, "_PORTS", range(port, port + 1))

        with pytest.raises(OSError, match="0 of 1 ports"):
            free_ports(1)
