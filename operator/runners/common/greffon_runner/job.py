"""Job mode: one event, one run, one report. Called by `__main__`; next comes `script`."""

from pathlib import Path

from . import preflight, report
from .children import Children, on_stop_signal
from .console import Console
from .errors import NOT_EXECUTABLE, CannotStart, RunnerError
from .output import Result, parse
from .script import Command, Script
from .settings import Settings


async def run(command: Command, settings: Settings) -> int:
    """Run the script once, report, and return the exit code."""
    console = Console()
    script = Script(command, console)
    try:
        event = read_event(Path(settings.event_path))
        preflight.check(command.argv)
        await script.start(Children(), event)
    except RunnerError as error:
        console.say(str(error))
        return _report(error.exit_code, Result(), console, settings)
    on_stop_signal(script.stop)
    code = await script.wait(settings.timeout_seconds)
    return _report(code, script.last_line.result(), console, settings)


def read_event(path: Path) -> bytes:
    """Return the event to run with; a run without one has the empty object."""
    try:
        event = path.read_bytes()
    except FileNotFoundError:
        event = b""
    except OSError as error:
        raise CannotStart(f"the event in {path} cannot be read: {error.strerror}", NOT_EXECUTABLE) from error
    if not event.strip():
        return b"{}"
    try:
        parse(event)
    except (ValueError, RecursionError) as error:
        raise CannotStart(f"the event in {path} is not JSON: {error}", NOT_EXECUTABLE) from error
    return event


def _report(code: int, result: Result, console: Console, settings: Settings) -> int:
    warning = report.write(settings.termination_log, report.build(code, result, console.tail.text()))
    if warning:
        console.say(warning)
    return code
