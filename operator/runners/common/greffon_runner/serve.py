"""Service mode: listens, serves until a stop signal, drains. Called by `__main__`; next comes `service`.

SIGTERM: no new events; those that run get the grace to finish, then the process ends with exit code 0.
"""

import asyncio
import socket

from . import preflight, report
from .children import Children, on_stop_signal
from .console import Console
from .errors import CannotStart, UsageError
from .output import Result
from .script import Command
from .service import Service
from .settings import Settings
from .wire import MAX_HEAD_BYTES


async def run(command: Command, settings: Settings, port: int) -> int:
    """Serve until a stop signal; return the exit code."""
    console = Console()
    try:
        preflight.check(command.argv)
        preflight.check_syntax(command.argv)
        listener = _listen(port)
    except CannotStart as error:
        console.say(str(error))
        return _report(error.exit_code, console, settings)
    service = Service(Children(), command, settings, console)
    stopped = asyncio.Event()
    on_stop_signal(lambda _: stopped.set())
    server = await asyncio.start_server(service.connected, sock=listener, limit=MAX_HEAD_BYTES)
    console.say(f"serving on port {listener.getsockname()[1]}")
    await stopped.wait()
    await service.drain()
    server.close()
    return _report(0, console, settings)


def _listen(port: int) -> socket.socket:
    dual = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual else socket.AF_INET
    try:
        return socket.create_server(("", port), family=family, dualstack_ipv6=dual)
    except OSError as error:
        raise UsageError(f"cannot listen on port {port}: {error.strerror}") from error


def _report(code: int, console: Console, settings: Settings) -> int:
    warning = report.write(settings.termination_log, report.build(code, Result(), console.tail.text()))
    if warning:
        console.say(warning)
    return code
