"""`greffon-runner job -- ARGV…` and `greffon-runner serve --port N -- ARGV…`: PID 1 of a script plug-in's container.

Reads the arguments and settings, then hands over to `job` or `serve`. The only place that reads the environment.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from . import CONTRACT, job, serve
from .children import STOP_SIGNALS
from .console import Console
from .errors import RunnerError, UsageError
from .script import Command
from .settings import read, script_environment

MAX_PORT = 65535


def main() -> NoReturn:
    """Run and leave the process with the contract's exit code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # until `on_stop_signal`
    _open_standard_streams()
    try:
        code = _run(sys.argv[1:])
    except RunnerError as error:
        Console().say(str(error))
        code = error.exit_code
    # Not sys.exit: it would wait for a thread that writes to a log which nobody reads any more.
    os._exit(code)


def _run(arguments: Sequence[str]) -> int:
    options, argv = parse_arguments(arguments)
    settings = read(os.environ)
    command = Command(argv, script_environment(os.environ), settings.grace_seconds)
    # Not asyncio.run, for the same reason as in `main`.
    loop = asyncio.new_event_loop()
    if options.mode == "job":
        return loop.run_until_complete(job.run(command, settings))
    return loop.run_until_complete(serve.run(command, settings, options.port))


def parse_arguments(arguments: Sequence[str]) -> tuple[argparse.Namespace, tuple[str, ...]]:
    """Split the runner's own arguments from the script's, which follow `--`."""
    parser = argparse.ArgumentParser("greffon-runner", description=f"Runs a plug-in's script, contract {CONTRACT}.")
    modes = parser.add_subparsers(dest="mode", required=True, metavar="job|serve")
    modes.add_parser("job", usage="greffon-runner job -- PROGRAM [ARGUMENT…]")
    serving = modes.add_parser("serve", usage="greffon-runner serve [--port N] -- PROGRAM [ARGUMENT…]")
    serving.add_argument("--port", type=int, default=8080)
    ours, argv = list(arguments), tuple[str, ...]()
    if "--" in ours:
        cut = ours.index("--")
        ours, argv = ours[:cut], tuple(ours[cut + 1 :])
    options = parser.parse_args(ours)
    if not argv or not argv[0]:
        raise UsageError("there is nothing to run: write the program and its arguments after --")
    if not 0 <= getattr(options, "port", 0) <= MAX_PORT:
        raise UsageError(f"--port {options.port} is not a port")
    return options, argv


def _open_standard_streams() -> None:
    """Point closed standard streams to /dev/null, or the next pipe would become one of them."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    main()
