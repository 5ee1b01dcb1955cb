"""Prints the tally of golden cases below the test results."""

from __future__ import annotations

import pytest

from tests.golden import report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if report.TALLY:
        terminalreporter.section("agreement with other software")
        for line in report.lines():
            terminalreporter.line(line)
