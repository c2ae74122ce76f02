"""The runner's own stdout and stderr: passes on what scripts say and adds the runner's own sentences.

Used by `script`, `job` and `serve`. A reader that is slow or gone must not stop the runner.
"""

import asyncio
import os
import select

from .output import Tail, WholeLines

STDOUT, STDERR = 1, 2


class Console:
    """Writes to the container's log and remembers the end of what was written."""

    def __init__(self, *tails: Tail) -> None:
        self.tail = Tail()
        self._tails = (self.tail, *tails)
        self._lines = {STDOUT: WholeLines(), STDERR: WholeLines()}

    async def pass_on(self, descriptor: int, chunk: bytes) -> None:
        """Write a script's bytes unchanged. Waits while the log is slow, and the script with it."""
        self._remember(self._lines[descriptor].feed(chunk))
        await asyncio.get_running_loop().run_in_executor(None, write_all, descriptor, chunk)

    def say(self, sentence: str) -> None:
        """Write a sentence of the runner itself to stderr."""
        line = f"greffon-runner: {sentence}\n".encode("utf-8", "replace")
        self._remember(line)
        write_all(STDERR, line)

    def finish(self) -> None:
        """Remember the lines that the script left without an end."""
        for lines in self._lines.values():
            self._remember(lines.close())

    def _remember(self, text: bytes) -> None:
        for tail in self._tails:
            tail.feed(text)


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything, or drop the rest when nobody can read it: the script's work counts more than its log."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            select.select([], [descriptor], [])
        except OSError:
            return
