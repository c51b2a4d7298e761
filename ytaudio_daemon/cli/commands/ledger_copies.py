"""`ledger backup` and `ledger restore`: copy the ledger, and put a copy in its place."""

import errno
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ytaudio_daemon import dropfile
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import format_size, pluralize
from ytaudio_daemon.cli.ledger_access import open_ledger
from ytaudio_daemon.cli.privileges import (
    daemon_uid,
    daemon_user,
    drop_privileges,
    not_permitted_error,
)
from ytaudio_daemon.errors import AlreadyRunningError, LedgerError, UsageError
from ytaudio_daemon.folders.filed import FiledDrop, filed_drops
from ytaudio_daemon.folders.prepare import lock_state
from ytaudio_daemon.jobs.restore_import import results_missing_from_ledger
from ytaudio_daemon.ledger import (
    Ledger,
    backup,
    drop_queries,
    lost_links,
    migrate,
    restoring,
)
from ytaudio_daemon.ledger.restoring import VerifiedCopy
from ytaudio_daemon.system import install_hints
from ytaudio_daemon.system.regular_files import open_regular_file
from ytaudio_daemon.system.times import file_timestamp, rfc3339
from ytaudio_daemon.urls import Link
from ytaudio_daemon.views.failed_text import option_layer


def back_up(context: CommandContext) -> int:
    """Make a verified copy of the ledger and print its path."""
    _require_sqlite_file(context, "backup")
    now = time.time()
    with open_ledger(context) as ledger:
        unnamed = backup.manual_backup_path(context.layout.state, now)
        target = Path(context.args.file or backup.unused_path(unnamed)).absolute()
        try:
            taken = backup.back_up(Path(str(ledger.path)), target)
        except FileExistsError as error:
            raise UsageError(
                f"{target} exists already", "Choose a name that is free."
            ) from error
        except PermissionError as error:
            raise _not_writable_error(context, target) from error
        backup.remove_old_backups(context.layout.state, now)
    if context.args.json:
        context.output.json(
            {
                "schema": "ytaudio.ledger-backup/1",
                "ledger": str(ledger.path),
                "file": str(target),
                "size_bytes": taken,
                "revision": migrate.HEAD,
            }
        )
    else:
        context.output.line(
            f"{target} ({format_size(taken)}, schema {migrate.HEAD}, proven)"
        )
    return Exit.OK


def restore(context: CommandContext) -> int:
    """Put a copy in the ledger's place; print the drops and files it does not know."""
    ledger = _require_sqlite_file(context, "restore")
    file = Path(context.args.file).absolute()
    _require_other_file(file, ledger)
    users = restoring.pids_using(ledger)  # as root, who sees all open files
    with (
        _open_restore_source(context, file) as source,
        _exclusive_access(context, ledger, users),
        restoring.verified_copy(source, file, ledger) as copied,
    ):
        aside = restoring.replace_ledger(
            copied, ledger, context.layout.downloads, time.time()
        )
        _clear_views(context)
        _print_restored(context, file, aside, copied)
    return Exit.OK


@contextmanager
def _open_restore_source(context: CommandContext, file: Path) -> Iterator[BinaryIO]:
    """Open a copy, and then become the ledger's owner.

    root opens it, except where the owner could have put a link to a file that only root
    may read.
    """
    if _can_be_changed_by(daemon_uid(context), file):
        drop_privileges(context)
    try:
        source = os.fdopen(open_regular_file(file, follow_links=True), "rb")
    except PermissionError as error:
        raise UsageError(
            f"{file} cannot be read with the rights it is restored with",
            f"sudo chown {daemon_user(context)}: {shlex.quote(str(file))}",
        ) from error
    with source:
        drop_privileges(context)
        yield source


def _can_be_changed_by(user: int, file: Path) -> bool:
    real = Path(os.path.realpath(file))
    places = {file, *file.parents, *real.parents}
    return any(
        place.lstat().st_uid == user for place in places if os.path.lexists(place)
    )


