"""Say what a file would do if it were dropped: every line's verdict. Nothing is done.

With --expand YouTube is asked what its playlists, albums and channels have: how much
that is, how much of it is here already, and when the rest would be done. Exit status 1
when a line, or the whole file, would be rejected, or a list cannot be read.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_json, add_session

EXAMPLES = """\
examples:
  ytaudio check songs.txt
  ytaudio check --session party songs.txt --json
  xclip -o | ytaudio check -
  ytaudio check --expand lists.txt
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("file", metavar="FILE", help="the file; - is standard input")
    add_session(parser, "with the defaults.toml of this session")
    parser.add_argument(
        "--expand", action="store_true",
        help="list what is no single video: items, hours, bytes, and when it is done",
    )  # fmt: skip
    add_json(parser, "{schema, file, problem, counts, lines, expanded}")
