"""Show one job: its state, each attempt, what comes next, and what you can do.

Of a playlist, album or channel: its listing, and what became of each entry.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_json

EXAMPLES = """\
examples:
  ytaudio show 1a2b3c4d
  ytaudio show 1a2b --json | jq .attempts
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "job",
        metavar="JOB",
        help="ID of a job or collection, or a unique beginning of it",
    )
    add_json(parser, "the Job with its attempts, events and lines, or the collection")
