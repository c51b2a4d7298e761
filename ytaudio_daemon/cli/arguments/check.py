"""Say what a file would do if it were dropped: every line's verdict. Nothing is done.

Exit status 1 when a line, or the whole file, would be rejected.
"""

import argparse

from ytaudio_daemon.cli.arguments.shared import add_json

EXAMPLES = """\
examples:
  ytaudio check songs.txt
  ytaudio check --session party songs.txt --json
  xclip -o | ytaudio check -
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("file", metavar="FILE", help="the file; - is standard input")
    parser.add_argument(
        "-s", "--session", metavar="S", help="with the defaults.toml of this session"
    )
    add_json(parser, "{schema, file, problem, counts, lines}")
