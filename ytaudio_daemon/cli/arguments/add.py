"""Drop links, or a file with links, into a session.

All links and options are checked first: when one is bad, nothing is dropped. A file
given with -f is copied as it is, under its own name or a free one; its receipt says
what became of each line.
"""

import argparse

from ytaudio_daemon.folders.layout import DEFAULT_SESSION
from ytaudio_daemon.model.options import FORMATS, QUALITIES, TAGS

EXAMPLES = """\
examples:
  ytaudio add https://youtu.be/dQw4w9WgXcQ
  ytaudio add --session party --format opus --tag genre=Soul URL URL --wait
  ytaudio add -f songs.txt
  grep youtu bookmarks.html | ytaudio add -f -
"""
UUID_LENGTH = 36
UUID_HYPHENS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("urls", nargs="*", metavar="URL", help="a link to one video")
    parser.add_argument(
        "-f",
        "--file",
        metavar="FILE",
        help="drop a copy of this file; - is standard input",
    )
    parser.add_argument(
        "-s", "--session", metavar="S", default=DEFAULT_SESSION,
        help="the session's name, or the UUID of one that exists (default: default)",
    )  # fmt: skip
    _add_options(parser)
    parser.add_argument("--wait", action="store_true", help="wait until it is done")
    parser.add_argument(
        "--timeout",
        metavar="TIME",
        help="with --wait: stop waiting after this time, such as 90s, 2h",
    )


def target(args: argparse.Namespace) -> str:
    """Return the function that runs the command.

    The ledger, which takes 0.3 s to import, is needed only to wait, or to look up a
    session by its UUID.
    """
    needs_ledger = args.wait or is_uuid(args.session)
    return "add_with_ledger.run" if needs_ledger else "add.run"


def is_uuid(session: str) -> bool:
    """True if a session is given by its UUID, not its name."""
    return len(session) == UUID_LENGTH and session.count("-") == UUID_HYPHENS


def _add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("options of the links given here")
    group.add_argument("--format", metavar="F", help=" ".join(FORMATS))
    group.add_argument("--quality", metavar="Q", help=" ".join(QUALITIES))
    group.add_argument(
        "--bitrate", metavar="B", help="such as 192k; lossy formats only"
    )
    group.add_argument(
        "--filename", metavar="T",
        help="such as '%%(artist)s - %%(title)s'; fields: ytaudio formats",
    )  # fmt: skip
    group.add_argument(
        "--tag", action="append", default=[], metavar="NAME=TEXT",
        help="set a tag: " + " ".join(TAGS) + "; may be given again",
    )  # fmt: skip
    group.add_argument(
        "--again", action="store_true", help="download what the archive has, too"
    )
    group.add_argument("--priority", metavar="N", help="-10 to 10; higher goes first")
