"""Programs run in the foreground, and what the user sees meanwhile.

Called by everything that starts a program. `run` is for quick ones; `run_logged` is for those that take
minutes: output goes to a log file, a line every 15 seconds says that it lives, and the process group is
recorded so that `stop_orphans` can end it after this process was killed in the middle.
Background services are `controlplane_process`'s.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.cluster.controlplane_process import kill, recording_itself, running_pid

_BEAT_SECONDS = 15.0
_STARTED = time.monotonic()


class HarnessError(RuntimeError):
    """What the harness tells its user: what is wrong and what to do about it."""


class CommandError(HarnessError):
    """A program ended with a non-zero code; the message ends with what it said last."""


def say(text: str) -> None:
    """One line of progress; standard output is kept for results."""
    print(f"[{time.monotonic() - _STARTED:6.1f}s] {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(label: str) -> Iterator[None]:
    """Announce a step, say every 15 seconds that it lives, and how long it took."""
    started = time.monotonic()
    done = threading.Event()

    def beat() -> None:
        while not done.wait(_BEAT_SECONDS):
            say(f"{label}: {time.monotonic() - started:.0f} s so far")

    say(f"{label} …")
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    say(f"{label}: done in {time.monotonic() - started:.1f} s")


def run(
    argv: Sequence[object],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float = 120,
) -> str:
    """Run a program to its end and return its standard output; `CommandError` if it fails."""
    command = [str(part) for part in argv]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"`{shlex.join(command)}` did not end within {timeout:.0f} s") from error
    if done.returncode != 0:
        raise CommandError(_failure(command, done.returncode, done.stderr or done.stdout))
    return done.stdout


def succeeds(argv: Sequence[object], *, env: Mapping[str, str] | None = None, timeout: float = 60) -> bool:
    """Whether the program exists and ends with code 0."""
    try:
        run(argv, env=env, timeout=timeout)
    except (CommandError, FileNotFoundError):
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask again and again until `condition` holds: for programs that cannot tell us when they are ready."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise HarnessError(f"{what} is not ready after {seconds:.0f} s")
        time.sleep(0.1)


def run_logged(
    label: str,
    argv: Sequence[object],
    logs: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: Path | None = None,
) -> None:
    """Run a slow program as a step; its output is in `logs`, its last lines in the error if it fails."""
    logs.mkdir(parents=True, exist_ok=True)
    name = label.replace(" ", "-").replace("/", "-")
    log, record = logs / f"{name}.log", logs / f"{name}.{os.getpid()}.running"
    command = [str(part) for part in argv]
    with step(label), log.open("wb") as out, _input(stdin) as source:
        child = subprocess.Popen(
            recording_itself(command, record),
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=source,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        code = _wait(child, record)
    if code != 0:
        raise CommandError(_failure(command, code, log.read_text(errors="replace")) + f"\n(all of it: {log})")


@contextlib.contextmanager
def _input(path: Path | None) -> Iterator[int]:
    descriptor = os.open(path or os.devnull, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _wait(child: subprocess.Popen[bytes], record: Path) -> int:
    """Wait for the child, and take its group along if we are interrupted."""
    try:
        return child.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise
    finally:
        record.unlink(missing_ok=True)


def stop_orphans(logs: Path) -> None:
    """End what a killed run left running. Only for whoever holds the lock of that work."""
    for record in logs.glob("*.running"):
        pid = running_pid(record)
        if pid is not None:
            say(f"stopping process {pid}, left by a killed run")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        kill(record)


def _failure(command: Sequence[str], code: int, output: str) -> str:
    tail = "\n".join(output.strip().splitlines()[-20:])
    return f"`{shlex.join(command)}` ended with code {code}:\n{tail}"
