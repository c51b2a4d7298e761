"""Drop links, or a file with links, into a session, as a person would by hand.

All links and options are looked at first: when one is bad nothing is dropped. A file
given with -f is copied as it is, under its own name or a free one; what became of its
lines stands in its receipt.
"""

import argparse
import sys
import time
from pathlib import Path

from ytaudio_daemon.cli import inbox_writer
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import format_size, pluralize
from ytaudio_daemon.cli.ledger_access import (
    drop_privileges,
    not_permitted_error,
    open_ledger,
    require_session,
)
from ytaudio_daemon.dropfile import kind_of, render_line, session_name_problem
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.folders.layout import DEFAULT_SESSION
from ytaudio_daemon.model.options import (
    FORMATS,
    QUALITIES,
    TAGS,
    Layer,
    OptionError,
    check_layer,
)
from ytaudio_daemon.urls import Link, LinkError, parse_link

EXAMPLES = """\
examples:
  ytaudio add https://youtu.be/dQw4w9WgXcQ
  ytaudio add --session party --format opus --tag genre=Soul URL URL --wait
  ytaudio add -f songs.txt
  grep youtu bookmarks.html | ytaudio add -f -
"""
UUID_LENGTH = 36


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
        help="with --wait: at most so long, such as 90s, 2h",
    )


def _add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("options of the links given here")
    group.add_argument("--format", metavar="F", help=" ".join(FORMATS))
    group.add_argument("--quality", metavar="Q", help=" ".join(QUALITIES))
    group.add_argument(
        "--bitrate", metavar="B", help="such as 192k; lossy formats only"
    )
    group.add_argument(
        "--filename", metavar="T", help="such as '%%(artist)s - %%(title)s'"
    )
    group.add_argument(
        "--tag", action="append", default=[], metavar="NAME=TEXT",
        help="set a tag: " + " ".join(TAGS) + "; may be given again",
    )  # fmt: skip
    group.add_argument("--priority", metavar="N", help="-10 to 10; higher goes first")


def run(context: CommandContext) -> int:
    """Drop what is asked for; with --wait exit as `wait` does."""
    timeout_s = _timeout(context)
    name, content = _drop_name_and_content(context)  # before root gives up its rights
    drop_privileges(context)
    session = _session_name(context)
    after = _last_drop_id(context) if context.args.wait else 0
    try:
        path = inbox_writer.write_drop(context.layout, session, name, content)
    except PermissionError as error:
        raise not_permitted_error(context, context.layout.inbox) from error
    context.output.line(f"dropped {path}")
    if context.args.wait:
        context.output.flush()  # a program may read on from there
        from ytaudio_daemon.cli.wait import wait_for_drop  # noqa: PLC0415 - rarely

        return wait_for_drop(context, session, path, after, timeout_s)
    liveness = context.read_liveness()
    if not liveness.is_up:
        context.output.stderr_line(f"note: {liveness.explanation()}")
    return Exit.OK


def _timeout(context: CommandContext) -> float | None:
    from ytaudio_daemon.cli.wait import parse_timeout  # noqa: PLC0415 - rarely

    if context.args.timeout is not None and not context.args.wait:
        raise UsageError("--timeout goes with --wait")
    return parse_timeout(context.args.timeout)


def _drop_name_and_content(context: CommandContext) -> tuple[str, bytes]:
    """Return the drop's name and content."""
    args = context.args
    if bool(args.urls) == (args.file is not None):
        raise UsageError("give either links or -f FILE", "ytaudio add --help")
    if args.urls:
        layer = checked_options(args)
        return inbox_writer.generated_name(time.time()), render_links(args.urls, layer)
    if any(given_options(args)):
        raise UsageError("options go with links; write those of a file into the file")
    return _read_file(context, args.file)


def given_options(args: argparse.Namespace) -> dict[str, object]:
    """Return the options given on the command line, unchecked."""
    names = ("format", "quality", "bitrate", "filename", "priority")
    given = {name: getattr(args, name) for name in names}
    pairs = {name: value for name, value in given.items() if value is not None}
    for tag in args.tag:
        name, equals, text = tag.partition("=")
        if not equals:
            raise UsageError(f"--tag {tag!r} is not of the form NAME=TEXT")
        pairs[f"tag.{name}"] = text
    return pairs


def checked_options(args: argparse.Namespace) -> Layer:
    """Return the options given on the command line, checked.

    Raises:
        UsageError: One is not allowed.
    """
    try:
        return check_layer(given_options(args))
    except OptionError as error:
        raise UsageError(
            error.message, "`ytaudio formats` tells what there is."
        ) from error


def render_links(texts: list[str], layer: Layer) -> bytes:
    """Return the content of a drop that asks for these links.

    Raises:
        UsageError: Some are no links to one video; all of those are named.
    """
    links: list[Link] = []
    bad: list[str] = []
    for text in texts:
        try:
            links.append(parse_link(text))
        except LinkError as error:
            bad.append(f"{text}: {error.message}")
    if bad:
        refused = f"{pluralize(len(bad), 'link')} cannot be taken, nothing was dropped:"
        raise UsageError("\n".join([refused, *bad]))
    return "".join(f"{render_line(link, layer)}\n" for link in links).encode()


def _read_file(context: CommandContext, given: str) -> tuple[str, bytes]:
    limit = context.settings.inbox.max_file_size
    if given == "-":
        name, content = (
            inbox_writer.generated_name(time.time()),
            sys.stdin.buffer.read(limit + 1),
        )
    else:
        path = Path(given)
        path.stat()  # is there at all: that comes before what it is called
        name = path.name
        if kind_of(name) is None:
            raise UsageError(
                f"{name!r} is no name of a drop",
                "It must end in .txt .urls .list .jsonl .url .webloc or .desktop, and "
                "be no temporary name.",
            )
        with path.open("rb") as file:
            content = file.read(limit + 1)
    if not content:
        raise UsageError("there is nothing in it")
    if len(content) > limit:
        raise UsageError(f"it is bigger than {format_size(limit)}, the limit of a drop")
    return name, content


def _session_name(context: CommandContext) -> str:
    """Return the name of the session's folder; a UUID is looked up in the ledger."""
    given: str = context.args.session
    if len(given) == UUID_LENGTH and given.count("-") == 4:  # noqa: PLR2004 - as UUIDs have
        with open_ledger(context) as ledger, ledger.read() as db:
            return require_session(db, given).name
    problem = session_name_problem(given)
    if problem:
        raise UsageError(problem)
    return given


def _last_drop_id(context: CommandContext) -> int:
    """Return where the ledger stands before the drop, so that it is told from others."""
    if not context.read_liveness().is_up:
        return 0
    with open_ledger(context) as ledger, ledger.read() as db:
        from ytaudio_daemon.ledger import work_counts  # noqa: PLC0415 - 200 ms

        return work_counts.newest_drop_id(db)
