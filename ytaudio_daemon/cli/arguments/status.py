"""Show the state of the daemon, or of one session.

It reads only the status files, so it is quick, and it works while the daemon is down
(and says so: exit status 3). --watch keeps showing it until q or Ctrl-C; in a pipe it prints a
line whenever something changed.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_json

EXAMPLES = """\
examples:
  ytaudio status
  ytaudio status party --watch
  ytaudio status --json | jq .counts
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "session", nargs="?", metavar="SESSION", help="the name or UUID of a session"
    )
    parser.add_argument(
        "-w", "--watch", action="store_true", help="keep showing it, live"
    )
    add_json(parser, "the daemon's or the session's document")


def target(args: argparse.Namespace) -> str:
    """Return the function that runs the command: --watch is one of its own."""
    return "watch.run" if args.watch else "status.run"
