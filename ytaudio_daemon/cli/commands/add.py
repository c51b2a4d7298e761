"""`add`: writes links, or a copy of a file, into a session's inbox."""

import argparse
import sys
import time
from pathlib import Path

from ytaudio_daemon.cli.commands import inbox_writer
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import format_size, pluralize
from ytaudio_daemon.cli.privileges import drop_privileges, not_permitted_error
from ytaudio_daemon.dropfile import (
    DROP_ENDINGS,
    drop_kind,
    render_line,
    session_name_problem,
)
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model.options import Layer, OptionError, check_layer
from ytaudio_daemon.urls import (
    CollectionError,
    CollectionLink,
    Link,
    LinkError,
    parse_collection,
    parse_link,
)

#: The beginning of the problem that a running daemon reports when its inbox is not the
#: config's.
CHANGED_PATH = "[paths] "


def run(context: CommandContext) -> int:
    """Write the drop; print a note when no daemon is running."""
    require_timeout_with_wait(context)
    name, content = drop_name_and_content(context)  # before root gives up its rights
    drop_privileges(context)
    write_drop(context, checked_session_name(context.args.session), name, content)
    print_liveness_note(context)
    return Exit.OK


def require_timeout_with_wait(context: CommandContext) -> None:
    """Make sure that --timeout is given with --wait only.

    Raises:
        UsageError: It is given without.
    """
    if context.args.timeout is not None and not context.args.wait:
        raise UsageError("--timeout goes with --wait")


def checked_session_name(name: str) -> str:
    """Return the name of a session's folder.

    Raises:
        UsageError: No session can have that name.
    """
    problem = session_name_problem(name)
    if problem:
        raise UsageError(problem)
    return name


def write_drop(
    context: CommandContext, session: str, name: str, content: bytes
) -> Path:
    """Write a drop into a session's inbox, print its path and return it.

    Raises:
        UsageError: There is no inbox, or this user may not write there.
    """
    try:
        path = inbox_writer.write_drop(context.layout, session, name, content)
    except PermissionError as error:
        raise not_permitted_error(context, context.layout.inbox) from error
    context.output.line(f"dropped {path}")
    return path


def print_liveness_note(context: CommandContext) -> None:
    """Print a note when no daemon will take the drop: none runs, or it reads elsewhere."""
    liveness = context.find_liveness()
    if not liveness.is_up:
        context.output.stderr_line(f"note: {liveness.explanation()}")
    elif liveness.document is not None:
        for problem in liveness.document["problems"]:
            if problem["message"].startswith(CHANGED_PATH):
                note = f"note: {problem['message']} {problem['hint']}"
                context.output.stderr_line(note)


def drop_name_and_content(context: CommandContext) -> tuple[str, bytes]:
    """Return the drop's name and content: links, a file's copy, or standard input.

    Raises:
        UsageError: Links, options or file cannot be used.
    """
    args = context.args
    if bool(args.urls) == (args.file is not None):
        raise UsageError("give either links or -f FILE", "ytaudio add --help")
    if args.urls:
        layer = {**checked_options(args), **({"again": "yes"} if args.again else {})}
        return inbox_writer.generated_name(time.time()), render_links(args.urls, layer)
    if args.again or any(given_options(args)):
        raise UsageError("options go with links; write those of a file into the file")
    return _read_file(context, args.file)


def given_options(args: argparse.Namespace) -> dict[str, object]:
    """Return the options given on the command line, unchecked.

    Raises:
        UsageError: A --tag has no "=".
    """
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
            error.message, "See `ytaudio formats` for what is allowed."
        ) from error


def render_links(texts: list[str], layer: Layer) -> bytes:
    """Return the content of a drop that asks for these links.

    Raises:
        UsageError: Some are no links that can be taken; the message names all of them.
    """
    links: list[Link | CollectionLink] = []
    bad: list[str] = []
    for text in texts:
        try:
            links.append(_parse_target(text))
        except LinkError as error:
            bad.append(f"{text}: {error.message}")
    if bad:
        refused = f"{pluralize(len(bad), 'link')} cannot be taken, nothing was dropped:"
        raise UsageError("\n".join([refused, *bad]))
    return "".join(f"{render_line(link, layer)}\n" for link in links).encode()


def _parse_target(text: str) -> Link | CollectionLink:
    """Return the video, or the collection, that a link leads to.

    Raises:
        LinkError: It leads to neither.
    """
    try:
        return parse_link(text)
    except CollectionError:
        collection = parse_collection(text)
        if collection is None:
            raise
        return collection


def _read_file(context: CommandContext, given: str) -> tuple[str, bytes]:
    limit = context.settings.inbox.max_file_size
    if given == "-":
        name = inbox_writer.generated_name(time.time())
        content = sys.stdin.buffer.read(limit + 1)
    else:
        path = Path(given)
        path.stat()  # a missing file is reported as such, whatever its name
        name = path.name
        if drop_kind(name) is None:
            raise UsageError(
                f"{name!r} is no name of a drop",
                f"It must end in {DROP_ENDINGS}, and be no temporary name.",
            )
        with path.open("rb") as file:
            content = file.read(limit + 1)
    if not content:
        raise UsageError("there is nothing in it")
    if len(content) > limit:
        raise UsageError(f"it is bigger than {format_size(limit)}, the limit of a drop")
    return name, content
