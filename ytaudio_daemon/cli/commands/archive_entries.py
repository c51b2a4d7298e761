"""`archive list`, `export` and `forget`: show the archive, and take videos out of it."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from ytaudio_daemon.cli.arguments.add import is_uuid
from ytaudio_daemon.cli.commands.add import checked_session_name
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import open_ledger, require_session
from ytaudio_daemon.cli.output import is_confirmed
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.ledger import Ledger, archive
from ytaudio_daemon.ledger.archive import ArchiveEntry, Scope
from ytaudio_daemon.ledger.sqlite_lock_wait import WRITE_PAUSE_S
from ytaudio_daemon.model.youtube_ids import is_video_id
from ytaudio_daemon.system.times import rfc3339, utc_time
from ytaudio_daemon.urls import Link, LinkError, parse_link

#: Entries or jobs read in one transaction: an open cursor would block the daemon.
PAGE_SIZE = 2000
#: Entries that a person is shown; JSON and `export` have all.
MAX_SHOWN = 100
_DAY_CHARS = 10


def list_entries(context: CommandContext) -> int:
    """Print the archive, or the entries of some videos; 1 when one is not in it."""
    wanted = video_ids(context.args.videos)
    with open_ledger(context) as ledger:
        scope = archive.scope_of(session_name(context, ledger))
        if wanted:
            return _list_videos(context, ledger, scope, wanted)
        if context.args.json:
            _print_json(context, _all_entries(ledger, scope))
        else:
            _print_newest(context, ledger, scope)
    return Exit.OK


def _list_videos(
    context: CommandContext, ledger: Ledger, scope: Scope, wanted: Sequence[str]
) -> int:
    with ledger.read() as db:
        found = archive.entries_of_videos(db, scope, wanted)
    if context.args.json:
        _print_json(context, iter(found))
    elif found:
        _print_table(context, found)
    missing = _without(wanted, found)
    for video_id in missing:
        context.output.stderr_line(f"{video_id} is not in the archive")
    return Exit.FAILED if missing else Exit.OK


def _print_newest(context: CommandContext, ledger: Ledger, scope: Scope) -> None:
    with ledger.read() as db:
        found = archive.newest_entries(db, scope, MAX_SHOWN)
        total = archive.count_entries(db, scope)
    if not found:
        context.output.stderr_line("the archive is empty")
        return
    _print_table(context, found)
    if total > len(found):
        context.output.line(
            f"… and {total - len(found):,} older ones: ytaudio archive list --json"
        )


def _print_table(context: CommandContext, found: Sequence[ArchiveEntry]) -> None:
    rows = [
        (
            entry.video_id,
            utc_time(entry.added_at)[:_DAY_CHARS],
            entry.session or "(all)",
            entry.found_in.replace("_", " "),
            "-" if entry.path is None else display_name(entry.path),
        )
        for entry in found
    ]
    context.output.table(("VIDEO", "SINCE", "SESSION", "KNOWN BY", "FILE"), rows)


def _print_json(context: CommandContext, found: Iterator[ArchiveEntry]) -> None:
    head = {"schema": "ytaudio.archive/1"}
    context.output.json_list(head, "entries", map(_document, found))


def _document(entry: ArchiveEntry) -> dict[str, Any]:
    return {
        "video_id": entry.video_id,
        "url": Link(entry.video_id).url,
        "session": entry.session or None,
        "added_at": rfc3339(entry.added_at),
        "found_in": entry.found_in.value,
        "path": None if entry.path is None else display_name(entry.path),
    }


def _all_entries(ledger: Ledger, scope: Scope) -> Iterator[ArchiveEntry]:
    last = ("", "")
    while True:
        with ledger.read() as db:
            page = archive.archive_page(db, scope, last, PAGE_SIZE)
        if not page:
            return
        yield from page
        last = page[-1].key


def export(context: CommandContext) -> int:
    """Print the archive and all finished videos as an archive of yt-dlp."""
    with open_ledger(context) as ledger:
        name = session_name(context, ledger)
        for video_id in _had_videos(ledger, name):
            context.output.line(f"youtube {video_id}")
    return Exit.OK


def _had_videos(ledger: Ledger, name: str | None) -> Iterator[str]:
    """Yield every video that is in the archive, or was finished, once."""
    printed: set[str] = set()
    for entry in _all_entries(ledger, archive.scope_of(name)):
        if entry.video_id not in printed:
            printed.add(entry.video_id)
            yield entry.video_id
    last = 0
    while True:
        with ledger.read() as db:
            page = archive.finished_videos(db, name, last, PAGE_SIZE)
        if not page:
            return
        for _, video_id in page:
            if video_id not in printed:
                printed.add(video_id)
                yield video_id
        last, _ = page[-1]


def forget(context: CommandContext) -> int:
    """Take videos out of the archive; 1 when one was not in it."""
    wanted = video_ids(context.args.videos)
    if bool(wanted) == context.args.all:
        raise UsageError("give either videos or --all", "ytaudio archive forget --help")
    with open_ledger(context, to_write=True) as ledger:
        name = session_name(context, ledger)
        scope = None if name is None else (name,)
        if wanted:
            found = _forget_videos(ledger, scope, wanted)
            return _report_forgotten(context, len(found), _without(wanted, found))
        with ledger.read() as db:
            videos = pluralize(archive.count_entries(db, scope), "video")
        question = f"Forget {videos}? Links to them are downloaded then."
        if not is_confirmed(context.args, question):
            context.output.stderr_line("nothing was changed")
            return Exit.FAILED
        return _report_forgotten(context, _forget_all(ledger, scope), [])


def _forget_videos(
    ledger: Ledger, scope: Scope, wanted: Sequence[str]
) -> list[ArchiveEntry]:
    with ledger.write() as db:
        found = archive.entries_of_videos(db, scope, wanted)
        archive.delete_entries(db, found)
    return found


def _forget_all(ledger: Ledger, scope: Scope) -> int:
    """Forget every entry, a page in each transaction; returns how many there were."""
    forgotten = 0
    while True:
        with ledger.write() as db:
            page = archive.archive_page(db, scope, ("", ""), PAGE_SIZE)
            archive.delete_entries(db, page)
        if not page:
            return forgotten
        forgotten += len(page)
        time.sleep(WRITE_PAUSE_S)


def _report_forgotten(
    context: CommandContext, forgotten: int, missing: Sequence[str]
) -> int:
    if context.args.json:
        document = {"schema": "ytaudio.archive-forget/1", "forgotten": forgotten}
        context.output.json({**document, "unknown": list(missing)})
    else:
        entries = pluralize(forgotten, "entry", "entries")
        context.output.line(f"{entries} of the archive forgotten")
        for video_id in missing:
            context.output.stderr_line(_missing_text(context, video_id))
    return Exit.FAILED if missing else Exit.OK


def _missing_text(context: CommandContext, video_id: str) -> str:
    if context.args.session is None:
        return f"{video_id} is not in the archive"
    return (
        f"{video_id} is not in the archive of session {context.args.session} alone; "
        "without --session, what was added for all is forgotten"
    )


def session_name(context: CommandContext, ledger: Ledger) -> str | None:
    """Return the name of the session in --session; None without it.

    Raises:
        UsageError: No session can have that name.
        UnknownSessionError: No session has that UUID.
    """
    given: str | None = context.args.session
    if given is None:
        return None
    if not is_uuid(given):
        return checked_session_name(given)
    with ledger.read() as db:
        return require_session(db, given).name


def video_ids(given: Sequence[str]) -> list[str]:
    """Return the videos that IDs and links name, each once.

    Raises:
        UsageError: Some name none; the message names all of them.
    """
    found: list[str] = []
    bad: list[str] = []
    for text in given:
        try:
            video_id = text if is_video_id(text) else parse_link(text).video_id
        except LinkError as error:
            bad.append(f"{text}: {error.message}")
        else:
            found.append(video_id)
    if bad:
        raise UsageError("\n".join(["these name no video:", *bad]))
    return list(dict.fromkeys(found))


def _without(wanted: Sequence[str], found: Sequence[ArchiveEntry]) -> list[str]:
    known = {entry.video_id for entry in found}
    return [video_id for video_id in wanted if video_id not in known]
