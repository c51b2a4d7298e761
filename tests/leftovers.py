"""No file of tests leaves anything behind in its process: the next file runs in it, too.

Which files share a process is up to the other workers. What one of them leaves breaks
another one by chance only, and far from its cause.
"""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)
#: pytest's own, which come and go with each test.
PYTESTS = ("LogCaptureHandler", "_LiveLoggingNullHandler", "_FileHandler")


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Compare the process's state before and after each file of tests."""
    before = _state()
    yield
    after = _state()
    left = {
        what: (before.get(what), after.get(what))
        for what in before.keys() | after.keys()
        if before.get(what) != after.get(what)
    }
    assert left == {}, "before and after this file of tests"


def _state() -> dict[str, object]:
    umask = os.umask(0o022)
    os.umask(umask)
    environment = {
        f"variable {name}": text
        for name, text in os.environ.items()
        if not name.startswith("PYTEST_")
    }
    return environment | {
        "folder": Path.cwd(),
        "umask": umask,
        "user": (os.geteuid(), os.getegid()),
        "signals": [signal.getsignal(each) for each in SIGNALS],
        "modules are found in": list(sys.path),
        "hooks": [sys.excepthook, threading.excepthook, sys.unraisablehook],
        "sockets wait for": socket.getdefaulttimeout(),
        "log levels off": logging.root.manager.disable,
        "log": _handlers(),
    }


def _handlers() -> dict[str, list[str]]:
    """Return what takes in log entries, by logger; of most loggers nothing does."""
    loggers = {"": logging.root, **logging.root.manager.loggerDict}
    found = {
        name: [
            f"{handler!r}"
            for handler in logger.handlers
            if not isinstance(handler, logging.NullHandler)
            and type(handler).__name__ not in PYTESTS
        ]
        for name, logger in loggers.items()
        if isinstance(logger, logging.Logger)
    }
    return {name: handlers for name, handlers in found.items() if handlers}
