"""`ledger backup` and `ledger restore`: copy the ledger, and put a copy in its place."""

import errno
import os
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ytaudio_daemon.cli.commands.restored_ledger import print_restored
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import format_size
from ytaudio_daemon.cli.ledger_access import open_ledger
from ytaudio_daemon.cli.privileges import (
    daemon_uid,
    daemon_user,
    drop_privileges,
    not_permitted_error,
)
from ytaudio_daemon.errors import AlreadyRunningError, UsageError
from ytaudio_daemon.folders.prepare import lock_state
from ytaudio_daemon.ledger import Ledger, backup, migrate, restoring
from ytaudio_daemon.system import install_hints
from ytaudio_daemon.system.regular_files import open_regular_file
from ytaudio_daemon.system.times import file_timestamp


def back_up(context: CommandContext) -> int:
    """Make a verified copy of the ledger and print its path."""
    _require_sqlite_file(context, "backup")
    now = time.time()
    with open_ledger(context) as ledger:
        unnamed = backup.manual_backup_path(context.layout.state, now)
        target = Path(context.args.file or backup.unused_path(unnamed)).absolute()
        try:
            size = backup.back_up(Path(str(ledger.path)), target)
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
                "size_bytes": size,
                "revision": migrate.HEAD,
            }
        )
    else:
        context.output.line(
            f"{target} ({format_size(size)}, schema {migrate.HEAD}, proven)"
        )
    return Exit.OK


def restore(context: CommandContext) -> int:
    """Put a copy in the ledger's place; print the drops and files it does not know."""
    ledger = _require_sqlite_file(context, "restore")
    file = Path(context.args.file).absolute()
    _require_other_file(file, ledger)
    pids = restoring.pids_using(ledger)  # as root, who sees all open files
    with (
        _open_restore_source(context, file) as source,
        _exclusive_access(context, ledger, pids),
        restoring.verified_copy(source, file, ledger) as copied,
    ):
        aside = restoring.replace_ledger(
            copied, ledger, context.layout.downloads, time.time()
        )
        _clear_views(context)
        print_restored(context, file, aside, copied)
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
    paths = {file, *file.parents, *real.parents}
    return any(path.lstat().st_uid == user for path in paths if os.path.lexists(path))


@contextmanager
def _exclusive_access(
    context: CommandContext, ledger: Path, pids: list[int]
) -> Iterator[None]:
    """Hold the daemon's lock, and make sure that no process has the ledger open.

    Args:
        context: Its settings name the state folder.
        ledger: The ledger's file.
        pids: The processes that had it open when we were root.

    Raises:
        AlreadyRunningError: The daemon runs, or another program has it open.
        UsageError: This user may not do that here.
    """
    backups = ledger.parent / backup.FOLDER
    if backups.exists() and not os.access(
        backups, os.W_OK | os.X_OK, effective_ids=True
    ):
        user = daemon_user(context)
        if os.geteuid() != daemon_uid(context):
            raise not_permitted_error(context, backups)
        raise UsageError(
            f"{backups}: {user} may not write there, where the ledger that is there goes",
            f"sudo chown {user}: {shlex.quote(str(backups))}",
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
        _require_unused(ledger, pids)
        yield
    finally:
        os.close(lock)


def _require_unused(ledger: Path, known_pids: list[int]) -> None:
    pids = sorted({*known_pids, *restoring.pids_using(ledger)})
    if pids:
        raise AlreadyRunningError(
            f"{ledger} is in use by process {', '.join(map(str, pids))}",
            "Stop it first (the daemon, ytaudio serve, or a program of yours), then try "
            "again.",
        )


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
