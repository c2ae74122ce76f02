"""Programs fail with what they said last, and none outlives the run that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cluster import process
from tests.cluster.paths import REPOSITORY
from tests.cluster.process import CommandError, HarnessError, run, run_logged, stop_orphans, succeeds, wait_until

SLOW = """
import pathlib, sys
from tests.cluster.process import run_logged
script = "sleep 600 & echo $! > $0; wait"
run_logged("slow", ["sh", "-c", script, sys.argv[1] + "/grandchild"], pathlib.Path(sys.argv[1]))
"""


def test_output_is_returned_and_standard_input_is_given() -> None:
    assert run(["cat"], stdin="text") == "text"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("echo wrong >&2; exit 3", "ended with code 3:\nwrong", id="it says why on standard error"),
        pytest.param("echo here; exit 1", "ended with code 1:\nhere", id="it says why on standard output"),
        pytest.param("seq 100; exit 1", "\n81\n", id="it says much and the end counts"),
    ],
)
def test_a_failure_carries_what_the_program_said_last(script: str, message: str, tmp_path: Path) -> None:
    for call in (lambda: run(["sh", "-c", script]), lambda: run_logged("step", ["sh", "-c", script], tmp_path)):
        with pytest.raises(CommandError) as error:
            call()
        assert message in str(error.value)
        assert "\n80\n" not in str(error.value)


def test_a_program_that_does_not_end_is_given_up() -> None:
    with pytest.raises(CommandError, match="did not end within 0 s"):
        run(["sleep", "60"], timeout=0.05)


def test_a_program_that_does_not_exist_does_not_succeed() -> None:
    assert succeeds(["true"])
    assert not succeeds(["false"])
    assert not succeeds(["no-such-program-anywhere"])


def test_a_long_step_says_again_and_again_that_it_lives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_BEAT_SECONDS", 0.05)
    run_logged("building", ["sleep", "0.4"], tmp_path)
    said = capsys.readouterr().err
    assert said.count("building: 0 s so far") >= 2
    assert "building: done in" in said


def test_what_a_killed_run_left_running_is_stopped_with_its_children(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path)], cwd=REPOSITORY, stderr=subprocess.PIPE) as user:
        pid_file = tmp_path / "grandchild"
        wait_until(lambda: pid_file.is_file() and bool(pid_file.read_text().strip()), 20, "the grandchild")
        user.send_signal(signal.SIGKILL)
        user.wait()
    grandchild = int(pid_file.read_text())
    assert is_alive(grandchild)
    stop_orphans(tmp_path)
    wait_until(lambda: not is_alive(grandchild), 10, "the end of the grandchild")
    assert list(tmp_path.glob("*.running")) == []


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat[stat.rindex(")") + 2] != "Z"


def test_a_recorded_pid_that_now_belongs_to_another_process_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "old.running").write_text(f"{os.getpid()} 1\n")
    stop_orphans(tmp_path)
    assert list(tmp_path.glob("*.running")) == []


def test_waiting_ends_with_an_error_that_names_what_is_missing() -> None:
    started = time.monotonic()
    with pytest.raises(HarnessError, match="the moon is not ready"):
        wait_until(lambda: False, 0.2, "the moon")
    assert time.monotonic() - started < 5
