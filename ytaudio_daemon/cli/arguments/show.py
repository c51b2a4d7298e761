"""All about one job: where it stands, each attempt, what comes next, what you can do."""

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
        "job", metavar="JOB", help="its ID, or a unique beginning of it"
    )
    add_json(parser, "the Job with its attempts, events and lines")
