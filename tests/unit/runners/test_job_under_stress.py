"""Job mode when something is broken: output without end, streams that are closed or full, signals, orphans."""

import contextlib
import ctypes
import dataclasses
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.unit.runners.harness import BASH, PYTHON, Workspace

PR_SET_CHILD_SUBREAPER = 36
MEMORY_KIB = 64 * 1024
SIZE = 64 * 1024 * 1024
STANDARD_SIGNALS = 0x7FFFFFFF  # the C library ignores two of its own beyond them in every process it spawns
RUNNERS_PEAK = "sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$PPID/status"


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(f"head -c {SIZE} /dev/urandom", id="binary"),
        pytest.param(f"head -c {SIZE} /dev/zero", id="one endless line"),
        pytest.param(f"yes '' | head -c {SIZE}", id="blank lines"),
        pytest.param(f"yes | head -c {SIZE} >&2", id="lines on stderr"),
    ],
)
def test_output_of_any_size_passes_through_in_bounded_memory(garbage: str, workspace: Workspace) -> None:
    """The script asks at its end how much memory the runner ever took."""
    workspace.write({"main.sh": f"{garbage}\necho\n{RUNNERS_PEAK}\n"})

    ran = workspace.job(BASH)

    assert len(ran.stdout) + len(ran.stderr) > SIZE
    assert 0 < ran.report["output"] < MEMORY_KIB


def test_bytes_pass_through_unchanged(workspace: Workspace) -> None:
    """Every byte value, on both streams."""
    everything = bytes(range(256)) * 300
    workspace.write({"main.sh": "cat blob; cat blob >&2", "blob": everything})

    ran = workspace.job(BASH)

    assert (ran.stdout, ran.stderr) == (everything, everything)
    assert ran.report["exitCode"] == 0


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
def test_closed_streams_do_not_hurt(closed: tuple[int, ...], workspace: Workspace) -> None:
    """A runner whose own streams are closed still gives the script three working ones.

    Nor is the script's output taken for a signal: without care, the runner's own signal pipe gets the number of a
    closed stream, and a byte of value 15 means SIGTERM there.
    """
    a_byte_like_sigterm = "printf '\\017'; printf '\\017' >&2; sleep 0.3"
    workspace.write({"main.sh": f"trap 'exit 9' TERM; {a_byte_like_sigterm}; cat >&2; echo; echo '[7]'"})

    def close() -> None:
        for descriptor in closed:
            os.close(descriptor)

    ran = workspace.job(BASH, event=b'{"a": 1}', preexec_fn=close)

    assert (ran.exit_code, ran.report["output"]) == (0, [7])
    assert '{"a": 1}' in ran.report["tail"]


def test_a_full_log_does_not_stop_the_script(workspace: Workspace) -> None:
    """stdout and stderr on a full disk: the work is done and its result is kept."""
    workspace.write({"main.sh": "seq 1 100000; seq 1 100000 >&2; echo '[8]'"})

    with Path("/dev/full").open("wb") as full:
        ran = workspace.job(BASH, stdout=full, stderr=full)

    assert (ran.exit_code, ran.report["output"]) == (0, [8])


def test_a_log_that_nobody_reads_any_more_does_not_stop_the_script(workspace: Workspace) -> None:
    """The reader of stdout has gone."""
    workspace.write({"main.sh": "seq 1 100000; echo '[9]'"})
    reader, writer = os.pipe()
    os.close(reader)

    with contextlib.closing(os.fdopen(writer, "wb")) as broken:
        ran = workspace.job(BASH, stdout=broken)

    assert (ran.exit_code, ran.report["output"]) == (0, [9])


@pytest.mark.parametrize("path", ["/dev/full", "/proc/1/nothing", "."], ids=["full", "absent", "a folder"])
def test_a_result_that_cannot_be_written_is_a_warning(path: str, workspace: Workspace) -> None:
    """The exit code belongs to the script."""
    workspace.write({"main.sh": "exit 5"})

    ran = dataclasses.replace(workspace, environment={"GREFFON_TERMINATION_LOG": path}).job(BASH)

    assert ran.exit_code == 5
    assert b"warning: the result could not be written" in ran.stderr


