"""Remove pins: the files may go again when keep_last of their subscription says so."""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_job_ids

EXAMPLES = """\
examples:
  ytaudio unpin 1a2b3c4d
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_job_ids(parser)


def target(_args: argparse.Namespace) -> str:
    """Return the function that runs the command, which is in the module of `pin`."""
    return "pin.unpin"
