"""Fixtures for every suite; each lives beside what it starts."""

import gc
import signal
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.integration.ledger_fixtures", "tests.youtube.fixtures"]

# A shell's background job ignores Ctrl-C, and whatever it starts inherits that: the
# programs under test would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """Leave what stays to the end out of every later collection of garbage.

    Thousands of tests and all their modules would be walked through each time.
    """
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what could not be tried here, a line a reason."""
    reports = terminalreporter.getreports("skipped")
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in reports
        if isinstance(report.longrepr, tuple)
    )
    if reasons:
        terminalreporter.section("not tried here")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count:4} x  {reason}")
