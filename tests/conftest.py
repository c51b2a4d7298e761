"""Fixtures for every suite; each lives beside what it starts."""

import gc
import os
import signal
import sys
import tempfile
import zlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.compiled_statements",
    "tests.integration.ledger_fixtures",
    "tests.leftovers",
    "tests.youtube.fixtures",
]

#: What takes longest, longest first: a worker that got it last would hold up the end.
LONGEST_FILES = (
    "acceptance/test_lifecycle.py",
    "acceptance/test_download_command.py",
    "acceptance/test_failures.py",
    "acceptance/test_download_python.py",
    "acceptance/test_ytdlp_versions.py",
    "acceptance/test_two_hundred.py",
    "acceptance/test_faults_host.py",
    "integration/test_fetch_youtube.py",
    "integration/test_outage.py",
    "integration/test_youtube_stand_in.py",
    "integration/test_ytdlp_versions.py",
    "unit/test_dropfile_steps.py",
    "integration/test_cli_add.py",
    "integration/test_listing.py",
    "integration/test_notify.py",
)

# A shell's background job ignores Ctrl-C, and whatever it starts inherits that: the
# programs under test would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Millions of objects are made, few of them in cycles: a third of the time that it takes to
# collect the tests, or to parse the package, would go into looking for such cycles.
gc.set_threshold(100_000, 20, 20)

# How long an example takes is no property of the code on a busy machine; what must be quick
# has a test of its own. `make test-long` asks for the second profile.
for name, examples in (("short", 40), ("long", 400)):
    settings.register_profile(
        name,
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("short")


def keep_bytecode_elsewhere() -> None:
    """Write bytecode to a folder of the tests, for nobody wants it beside the sources.

    Every Python that is started, some hundred times, would compile all of the package.
    """
    folder = Path(tempfile.gettempdir()) / f"ytaudio-bytecode-{os.geteuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.stat().st_uid == os.geteuid():  # else it is somebody's trap
        del os.environ["PYTHONDONTWRITEBYTECODE"]
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(folder)
        sys.dont_write_bytecode = False


def keep_temporary_files_apart() -> None:
    """Have pytest's folder for this user in one of this checkout's.

    The next run by the same user, of whatever tests, closes it to everybody else, and
    some of ours run programs below it as somebody else. The name is short: the paths of
    sockets are.
    """
    us = f"{os.geteuid()} {Path(__file__).parent}"
    folder = Path(tempfile.gettempdir()) / f"yt-{zlib.crc32(us.encode()):08x}"
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.stat().st_uid == os.geteuid():  # else it is somebody's trap
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


keep_temporary_files_apart()
if os.environ.get("PYTHONDONTWRITEBYTECODE"):
    keep_bytecode_elsewhere()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files as xdist hands them out: the longest first, waiting beside working.

    Acceptance tests wait for two thirds of their time, most others for none: of a few
    workers some should be at these and some at those, and at none of the first at the end.
    """
    here = Path(__file__).parent
    longest = [here / name for name in LONGEST_FILES]
    assert all(path.exists() for path in longest), "a file of LONGEST_FILES was renamed"
    found = dict.fromkeys(item.path for item in items)
    files = [path for path in longest if path in found]
    files += [path for path in found if path not in longest]
    waiting = [path for path in files if path.parent.name == "acceptance"]
    working = [path for path in files if path.parent.name != "acceptance"]
    places = {path: 0.8 * n / len(waiting) for n, path in enumerate(waiting)}
    places |= {path: n / len(working) for n, path in enumerate(working)}
    items.sort(key=lambda item: places[item.path])


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