def test_nowhere_to_write_is_no_problem(workspace: Workspace) -> None:
    """The runner needs neither /tmp nor a home."""
    workspace.write({"main.sh": "echo '[1]'"})
    nowhere = {"TMPDIR": "/proc/nowhere", "HOME": "/proc/nowhere", "XDG_CACHE_HOME": "/proc/nowhere"}

    ran = dataclasses.replace(workspace, environment=nowhere).job(BASH)

    assert (ran.exit_code, ran.report["output"], ran.stderr) == (0, [1], b"")


@pytest.mark.parametrize(
    ("script", "exit_code"),
    [
        pytest.param("trap 'exit 7' TERM; echo up; sleep 60 & wait", 7, id="a script that cleans up"),
        pytest.param("echo up; sleep 60", 143, id="a script that knows no signals"),
        pytest.param("trap '' TERM; echo up; sleep 60", 137, id="a script that ignores it"),
        pytest.param(
            "trap '' TERM; (trap 'echo child' TERM; echo up; sleep 60); exit 6", 6, id="a child of the script"
        ),
    ],
)
def test_sigterm_reaches_the_script_and_all_below_it(script: str, exit_code: int, workspace: Workspace) -> None:
    """Forwarded to the process group; SIGKILL when the grace is over."""
    workspace.write({"main.sh": script})

    def stop(process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGTERM)

    # The child of the last row ends at once, so it has all the time that it wants.
    grace = {"GREFFON_GRACE_SECONDS": "20" if exit_code == 6 else "1"}
    ran = dataclasses.replace(workspace, environment=grace).job(BASH, while_running=stop)

    assert ran.exit_code == ran.report["exitCode"] == exit_code


def test_nothing_that_the_script_started_outlives_it(workspace: Workspace) -> None:
    """A background process is gone when the runner is."""
    workspace.write({"main.sh": 'sleep 600 >/dev/null 2>&1 & echo "$!"'})

    ran = workspace.job(BASH)

    assert not is_alive(ran.report["output"])


def test_orphans_are_reaped(workspace: Workspace) -> None:
    """As PID 1 (here: as subreaper, which is the same to the kernel) the runner collects what the script leaves."""
    orphan = "setsid sh -c 'sleep 0.1' >/dev/null 2>&1 </dev/null &"
    waits = "sleep 0.5\n"
    zombies = "grep -l '^State:.Z' /proc/[0-9]*/status | xargs -r grep -l \"^PPid:.$PPID$\" | wc -l\n"
    workspace.write({"main.sh": f"for i in 1 2 3 4 5; do ({orphan}) ; done\n{waits}{zombies}"})

    ran = workspace.job(BASH, preexec_fn=become_subreaper)

    assert ran.report["output"] == 0


def test_the_script_does_not_inherit_pythons_signal_habits(workspace: Workspace) -> None:
    """Python ignores SIGPIPE; a shell pipeline relies on it."""
    workspace.write({"main.sh": "grep -E '^Sig(Ign|Blk):' /proc/self/status"})

    ran = workspace.job(BASH, preexec_fn=as_a_container_starts)

    masks = [int(mask, 16) & STANDARD_SIGNALS for mask in ran.stdout.split()[1::2]]
    assert masks == [0, 0]


def test_a_job_leaves_no_open_descriptors_to_its_script(workspace: Workspace) -> None:
    """The script has its three streams and nothing of the runner's."""
    workspace.write({"main.py": "import json, os\nprint(json.dumps([int(n) for n in os.listdir('/proc/self/fd')]))\n"})

    ran = workspace.job(PYTHON)

    assert [n for n in ran.report["output"] if n > 3] == []  # 3 is the folder being listed


def as_a_container_starts() -> None:
    """A shell that put these tests in the background made them ignore what comes from a keyboard."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def become_subreaper() -> None:
    """Let orphans below come to this process, as they do to PID 1."""
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; gives the kernel a moment to finish it."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return False
        except FileNotFoundError:
            return False
        time.sleep(0.01)
    return True
