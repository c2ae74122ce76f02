"""Processes: starts programs, collects their ends (as PID 1 also those of orphans) and hears stop signals.

Called by `script`, and by `job` and `serve` for the signals.
"""

import asyncio
import contextlib
import errno
import os
import signal
from collections.abc import Callable, Mapping, Sequence

from .errors import NOT_EXECUTABLE, NOT_FOUND, CannotStart

_SIGNALS_OF_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)  # Python ignores them, and exec would hand that on
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def on_stop_signal(stop: Callable[[int], None]) -> None:
    """Call `stop` with each stop signal. `__main__` holds them back until here, so that none is lost."""
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


class Children:
    """Everything below this process: its scripts, and as PID 1 also the orphans that they leave."""

    def __init__(self) -> None:
        self._ends: dict[int, asyncio.Future[int]] = {}
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def spawn(
        self, argv: tuple[str, ...], environment: Mapping[str, str], streams: Sequence[int]
    ) -> tuple[int, asyncio.Future[int]]:
        """Start a program; return its PID and its end. No await in here: `_reap` must know each PID."""
        ended = asyncio.get_running_loop().create_future()
        pid = os.posix_spawnp(
            argv[0],
            argv,
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, stream, number) for number, stream in enumerate(streams)],
            setpgroup=0,
            setsigmask=(),
            setsigdef=(*_SIGNALS_OF_PYTHON, *STOP_SIGNALS),
        )
        self._ends[pid] = ended
        return pid, ended

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):  # no children left
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if ended := self._ends.pop(pid, None):
                    code = os.waitstatus_to_exitcode(status)
                    ended.set_result(code if code >= 0 else 128 - code)


def cannot_start(argv: Sequence[str], error: Exception) -> CannotStart:
    """Return why exec failed, in words."""
    program = argv[0]
    if isinstance(error, OSError) and error.errno == errno.ENOENT:
        return CannotStart(
            f"cannot start {program!r}: not found, or the interpreter in its first line is missing", NOT_FOUND
        )
    hint = " (does it have a first line like #!/usr/bin/env bash?)" if _is(error, errno.ENOEXEC) else ""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return CannotStart(f"cannot start {program!r}: {reason}{hint}", NOT_EXECUTABLE)


def _is(error: Exception, number: int) -> bool:
    return isinstance(error, OSError) and error.errno == number
