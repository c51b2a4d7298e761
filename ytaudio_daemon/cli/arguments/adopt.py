"""Count the music in a folder as downloaded already, and leave it where it is.

Each audio file says by its tags, its .info.json or its name which video it came from. The
video goes into the archive, with the file's path. Nothing is copied, moved or changed.
"""

import argparse

from ytaudio_daemon.cli.arguments.archive import add_import_arguments

EXAMPLES = """\
examples:
  ytaudio adopt ~/Music
  ytaudio adopt /srv/music/party --session party
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "paths", nargs="+", metavar="DIR", help="a folder of audio files"
    )
    add_import_arguments(parser)


def target(_args: argparse.Namespace) -> str:
    """Return the function that runs the command."""
    return "archive_import.adopt"
