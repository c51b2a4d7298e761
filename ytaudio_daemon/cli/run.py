"""Run the daemon in the foreground until Ctrl-C or SIGTERM.

systemd starts it in the same way. The settings come from the config file, from
variables YTAUDIO_<SECTION>_<KEY> and from the flags here.
"""

import argparse
import os
import shlex
import sys
from importlib import import_module

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.ledger_access import daemon_uid, daemon_user
from ytaudio_daemon.errors import UsageError

EXAMPLES = """\
examples:
  ytaudio --config config/ytaudio.toml run
"""


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: the daemon has settings, no arguments."""


def run(context: CommandContext) -> int:
    """Run the daemon and return its exit status.

    Raises:
        UsageError: We are root, and the tree is another user's, who could not change
            what root makes there.
    """
    owner = daemon_uid(context)
    if os.geteuid() == 0 and owner != 0:
        name = daemon_user(context)
        raise UsageError(
            f"{context.settings.paths.root} is {name}'s; root's files there would lock "
            f"{name} out",
            context.start_command()
            if context.start_command().startswith("sudo systemctl")
            else shlex.join(["sudo", "-u", name, "ytaudio", *sys.argv[1:]]),
        )
    daemon = import_module("ytaudio_daemon.daemon")  # half a second of imports
    return int(daemon.run(context.settings))