@contextmanager
def _exclusive_access(
    context: CommandContext, ledger: Path, users: list[int]
) -> Iterator[None]:
    """Hold the daemon's lock, and make sure that no process has the ledger open.

    Args:
        context: Its settings name the state folder.
        ledger: The ledger's file.
        users: Processes that had it open when we were root.

    Raises:
        AlreadyRunningError: The daemon runs, or another program has it open.
        UsageError: This user may not do that here.
    """
    aside = ledger.parent / backup.FOLDER
    if aside.exists() and not os.access(aside, os.W_OK | os.X_OK, effective_ids=True):
        whom = daemon_user(context)
        if os.geteuid() != daemon_uid(context):
            raise not_permitted_error(context, aside)
        raise UsageError(
            f"{aside}: {whom} may not write there, where the ledger that is there goes",
            f"sudo chown {whom}: {shlex.quote(str(aside))}",
        )
    try:
        for folder in (context.layout.state, ledger.parent):
            folder.mkdir(parents=True, exist_ok=True)
        lock = lock_state(context.layout)
    except AlreadyRunningError as error:
        stop = install_hints.stop_daemon_hint(context.config_file)
        raise AlreadyRunningError(
            error.message, f"{stop}\nThen restore, and start it again."
        ) from error
    except PermissionError as error:
        raise not_permitted_error(context, ledger.parent) from error
    try:
        _require_unused(ledger, users)
        yield
    finally:
        os.close(lock)


def _require_unused(ledger: Path, seen: list[int]) -> None:
    users = {*seen, *restoring.pids_using(ledger)}
    if users:
        pids = ", ".join(map(str, sorted(users)))
        raise AlreadyRunningError(
            f"{ledger} is in use by process {pids}",
            "Stop it first (the daemon, ytaudio serve, or a program of yours), then try "
            "again.",
        )


def _print_restored(
    context: CommandContext, file: Path, aside: Path | None, copied: VerifiedCopy
) -> None:
    def on_skip(place: Path, error: Exception) -> None:
        context.output.stderr_line(f"{place} is passed over: {error}")

    ledger = Ledger(context.settings.database.url)
    try:
        lost = _unknown_drops(context, ledger, copied.newest_event_at)
        unknown = results_missing_from_ledger(
            ledger, context.layout, copied.newest_event_at, on_skip
        )
        results = sum(1 for _ in unknown)
    finally:
        ledger.close()
    lost_lines = _lost_lines(context, aside, ledger.path)
    if context.args.json:
        context.output.json(
            {
                "schema": "ytaudio.ledger-restore/1",
                "ledger": str(ledger.path),
                "file": str(file),
                "revision": copied.revision,
                "knows_until": rfc3339(copied.newest_event_at),
                "kept_aside": None if aside is None else str(aside),
                "results_to_adopt": results,
                "unknown_drops": [
                    {"session": drop.location.session, "path": str(drop.path)}
                    for drop in lost
                ],
                "lost_links": [
                    {"session": session, "line": line} for session, line in lost_lines
                ],
            }
        )
        return
    print_line = context.output.line
    print_line(
        f"restored {file}, which knows what happened until {rfc3339(copied.newest_event_at)}"
    )
    if aside is not None:
        print_line(f"the ledger that was there is kept: {aside}")
    if copied.revision != migrate.HEAD:
        print_line(
            f"it has schema {copied.revision}; the daemon brings it to {migrate.HEAD}"
        )
    if results:
        jobs = pluralize(results, "finished file")
        print_line(
            f"{jobs} it does not know will be taken into it when the daemon starts"
        )
    _print_unknown_drops(context, lost)
    _print_lost_lines(context, lost_lines)
    print_line(f"now start the daemon: {context.start_command()}")


