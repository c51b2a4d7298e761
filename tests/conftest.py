"""Fixtures for every suite; each lives beside what it starts."""

import signal

pytest_plugins = ["tests.integration.ledger_fixtures", "tests.youtube.fixtures"]

# A shell's background job ignores Ctrl-C, and whatever it starts inherits that: the
# programs under test would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
