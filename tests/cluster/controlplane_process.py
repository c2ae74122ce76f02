"""Background processes known by a pid file: started, found again, and killed by exactly that pid.

Called by `controlplane` for each component and by `controlplane_guard` after a killed run. A pid file
holds the pid and the kernel's start time of that process, so that a recycled pid is never mistaken for
ours.
"""

import contextlib
import os
import select
import signal
import socket
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from random import SystemRandom

# Below the kernel's ephemeral range and below NodePorts: nothing takes such a port by itself, so a
# component finds its port free again after a restart.
_PORTS = range(21000, 29999)


# The program records itself before it begins: whoever started it may be killed at any instant after that.
# Fields 1 and 22 of its stat line are pid and start time (proc_pid_stat(5)); both stay over `exec`.
# Descriptor 9, where there is one, tells by its end that this is done.
_READ_STAT = f"read -r pid {'_ ' * 20}start _ < /proc/$$/stat"
_RECORD_AND_BECOME = _READ_STAT + ' && echo $pid $start > "$0" && exec 9>&- && exec "$@"'


def recording_itself(argv: Sequence[str], pid_file: Path) -> list[str]:
    """The command that writes its own pid file and then becomes `argv`."""
    return ["/bin/sh", "-c", _RECORD_AND_BECOME, str(pid_file), *argv]


def spawn(argv: Sequence[str], pid_file: Path, log: Path, environment: Mapping[str, str]) -> None:
    """Start `argv` in a session of its own, output appended to `log`, and record its pid."""
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    command = recording_itself(argv, pid_file)
    recorded, recording = os.pipe()
    os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            (os.POSIX_SPAWN_DUP2, recording, 9),
        ],
        setsid=True,
    )
    os.close(recording)
    os.read(recorded, 1)  # ends when the child has closed its end: it is on record then, or it has died
    os.close(recorded)


def running_pid(pid_file: Path) -> int | None:
    """The recorded pid while that very process lives, else None."""
    pid = _recorded_pid(pid_file)
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        if pid is not None and _stat(pid)[0] not in "ZX":
            return pid
    return None


def kill(pid_file: Path) -> None:
    """Kill the recorded process with SIGKILL, wait until it is gone, and forget it."""
    pid = _recorded_pid(pid_file)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            _kill_and_wait(pid, pid_file)
    pid_file.unlink(missing_ok=True)


def _kill_and_wait(pid: int, pid_file: Path) -> None:
    descriptor = os.pidfd_open(pid)
    try:
        if _recorded_pid(pid_file) != pid:  # gone and recycled between the look and the open
            return
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        poller.poll()
    finally:
        os.close(descriptor)
    with contextlib.suppress(ChildProcessError):  # started by another process, which reaps it
        os.waitpid(pid, 0)


def _recorded_pid(pid_file: Path) -> int | None:
    """The pid in the file, unless that process is gone or its number went to another one."""
    try:
        pid, started = map(int, pid_file.read_text().split())
        return pid if _stat(pid)[1] == started else None
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None


def _stat(pid: int) -> tuple[str, int]:
    """State letter of a process, and the clock ticks after boot at which it started."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    fields = stat[stat.rindex(")") + 2 :].split()
    return fields[0], int(fields[19])


def free_ports(count: int) -> list[int]:
    """Distinct ports of 127.0.0.1 that nobody listens on now."""
    candidates = SystemRandom().sample(_PORTS, len(_PORTS))
    found = list(islice(filter(_is_free, candidates), count))
    if len(found) < count:
        raise OSError(f"only {len(found)} of {count} ports are free between {_PORTS.start} and {_PORTS.stop}")
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
