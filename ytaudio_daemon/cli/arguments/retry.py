"""Run finished jobs again, with all their attempts.

Failed and cancelled jobs run again; a completed one only when its file is gone. A
session that has expired takes no more work: drop the links again instead. A collection
is listed again, too: what is new in it is added.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_job_selection

EXAMPLES = """\
examples:
  ytaudio retry 1a2b3c4d
  ytaudio retry --session party --failed
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_job_selection(parser)
    parser.add_argument(
        "--failed", action="store_true", help="only failed jobs, not cancelled ones"
    )
