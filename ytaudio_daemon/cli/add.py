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
from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import count_of, size
from ytaudio_daemon.cli.ledger_access import (
    become_owner,
    opened,
    refusal,
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


def run(call: Call) -> int:
    """Drop what is asked for; with --wait exit as `wait` does."""
    timeout_s = _timeout(call)
    name, content = _what_to_drop(call)  # before root gives up its rights
    become_owner(call)
    session = _session_name(call)
    after = _last_drop(call) if call.args.wait else 0
    try:
        path = inbox_writer.drop(call.layout, session, name, content)
    except PermissionError as error:
        raise refusal(call, call.layout.inbox) from error
    call.screen.line(f"dropped {path}")
    if call.args.wait:
        call.screen.flush()  # a program may read on from there
        from ytaudio_daemon.cli.wait import wait_for_drop  # noqa: PLC0415 - rarely

        return wait_for_drop(call, session, path, after, timeout_s)
    life = call.look()
    if not life.is_up:
        call.screen.remark(f"note: {life.sentence()}")
    return Exit.OK


def _timeout(call: Call) -> float | None:
    from ytaudio_daemon.cli.wait import timeout_of  # noqa: PLC0415 - rarely

    if call.args.timeout is not None and not call.args.wait:
        raise UsageError("--timeout goes with --wait")
    return timeout_of(call.args.timeout)


def _what_to_drop(call: Call) -> tuple[str, bytes]:
    """Return the drop's name and content."""
    args = call.args
    if bool(args.urls) == (args.file is not None):
        raise UsageError("give either links or -f FILE", "ytaudio add --help")
    if args.urls:
        layer = checked_options(args)
        return inbox_writer.new_name(time.time()), list_of_links(args.urls, layer)
    if any(given_options(args)):
        raise UsageError("options go with links; write those of a file into the file")
    return _read_file(call, args.file)


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


def list_of_links(texts: list[str], layer: Layer) -> bytes:
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
        refused = f"{count_of(len(bad), 'link')} cannot be taken, nothing was dropped:"
        raise UsageError("\n".join([refused, *bad]))
    return "".join(f"{render_line(link, layer)}\n" for link in links).encode()


def _read_file(call: Call, given: str) -> tuple[str, bytes]:
    limit = call.settings.inbox.max_file_size
    if given == "-":
        name, content = (
            inbox_writer.new_name(time.time()),
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
        raise UsageError(f"it is bigger than {size(limit)}, the limit of a drop")
    return name, content


def _session_name(call: Call) -> str:
    """Return the name of the session's folder; a UUID is looked up in the ledger."""
    given: str = call.args.session
    if len(given) == UUID_LENGTH and given.count("-") == 4:  # noqa: PLR2004 - as UUIDs have
        with opened(call) as ledger, ledger.read() as db:
            return require_session(db, given).name
    problem = session_name_problem(given)
    if problem:
        raise UsageError(problem)
    return given


def _last_drop(call: Call) -> int:
    """Return where the ledger stands before the drop, so that it is told from others."""
    if not call.look().is_up:
        return 0
    with opened(call) as ledger, ledger.read() as db:
        from ytaudio_daemon.ledger import work_counts  # noqa: PLC0415 - 200 ms

        return work_counts.last_drop_id(db)
