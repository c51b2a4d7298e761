"""Copies the SQLite ledger while it is in use, and checks each copy before its rename.

SQLite's online backup reads a few pages at a time and holds no lock in between; it
starts again when another connection has written meanwhile. PostgreSQL is backed up
with its own tools.
"""

import errno
import os
import secrets
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from ytaudio_daemon.errors import LedgerError, LedgerFullError
from ytaudio_daemon.folders.prepare import free_bytes
from ytaudio_daemon.folders.safe_open import open_dir, rename_noreplace
from ytaudio_daemon.ledger.error_translation import damaged_error, translating_errors
from ytaudio_daemon.system.files import fsync_path
from ytaudio_daemon.system.regular_files import create_file
from ytaudio_daemon.system.times import file_timestamp

#: The folder of copies, in the state folder.
FOLDER = "backups"
#: SQLite's rollback journal; one that begins with zeroes has been rolled back.
JOURNAL_SUFFIX = "-journal"
#: Only the daemon's user may read a copy: a ledger holds the links of all sessions.
FILE_MODE = 0o600
#: Pages copied in one step, some milliseconds; between two steps others may write.
PAGES_PER_STEP = 512
#: After so many restarts the steps grow: the writes of a busy daemon may restart a copy
#: for ever. One step of the whole file cannot be interrupted.
MAX_RESTARTS = 3
PAGES_GROWTH_FACTOR = 8
#: Pause between two steps, in seconds, in which others may write.
STEP_PAUSE_S = 0.005
#: Bytes that must stay free on the disk beside the copy.
FREE_SPACE_MARGIN = 16 << 20
#: The number of the newest copies of each kind that are not removed: made by hand, before a
#: migration, and replaced by a restore. Copies elsewhere, or under other names, are never
#: removed.
RETAINED_COUNTS = {
    "ledger-????????T??????Z*": 14,
    "ledger-schema-*": 3,
    "ledger-replaced-*": 3,
}
#: Seconds after which the temporary files of a killed copy are removed.
STALE_TEMP_AGE_S = 86_400.0


class _TooManyRestartsError(Exception):
    """The copy was restarted too often: others wrote between the steps."""


def manual_backup_path(state: Path, wall: float) -> Path:
    """Return the path of a copy that is made by hand now. Pure."""
    return state / FOLDER / f"ledger-{file_timestamp(wall)}.sqlite3"


def pre_migration_backup_path(state: Path, revision: str, wall: float) -> Path:
    """Return the path of the copy that is made before a migration. Pure."""
    return state / FOLDER / f"ledger-schema-{revision}-{file_timestamp(wall)}.sqlite3"


def replaced_ledger_path(state: Path, wall: float) -> Path:
    """Return the path that a ledger gets when a copy replaces it. Pure."""
    return state / FOLDER / f"ledger-replaced-{file_timestamp(wall)}.sqlite3"


def unused_path(wanted: Path) -> Path:
    """Return a path, with a number before its ending if it exists.

    Raises:
        FileExistsError: A thousand such paths exist.
    """
    stem, ending = wanted.stem, wanted.suffix
    others = (wanted.with_name(f"{stem}.{n}{ending}") for n in range(2, 1000))
    candidates = [wanted, *others]
    for path in candidates:
        if not os.path.lexists(path):
            return path
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(wanted))


