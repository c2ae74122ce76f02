"""Looks at a script before it is started, so that what can never work is said at once and in plain words.

Called by `job` and `serve` with the entrypoint. `serve` also has the syntax checked: a Service whose every event would
fail must not become ready.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import NOT_EXECUTABLE, NOT_FOUND, CannotStart

_INTERPRETER = re.compile(r"^(?P<language>python|bash|sh)[0-9.]*$")
_SYNTAX_CHECK_SECONDS = 30


def check(argv: Sequence[str]) -> None:
    """Raise `CannotStart` when the program, or the script that it is to interpret, is not there."""
    if shutil.which(argv[0]) is None:
        raise _missing_program(argv[0])
    script = _script(argv)
    if script is not None and not script.is_file():
        raise CannotStart(f"cannot start {argv[0]!r}: {_no_such_file(script)}", NOT_FOUND)


def check_syntax(argv: Sequence[str]) -> None:
    """Raise `CannotStart` when the script is Python or Bash that does not parse."""
    script, language = _script(argv), _language(argv)
    if script is None:
        return
    message = _python_error(script) if language == "python" else _shell_error(argv[0], script)
    if message:
        raise CannotStart(f"cannot start {script}: {message}", NOT_EXECUTABLE)


def _language(argv: Sequence[str]) -> str | None:
    match = _INTERPRETER.match(os.path.basename(argv[0]))
    return match["language"] if match else None


def _script(argv: Sequence[str]) -> Path | None:
    """Return the file that an interpreter is to run; None when there are options that only it understands."""
    if _language(argv) is None or len(argv) < 2 or argv[1].startswith("-"):
        return None
    return Path(argv[1])


def _missing_program(program: str) -> CannotStart:
    if os.path.isfile(program) and "/" not in program:
        return CannotStart(f"cannot start {program!r}: to run a file of the plug-in write './{program}'", NOT_FOUND)
    if os.path.isfile(program):
        return CannotStart(f"cannot start {program!r}: the file is not executable", NOT_EXECUTABLE)
    return CannotStart(f"cannot start {program!r}: there is no such program", NOT_FOUND)


def _no_such_file(script: Path) -> str:
    here = sorted(entry.name for entry in Path().iterdir() if not entry.name.startswith(".."))
    return f"there is no file {script} in {Path.cwd()}, only {', '.join(here[:20]) or 'nothing'}"


def _python_error(script: Path) -> str | None:
    try:
        compile(script.read_bytes(), str(script), "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (OSError, ValueError, RecursionError) as error:
        return str(error)
    return None


def _shell_error(shell: str, script: Path) -> str | None:
    checked = subprocess.run(
        [shell, "-n", str(script)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=_SYNTAX_CHECK_SECONDS,
        check=False,
    )
    return checked.stderr.decode("utf-8", "replace").strip() if checked.returncode else None
