"""Kills a control plane when the process that started it dies without cleaning up.

Started by `controlplane.control_plane` with a pipe as standard input and the state directory as its
only argument. The kernel closes the pipe when the starter ends, however it ends; the guard then kills
every process recorded in the directory. Nothing comes after it.
"""

import sys
from pathlib import Path

from tests.cluster.controlplane_process import kill


def main(directory: Path) -> None:
    """Block until standard input is closed, then kill what `directory` records."""
    while sys.stdin.buffer.read(4096):
        pass
    for pid_file in sorted(directory.glob("*.pid")):
        kill(pid_file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
