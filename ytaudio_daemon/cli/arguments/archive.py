"""Record which videos you have already, so that they are not downloaded again.

A link to a video in the archive is a duplicate, unless again=yes follows it. Without
--session the archive holds for all sessions; --session S is for that session only.
"""

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from ytaudio_daemon.cli.arguments.shared import add_json, add_session
from ytaudio_daemon.cli.arguments.subcommands import Subcommand

EXAMPLES = """\
examples:
  ytaudio archive import ~/yt-dlp-archive.txt
  ytaudio archive import ~/Music --session party
  ytaudio archive list dQw4w9WgXcQ
  ytaudio archive export >archive.txt
  ytaudio archive forget https://youtu.be/dQw4w9WgXcQ
"""
VIDEO_HELP = "an ID, or a link; put -- before an ID that begins with -"


def add_import_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `archive import` and `adopt` have in common."""
    add_session(parser, "they count in this session only")
    add_json(parser, "{schema, session, added, known, moved, …}")


def _add_import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", metavar="FILE",
        help="a yt-dlp archive (- is standard input), an audio file, an .info.json, or "
        "a folder of these",
    )  # fmt: skip
    parser.add_argument(
        "--adopt", action="store_true", help="remember where each audio file is"
    )
    add_import_arguments(parser)


def _add_export_arguments(parser: argparse.ArgumentParser) -> None:
    add_session(parser, "only what counts in this session")


def _add_list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("videos", nargs="*", metavar="VIDEO", help=VIDEO_HELP)
    add_session(parser, "only what counts in this session")
    add_json(parser, "{schema, entries: […]}")


def _add_forget_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("videos", nargs="*", metavar="VIDEO", help=VIDEO_HELP)
    parser.add_argument("--all", action="store_true", help="forget every video")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    add_session(parser, "only what was added for this session alone")
    add_json(parser, "{schema, forgotten, unknown: […]}")


SUBCOMMANDS: Mapping[str, Subcommand] = MappingProxyType(
    {
        "import": Subcommand(
            "archive_import.run",
            "add the videos of a yt-dlp archive, or of your music files",
            _add_import_arguments,
        ),
        "export": Subcommand(
            "archive_entries.export",
            "print all these videos, and finished ones, as an archive of yt-dlp",
            _add_export_arguments,
        ),
        "list": Subcommand(
            "archive_entries.list_entries",
            "list the archive, the newest entries first",
            _add_list_arguments,
        ),
        "forget": Subcommand(
            "archive_entries.forget",
            "remove videos from the archive, so that they are downloaded again",
            _add_forget_arguments,
        ),
    }
)
