"""Cancel jobs: at once, or, while one is running, by asking the daemon to stop it.

A job whose audio is just being published is no longer stopped. A cancelled job can be
run again with `ytaudio retry`. Of a collection the listing is cancelled, and all
unfinished jobs that it made.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_job_selection

EXAMPLES = """\
examples:
  ytaudio cancel 1a2b3c4d 5e6f
  ytaudio cancel --session party
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_job_selection(parser)
