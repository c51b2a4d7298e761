"""Download links now, without a daemon, into one folder.

A link may name a video, a playlist, an album or a channel. Each file is tagged and decoded
in full before it appears; existing files are never replaced. A file of links has the syntax
of a drop, and the result of every line is shown. Ctrl-C lets running downloads finish; a
second one stops at once. No half-finished file is left. The flags work without the word
`download`, too.
"""

import argparse

from ytaudio_daemon.cli.arguments.selection import add_selection
from ytaudio_daemon.cli.arguments.shared import add_json
from ytaudio_daemon.model.options import FORMATS, QUALITIES

EXAMPLES = """\
examples:
  ytaudio download https://youtu.be/dQw4w9WgXcQ
  ytaudio download --url https://youtu.be/dQw4w9WgXcQ --format m4a --output ./music
  ytaudio download --urls-file urls.txt -j 4
  ytaudio download 'https://www.youtube.com/playlist?list=PL…' --items 1-12
  python -m ytaudio_daemon --url https://youtu.be/dQw4w9WgXcQ
"""
MAX_JOBS = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "urls", nargs="*", metavar="URL",
        help="a link to a video, a playlist, an album or a channel",
    )  # fmt: skip
    parser.add_argument(
        "--url", action="append", default=[], dest="more_urls", metavar="URL",
        help="the same; may be given again",
    )  # fmt: skip
    parser.add_argument(
        "--urls-file", metavar="FILE",
        help="a file of links, one on each line, with options; - is standard input",
    )  # fmt: skip
    parser.add_argument(
        "--output-dir", "--output", default="./downloads", metavar="DIR",
        help="where the files go (default: ./downloads)",
    )  # fmt: skip
    _add_options(parser)
    add_selection(parser)
    parser.add_argument(
        "-j", "--jobs", type=_parse_jobs, metavar="N",
        help="how many downloads run at the same time (default: 3, or the config's workers)",
    )  # fmt: skip
    parser.add_argument(
        "--session-info", action="store_true", help="show the active sessions"
    )
    parser.add_argument(
        "--formats", action="store_true", help="show the formats and qualities"
    )
    add_json(parser, "the result of every link")


def _add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("options; those in a file's lines win")
    group.add_argument(
        "--filename", metavar="TEMPLATE",
        help="without the ending, such as '%%(artist)s - %%(title)s' "
        "(default: %%(title)s); fields: ytaudio formats",
    )  # fmt: skip
    group.add_argument(
        "--quality", choices=QUALITIES, metavar="Q",
        help="what is fetched: " + " ".join(QUALITIES) + " (default: bestaudio)",
    )  # fmt: skip
    group.add_argument(
        "--format", choices=FORMATS, metavar="F",
        help="the audio's format: " + " ".join(FORMATS) + " (default: mp3)",
    )  # fmt: skip
    group.add_argument(
        "--bitrate", metavar="B",
        help="such as 256k, lossy formats only (default: 192k where it is encoded)",
    )  # fmt: skip


def target(args: argparse.Namespace) -> str:
    """Return the function that runs the command: two flags only show something."""
    if args.formats:
        return "formats.run"
    return "session_views.list_active" if args.session_info else "download.run"


def _parse_jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_JOBS:
        raise argparse.ArgumentTypeError(f"give a number from 1 to {MAX_JOBS}")
    return int(text)
