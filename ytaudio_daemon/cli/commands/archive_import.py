"""`archive import` and `adopt`: add videos that people have already to the archive."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ytaudio_daemon.archive.archive_file import read_archive
from ytaudio_daemon.archive.findings import Finding, Problem
from ytaudio_daemon.archive.importer import ImportReport, import_videos
from ytaudio_daemon.archive.music_files import is_music_file, read_file, read_folder
from ytaudio_daemon.cli.commands.archive_entries import session_name
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import open_ledger
from ytaudio_daemon.cli.privileges import daemon_user
from ytaudio_daemon.cli.terminal import Terminal
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.ledger.archive import ALL_SESSIONS
from ytaudio_daemon.operations.transaction import write_now

STANDARD_INPUT = "-"
#: Problems that a person is shown; JSON has more of them.
MAX_SHOWN = 20

#: Yields the videos in a file or folder that was named on the command line.
Source = Callable[[], Iterator[Finding]]
#: Shows the progress; called for each line of a million.
ImportMeter = Callable[[ImportReport], None]
#: Seconds between two redraws of the meter.
REDRAW_S = 0.1


def run(context: CommandContext) -> int:
    """Add the videos of archives and music files to the archive."""
    return _import(context, _archive_source, with_paths=context.args.adopt)


def adopt(context: CommandContext) -> int:
    """Add the videos of music folders to the archive, with the paths of their files."""
    return _import(context, _music_source, with_paths=True)


def _import(
    context: CommandContext,
    open_source: Callable[[str, ExitStack], Source],
    *,
    with_paths: bool,
) -> int:
    with ExitStack() as opened:
        # Opened before root gives up its rights: the daemon's user may not read them.
        sources = [open_source(given, opened) for given in context.args.paths]
        ledger = opened.enter_context(open_ledger(context, to_write=True))
        session = session_name(context, ledger) or ALL_SESSIONS  # need not exist yet
        with _import_meter(context) as show_progress:
            report = import_videos(
                partial(write_now, ledger),
                session,
                chain.from_iterable(source() for source in sources),
                with_paths=with_paths,
                on_progress=show_progress,
            )
    if context.args.json:
        context.output.json(_document(session, report))
    else:
        _print(context, session, report)
    return Exit.FAILED if report.bad else Exit.OK


def _archive_source(given: str, opened: ExitStack) -> Source:
    """Return the source for a file or folder; a file that is no music is an archive."""
    if given == STANDARD_INPUT:
        return partial(read_archive, sys.stdin.buffer, "standard input")
    path = Path(given)
    if path.is_dir() or is_music_file(path.name):
        return _music_source(given, opened)
    stream = opened.enter_context(path.open("rb"))
    return partial(read_archive, stream, given)


def _music_source(given: str, _opened: ExitStack) -> Source:
    """Return the source for a folder of music, or a single file.

    Raises:
        UsageError: It is neither.
        OSError: It is not there.
    """
    path = Path(os.path.abspath(given))  # noqa: PTH100 - links in the path stay
    path.stat()  # a missing file is reported as such
    if path.is_dir():
        return partial(read_folder, path)
    if not is_music_file(path.name):
        raise UsageError(
            f"{given} is neither a folder nor an audio file",
            "An archive of yt-dlp is taken by `ytaudio archive import`.",
        )
    return partial(_one_file, path)


def _one_file(path: Path) -> Iterator[Finding]:
    yield read_file(path)


def _print(context: CommandContext, session: str, report: ImportReport) -> None:
    _print_problems(context, report.problems, report.bad)
    counts, print_line = report.counts, context.output.line
    owner = f" of session {session}" if session != ALL_SESSIONS else ""
    print_line(
        f"{pluralize(counts.added, 'video')} added to the archive{owner}, "
        f"{counts.known:,} already in it"
    )
    if counts.moved:
        print_line(f"{pluralize(counts.moved, 'path')} of those stored anew")
    if report.other_sites:
        sites = ", ".join(
            f"{site} {n:,}" for site, n in report.other_sites.most_common(9)
        )
        others = pluralize(report.other_sites.total(), "video")
        print_line(f"{others} of other sites left out: {sites}")
    if report.unmarked:
        files = pluralize(report.unmarked, "audio file")
        listed = "" if context.args.verbose else " (-v lists them)"
        print_line(f"{files} left out: nothing says which video they are{listed}")
    if context.args.verbose:
        for path in report.unmarked_paths:
            print_line(f"  {display_name(path)}")


def _print_problems(
    context: CommandContext, problems: Sequence[Problem], total: int
) -> None:
    for problem in problems[:MAX_SHOWN]:
        line = "" if problem.line is None else f":{problem.line}"
        text = f"{problem.text!r}: " if problem.text else ""
        context.output.stderr_line(f"{problem.place}{line}: {text}{problem.message}")
    if total > MAX_SHOWN:
        more = f"{total - MAX_SHOWN:,} more that cannot be used"
        context.output.stderr_line(f"… and {more} (--json names the first 1,000)")
    if any(problem.is_denied for problem in problems):
        user = daemon_user(context)
        context.output.stderr_line(
            f"note: files are read as user {user}; let it in: "
            f"setfacl -R -m u:{user}:rX FOLDER, and x on the folders above"
        )


def _document(session: str, report: ImportReport) -> Mapping[str, Any]:
    return {
        "schema": "ytaudio.archive-import/1",
        "session": session or None,
        "looked_at": report.looked_at,
        "added": report.counts.added,
        "known": report.counts.known,
        "moved": report.counts.moved,
        "other_sites": dict(report.other_sites),
        "unmarked": report.unmarked,
        "unmarked_files": [display_name(path) for path in report.unmarked_paths],
        "bad": report.bad,
        "problems": [
            {
                "file": problem.place,
                "line": problem.line,
                "text": problem.text or None,
                "message": problem.message,
            }
            for problem in report.problems
        ],
    }


def _import_meter(context: CommandContext) -> AbstractContextManager[ImportMeter]:
    """Return the meter for this command's output."""
    if not context.output.is_terminal or context.args.json:
        return nullcontext(lambda _report: None)
    return _line_meter(context.output.terminal)


@contextmanager
def _line_meter(terminal: Terminal) -> Iterator[ImportMeter]:
    """Show on one line how many lines and files were read, while the import runs."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=terminal.console, transient=True) as progress:
        task = progress.add_task("", total=None)
        drawn_at = 0.0

        def show(report: ImportReport) -> None:
            nonlocal drawn_at
            now = time.monotonic()
            if now - drawn_at >= REDRAW_S:
                drawn_at = now
                text = f"{report.looked_at:,} looked at, {report.counts.added:,} added"
                progress.update(task, description=text)

        yield show
