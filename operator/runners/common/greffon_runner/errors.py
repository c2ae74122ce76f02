"""Why a run cannot begin. Raised by every module here, turned into an exit code by `__main__` and `serve`.

RunnerError
├── UsageError    the arguments or the environment are wrong (exit code 2)
└── CannotStart   the script or its event cannot be used (exit code 126 or 127, as in POSIX)
"""

USAGE = 2
NOT_EXECUTABLE = 126
NOT_FOUND = 127


class RunnerError(Exception):
    """The script was not run; the text says why and what to do."""

    exit_code = USAGE


class UsageError(RunnerError):
    """The runner was called with arguments or settings that it cannot use."""


class CannotStart(RunnerError):  # noqa: N818 - the name says what happened
    """The script cannot be started."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code
