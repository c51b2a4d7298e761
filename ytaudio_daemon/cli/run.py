"""Run the daemon in the foreground until Ctrl-C or SIGTERM.

systemd starts it in the same way. The settings come from the config file, from
variables YTAUDIO_<SECTION>_<KEY> and from the flags here.
"""

import argparse
from importlib import import_module

from ytaudio_daemon.cli.call import Call

EXAMPLES = """\
examples:
  ytaudio --config config/ytaudio.toml run
"""


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: the daemon has settings, no arguments."""


def run(call: Call) -> int:
    """Run the daemon and return its exit status."""
    daemon = import_module("ytaudio_daemon.daemon")  # half a second of imports
    return int(daemon.run(call.settings))