def back_up(source: Path, target: Path) -> int:
    """Write a checked copy of a ledger, whether a daemon uses it or not.

    Args:
        source: The ledger's file.
        target: The copy, which must not exist yet. Its folder is made.

    Returns:
        Its size in bytes.

    Raises:
        LedgerFullError: There is no room for it.
        LedgerError: The ledger, or the copy, is damaged.
        FileExistsError: The target exists.
        OSError: The target cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    require_free_space(source, target.parent)
    temp = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        copy_online(source, temp)
        verify_backup(temp)
        rename_into_place(temp, target)
    except BaseException:
        with suppress(FileNotFoundError):
            temp.unlink()
        raise
    return target.stat().st_size


def copy_online(source: Path, target: Path) -> None:
    """Copy a ledger in use into a new file that only its owner can read.

    Raises:
        LedgerError: The ledger cannot be read, or the copy cannot be written.
        OSError: The target cannot be made.
    """
    pages = PAGES_PER_STEP
    with translating_errors(str(source)), closing(_connect(source)) as live:
        while not _try_copy(live, target, pages):
            pages *= PAGES_GROWTH_FACTOR


def verify_backup(path: Path) -> None:
    """Read a copy from end to end and check it.

    Raises:
        LedgerError: It is damaged, or no SQLite file.
    """
    with translating_errors(str(path)), closing(_connect(path)) as db:
        db.execute("PRAGMA cell_size_check=ON")
        results = [row[0] for row in db.execute("PRAGMA integrity_check(5)")]
        strays = db.execute("PRAGMA foreign_key_check").fetchall()
    if results != ["ok"]:
        raise damaged_error(str(path), "; ".join(results))
    if strays:
        raise damaged_error(
            str(path), f"{len(strays)} rows point at rows that are not there"
        )


def rename_into_place(temp: Path, target: Path) -> None:
    """Rename a finished file durably; never replaces another file.

    Raises:
        FileExistsError: The name is taken.
        OSError: The disk failed.
    """
    fsync_path(temp)
    with open_dir(target.parent) as folder:
        rename_noreplace(folder, temp.name, folder, target.name)
        os.fsync(folder)


def require_free_space(source: Path, folder: Path) -> None:
    """Make sure that a copy of the ledger fits into a folder.

    Raises:
        LedgerFullError: It does not.
    """
    needed = source.stat().st_size + FREE_SPACE_MARGIN
    free = free_bytes(folder)
    if free < needed:
        raise LedgerFullError(
            f"a copy of the ledger needs {needed >> 20} MiB in {folder}, "
            f"where {free >> 20} MiB are free",
            "Make room there, or remove old copies.",
        )


def remove_old_backups(state: Path, wall: float) -> None:
    """Remove all but the newest copies of each kind, and leftovers of killed copies."""
    folder = state / FOLDER
    for pattern, count in RETAINED_COUNTS.items():
        for old in sorted(folder.glob(f"{pattern}.sqlite3"), key=_newest_first)[count:]:
            for path in (old, old.with_name(f"{old.name}{JOURNAL_SUFFIX}")):
                path.unlink(missing_ok=True)
    for left in folder.glob(".*.tmp"):
        with suppress(FileNotFoundError):
            if left.lstat().st_mtime + STALE_TEMP_AGE_S < wall:
                left.unlink()
    for left in folder.glob(".check-*"):
        if left.lstat().st_mtime + STALE_TEMP_AGE_S < wall:
            shutil.rmtree(left, ignore_errors=True)


def _newest_first(path: Path) -> tuple[float, str]:
    """Return a sort key that puts the newest file first."""
    return -path.lstat().st_mtime, path.name


def _try_copy(live: sqlite3.Connection, target: Path, pages: int) -> bool:
    """Copy so many pages a step; returns False after too many restarts."""
    _create_private(target)
    with closing(sqlite3.connect(target)) as fresh:
        # A copy is used only when it is complete, and is synced then.
        fresh.execute("PRAGMA journal_mode=OFF")
        fresh.execute("PRAGMA synchronous=OFF")
        try:
            live.backup(
                fresh, pages=pages, progress=_RestartCounter(), sleep=STEP_PAUSE_S
            )
        except _TooManyRestartsError:
            return False
    return True


class _RestartCounter:
    """Counts restarts of a copy; SQLite calls it after each step with the pages left."""

    def __init__(self) -> None:
        self._pages_left = float("inf")
        self._restarts = 0

    def __call__(self, _status: int, left: int, _total: int) -> None:
        if left > self._pages_left:
            self._restarts += 1
        self._pages_left = left
        if self._restarts >= MAX_RESTARTS:
            raise _TooManyRestartsError


def _connect(path: Path) -> sqlite3.Connection:
    """Open an existing file; SQLite would create a missing one."""
    uri = f"file:{quote(str(path))}?mode=rw"
    try:
        return sqlite3.connect(uri, uri=True, timeout=5.0, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise LedgerError(f"{path} cannot be opened: {error}") from error


def _create_private(path: Path) -> None:
    fd = create_file(path, FILE_MODE, replace=True)
    os.fchmod(fd, FILE_MODE)
    os.close(fd)
