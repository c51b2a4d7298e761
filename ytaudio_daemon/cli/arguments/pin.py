"""Have a finished file stay, whatever the keep_last of its subscription says.

A file that you move, rename or change in the library stays, too, without a pin.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_job_ids

EXAMPLES = """\
examples:
  ytaudio pin 1a2b3c4d
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_job_ids(parser)
