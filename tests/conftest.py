"""What all tests share: a browser and a PostgreSQL, started once, and a place to say what was measured on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.postgresql import cluster, database
from tests.quick import quick
from tests.web.browser import browser

__all__ = ["browser", "cluster", "database", "quick"]

MEASURED = "measured"

# How long an example takes is the machine's business: one with five other jobs would fail what is right.
settings.register_profile("keping", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("keping")

Measured = Callable[[str], None]


@pytest.fixture
def measured(record_property: Callable[[str, Any], None]) -> Measured:
    """Called with a line, which stands at the end of the test run."""
    return lambda line: record_property(MEASURED, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = (report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind))
    # A report of each phase carries the properties of the test.
    lines = {value for report in reports for name, value in report.user_properties if name == MEASURED}
    for line in sorted(lines):
        terminalreporter.write_line(f"measured: {line}")
