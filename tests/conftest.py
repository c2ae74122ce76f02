"""Every run of the tests draws the same examples, so that a red run tells of a change and not of a draw; what tests
measured is printed at the end.

Loaded by pytest. GREFFON_EXPLORE=1 draws anew: that is how new examples are looked for, away from a release's checks.
"""

import os
from collections.abc import Callable

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("exploring", deadline=None, print_blob=True)
settings.load_profile("exploring" if os.environ.get("GREFFON_EXPLORE") else "repeatable")

_FIGURE = "figure"
Figure = Callable[[str], None]


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Keeps a line about what was measured for the end of the run: what a test prints beside others is lost."""
    return lambda text: request.node.user_properties.append((_FIGURE, text))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print them, with the tests they are from."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    told = [
        (report.nodeid.rpartition("::")[2], text)
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, text in report.user_properties
        if name == _FIGURE
    ]
    if told:
        terminalreporter.section("figures")
    for test, text in told:
        terminalreporter.write_line(f"{test}: {text}")
