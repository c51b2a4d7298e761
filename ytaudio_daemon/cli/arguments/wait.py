"""Wait until jobs are finished; the exit status says whether they succeeded.

0: every job was completed. 1: some failed, were cancelled, or links were rejected.
3: there is work left, but the daemon is not running. 5: --timeout is over.
With --session all jobs and lines of that session count; without anything those of all
active sessions. Drops that are still in the inbox are waited for too.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_json, add_session, add_work_ids

EXAMPLES = """\
examples:
  ytaudio wait --session party --timeout 2h
  ytaudio wait 1a2b3c4d
  ytaudio add URL --wait || ytaudio jobs --state failed
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_work_ids(parser)
    add_session(parser, "all jobs of this session")
    parser.add_argument(
        "--timeout",
        metavar="TIME",
        help="stop waiting after this time, such as 90s, 2h",
    )
    add_json(parser, "{schema, unfiled, unfinished, completed, …}")