def _print_unknown_drops(context: CommandContext, lost: Sequence[FiledDrop]) -> None:
    if not lost:
        context.output.line("no drop was filed since")
        return
    context.output.line(
        f"{pluralize(len(lost), 'drop')} filed since then it does not know. Once the "
        "daemon runs, drop again what you still want; what is finished is not fetched "
        "again:"
    )
    for drop in lost:
        path, place = shlex.quote(str(drop.path)), shlex.quote(str(drop.drop_folder))
        context.output.line(f"  mv -n {path} {place}/")


def _lost_lines(
    context: CommandContext, aside: Path | None, ledger: Path | None
) -> list[tuple[str, str]]:
    """Return session and line of each link that only the replaced ledger knew."""
    if aside is None or ledger is None:
        return []
    try:
        lost = lost_links.find_lost_links(aside, ledger)
    except LedgerError as error:
        context.output.stderr_line(
            f"links that were given to the API since then cannot be listed: {error}"
        )
        return []
    return [
        (
            link.session,
            dropfile.render_line(Link(link.video_id), option_layer(link.options)),
        )
        for link in lost
    ]


def _print_lost_lines(
    context: CommandContext, lost_lines: Sequence[tuple[str, str]]
) -> None:
    if not lost_lines:
        return
    context.output.line(
        f"{pluralize(len(lost_lines), 'link')} given to the API since then it does not "
        "know. To ask for them again, put these lines into a file in the folder:"
    )
    folder = None
    for session, line in lost_lines:
        if session != folder:
            folder = session
            context.output.line(f"  # {context.layout.session_inbox(session)}/")
        context.output.line(f"  {line}")


def _unknown_drops(
    context: CommandContext, ledger: Ledger, until: float
) -> list[FiledDrop]:
    """Return the drops filed after `until` that the ledger does not know."""
    with ledger.read() as db:
        known = drop_queries.known_drop_locations(db)
    return [
        drop
        for drop in filed_drops(context.layout.inbox)
        if drop.filed_at > until and drop.key not in known
    ]


def _clear_views(context: CommandContext) -> None:
    """Remove the status files of the newer ledger: the daemon writes all anew."""
    for name in ("sessions", "receipts"):
        shutil.rmtree(context.layout.status / name, ignore_errors=True)


def _require_other_file(file: Path, ledger: Path) -> None:
    try:
        is_same = file.samefile(ledger)
    except FileNotFoundError:
        return
    if is_same:
        raise UsageError(f"{file} is the ledger itself", "Name a copy of it.")


def _require_sqlite_file(context: CommandContext, verb: str) -> Path:
    """Return the ledger's file.

    Raises:
        UsageError: It is on PostgreSQL; the hint is the command of PostgreSQL's own tool.
    """
    database = context.settings.database
    if database.sqlite_file is not None:
        return database.sqlite_file
    where = shlex.quote(Ledger(database.url).url_without_password)
    # The database role is the daemon's user; the shell's user opens the file.
    is_other = os.geteuid() != daemon_uid(context)
    role = f"sudo -u {daemon_user(context)} " if is_other else ""
    if verb == "backup":
        dump = f"ledger-{file_timestamp(time.time())}.dump"
        command = f"{role}pg_dump --format=custom --dbname={where} >{dump}"
    else:
        command = (
            f"stop the daemon, then: {role}pg_restore --clean --if-exists "
            f"--single-transaction --dbname={where} <{shlex.quote(context.args.file)}"
        )
    raise UsageError(f"the ledger is on PostgreSQL, which has its own {verb}", command)


def _not_writable_error(context: CommandContext, target: Path) -> UsageError:
    """Return the error for a path where the copy cannot be written."""
    if os.geteuid() != context.layout.state.stat().st_uid:
        return not_permitted_error(context, target)
    return UsageError(
        f"{target}: {os.strerror(errno.EACCES)} for {daemon_user(context)}, who makes the copy",
        f"Name a file where {daemon_user(context)} may write, or: "
        f"sudo chown {daemon_user(context)}: {shlex.quote(str(target.parent))}",
    )
