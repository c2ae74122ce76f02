"""The one error of this package.

Raised by `base.parse`; caught by `reconcile`, which turns it into the condition `Stalled`, reason
`InvalidSpec`, and by the command line, which prints it.
"""

Problem = tuple[str, str]
"""Where (a path such as `spec.run.ports[0].name`) and what is wrong there."""

SHOWN_PROBLEMS = 5


class SpecError(ValueError):
    """An object cannot be read: each problem names its field."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(describe(problems))


def describe(problems: tuple[Problem, ...]) -> str:
    """Put problems into one deterministic, bounded line for a condition or a terminal."""
    shown = "; ".join(f"{path or 'the object'}: {message}" for path, message in problems[:SHOWN_PROBLEMS])
    hidden = len(problems) - SHOWN_PROBLEMS
    return f"{shown}; and {hidden} more" if hidden > 0 else shown
