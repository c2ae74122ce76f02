"""One run of a plug-in's script: start it, feed it, pass on what it says, stop it, take its exit code.

Called by `job` (once) and `service` (once per event); processes come from `children`, words go to `console`. A script
is started by exec of an argument list, never through a shell, in a process group of its own.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .children import Children, cannot_start
from .console import STDERR, STDOUT, Console
from .output import LastLine

CHUNK = 64 * 1024
DRAIN_SECONDS = 2.0
TIMED_OUT = 124


@dataclass(frozen=True, slots=True)
class Command:
    """What to start, and how long it gets to end once it was asked to."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    grace_seconds: float


class Script:
    """One running script. `start` it, `wait` for it; `stop` it in between if need be."""

    def __init__(self, command: Command, console: Console) -> None:
        self._command = command
        self._console = console
        self._pid = 0
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._kill: asyncio.TimerHandle | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self._transports: list[asyncio.BaseTransport] = []
        self.last_line = LastLine()
        self.timed_out = False

    async def start(self, children: Children, stdin: bytes) -> None:
        """Start the script and write its input; raise `CannotStart` when there is nothing to start."""
        ours, theirs = _pipes()
        try:
            self._pid, self._ended = children.spawn(self._command.argv, self._command.environment, theirs)
        except (OSError, ValueError) as error:
            for descriptor in ours:
                os.close(descriptor)
            raise cannot_start(self._command.argv, error) from error
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        await self._connect(ours, stdin)

    async def _connect(self, pipes: Sequence[int], stdin: bytes) -> None:
        loop = asyncio.get_running_loop()
        writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(pipes[0], "wb", 0))
        self._transports.append(writer)
        writer.write(stdin)  # a script that does not read is no error: asyncio drops what meets a closed pipe
        writer.write_eof()
        await self._listen(pipes[STDOUT], STDOUT, self.last_line.feed)
        await self._listen(pipes[STDERR], STDERR, None)

    async def _listen(self, pipe: int, descriptor: int, listen: Callable[[bytes], None] | None) -> None:
        reader = asyncio.StreamReader(limit=CHUNK)  # pauses the pipe, and so the script, beyond twice this
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", 0)
        )
        self._transports.append(transport)
        self._pumps.add(asyncio.create_task(self._pump(reader, descriptor, listen)))

    async def _pump(
        self, reader: asyncio.StreamReader, descriptor: int, listen: Callable[[bytes], None] | None
    ) -> None:
        while chunk := await reader.read(CHUNK):
            if listen:
                listen(chunk)
            await self._console.pass_on(descriptor, chunk)

    def send(self, number: int) -> None:
        """Send a signal to the script and everything in its process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)

    def stop(self, number: int = signal.SIGTERM, grace_seconds: float | None = None) -> None:
        """Ask the script to end; it is killed when the grace is over."""
        self.send(number)
        if self._kill is None:
            grace = self._command.grace_seconds if grace_seconds is None else grace_seconds
            self._kill = asyncio.get_running_loop().call_later(grace, self.send, signal.SIGKILL)

    async def wait(self, timeout_seconds: float | None) -> int:
        """Return the exit code once the script has ended and all it said was passed on."""
        done, _ = await asyncio.wait({self._ended}, timeout=timeout_seconds)
        if not done:
            self.timed_out = True
            self._console.say(f"the script took longer than its timeout of {timeout_seconds:g} s; stopping it")
            self.stop()
        code = await self._ended
        if self._kill:
            self._kill.cancel()
        elif code == 128 + signal.SIGKILL:
            self._console.say("the script was killed by SIGKILL: most often it passed its memory limit")
        await self._drain()
        return TIMED_OUT if self.timed_out else code

    async def _drain(self) -> None:
        """Listen until the pipes close; processes left behind by the script may hold them open."""
        _, open_pumps = await asyncio.wait(self._pumps, timeout=DRAIN_SECONDS)
        self.send(signal.SIGKILL)  # nothing that a script started outlives it
        if open_pumps:
            _, open_pumps = await asyncio.wait(open_pumps, timeout=DRAIN_SECONDS)
        for pump in open_pumps:
            pump.cancel()
        for transport in self._transports:
            transport.close()
        self._console.finish()


def _pipes() -> tuple[list[int], list[int]]:
    """Return our and the script's ends of its stdin, stdout and stderr."""
    script_in, our_in = os.pipe()
    our_out, script_out = os.pipe()
    our_err, script_err = os.pipe()
    return [our_in, our_out, our_err], [script_in, script_out, script_err]
