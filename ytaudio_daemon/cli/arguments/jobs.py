"""List jobs in the order they were accepted.

It reads the ledger, so it knows all jobs, also those of expired sessions, whether the
daemon runs or not.

On a terminal, a list longer than the screen is shown in a pager (less, or what $PAGER
names): space is the next page, q ends it.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_json, add_session
from ytaudio_daemon.model.job import JobState

EXAMPLES = """\
examples:
  ytaudio jobs --session party
  ytaudio jobs --state failed --state waiting
  ytaudio jobs --json | jq -r '.jobs[] | select(.state == "completed").output_path'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_session(parser, "only this session's")
    parser.add_argument(
        "--state", action="append", choices=[str(state) for state in JobState],
        default=[], metavar="STATE",
        help="only jobs in this state; may be given again: "
        + " ".join(str(state) for state in JobState),
    )  # fmt: skip
    add_json(parser, "{schema, jobs: [Job…]}")
