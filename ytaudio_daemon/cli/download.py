"""Download links at once, without a daemon, into one folder.

Each file is tagged and proven to decode before it appears; nothing that is there
already is replaced. A file of links has the syntax of a drop, and every line of it its
verdict. Ctrl-C lets what is running finish; once more stops at once. Either way nothing
half-done stays behind. Without a command's name these flags mean `download`, too.
"""

import argparse
import sys
from pathlib import Path

from ytaudio_daemon.cli import formats
from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import format_size
from ytaudio_daemon.dropfile import DropKind, kind_of
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model.options import FORMATS, QUALITIES, Layer

EXAMPLES = """\
examples:
  ytaudio download https://youtu.be/dQw4w9WgXcQ
  ytaudio download --url https://youtu.be/dQw4w9WgXcQ --format m4a --output ./music
  ytaudio download --urls-file urls.txt -j 4
  python -m ytaudio_daemon --url https://youtu.be/dQw4w9WgXcQ
"""
MAX_JOBS = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("urls", nargs="*", metavar="URL", help="a link to one video")
    parser.add_argument(
        "--url", action="append", default=[], dest="more_urls", metavar="URL",
        help="the same; may be given again",
    )  # fmt: skip
    parser.add_argument(
        "--urls-file", metavar="FILE",
        help="a file of links, a line each, with options; - is standard input",
    )  # fmt: skip
    parser.add_argument(
        "--output-dir", "--output", default="./downloads", metavar="DIR",
        help="where the files go (default: ./downloads)",
    )  # fmt: skip
    _add_options(parser)
    parser.add_argument(
        "-j", "--jobs", type=_parse_jobs, metavar="N",
        help="downloads at once (default: 3, or the config's workers)",
    )  # fmt: skip
    parser.add_argument(
        "--session-info", action="store_true", help="show the sessions there are"
    )
    parser.add_argument(
        "--formats",
        action="store_true",
        help="show the formats and qualities there are",
    )
    add_json(parser, "what became of every link")


def _add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("options; those of a file's lines win")
    group.add_argument(
        "--filename", metavar="TEMPLATE",
        help="without the ending, such as '%%(artist)s - %%(title)s' "
        "(default: %%(title)s)",
    )  # fmt: skip
    group.add_argument(
        "--quality", choices=QUALITIES, help="what is fetched (default: bestaudio)"
    )
    group.add_argument(
        "--format", choices=FORMATS, help="the audio's format (default: mp3)"
    )
    group.add_argument(
        "--bitrate", metavar="B",
        help="such as 256k, lossy formats only (default: 192k where it is encoded)",
    )  # fmt: skip


def run(context: CommandContext) -> int:
    """Download what is asked for, or show what there is."""
    if context.args.formats:
        return formats.run(context)
    if context.args.session_info:
        return _show_sessions(context)
    from ytaudio_daemon.cli import download_batch  # noqa: PLC0415 - not for --help
    from ytaudio_daemon.cli.download_list import build_items  # noqa: PLC0415 - the same

    items = build_items(
        _links(context), _read_urls_file(context), *_option_layers(context)
    )
    if not items:
        raise UsageError(
            "there is nothing to download",
            "Give links, or --urls-file FILE; ytaudio download --help",
        )
    return download_batch.run(context, items)


def _links(context: CommandContext) -> list[str]:
    return [*context.args.more_urls, *context.args.urls]


def _read_urls_file(context: CommandContext) -> tuple[str, bytes, DropKind] | None:
    """Read the file of links; a name without a known ending is text.

    Raises:
        UsageError: It cannot be read, or nothing in it is usable.
    """
    given = context.args.urls_file
    if given is None:
        return None
    limit = context.settings.inbox.max_file_size
    try:
        if given == "-":
            name, content = "standard input", sys.stdin.buffer.read(limit + 1)
        else:
            name = Path(given).name
            with Path(given).open("rb") as file:
                content = file.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{given} cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise UsageError(
            f"{given} is bigger than {format_size(limit)}, the limit of a list"
        )
    return name, content, kind_of(name) or DropKind.TEXT


def _option_layers(context: CommandContext) -> tuple[Layer, str]:
    """Return the options below those of a file's lines, and the default bitrate.

    Raises:
        UsageError: One is not allowed.
    """
    from ytaudio_daemon.downloader.options_input import checked_layer  # noqa: PLC0415 - as above

    names = ("filename", "quality", "format", "bitrate")
    given = {name: getattr(context.args, name) for name in names}
    own = checked_layer({k: v for k, v in given.items() if v is not None})
    download = context.settings.download
    return {**download.layer, **own}, download.bitrate


def _show_sessions(context: CommandContext) -> int:
    """Show the active sessions of the ledger, if there is one."""
    from ytaudio_daemon.cli import session_views  # noqa: PLC0415 - 200 ms of SQL

    url = context.settings.database.url
    path = Path(url.partition(":///")[2]) if url.startswith("sqlite") else None
    if path is not None and not path.exists():
        if context.args.json:
            context.output.json({"schema": "ytaudio.sessions/1", "sessions": []})
        else:
            context.output.line(f"no sessions: there is no ledger yet ({path})")
        return Exit.OK
    context.args.state = "active"
    return session_views.list_all(context)


def _parse_jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_JOBS:
        raise argparse.ArgumentTypeError(f"give a number from 1 to {MAX_JOBS}")
    return int(text)
