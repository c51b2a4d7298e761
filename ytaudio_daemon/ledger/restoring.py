"""Replaces the ledger by a backup. The caller must hold the daemon's lock."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ytaudio_daemon.errors import LedgerError, LedgerFullError, LedgerTooNewError
from ytaudio_daemon.folders.prepare import free_bytes
from ytaudio_daemon.ledger.backup import (
    FILE_MODE,
    FREE_SPACE_MARGIN,
    JOURNAL_SUFFIX,
    replaced_ledger_path,
    unused_path,
    verify_backup,
)
from ytaudio_daemon.ledger.error_translation import translating_errors
from ytaudio_daemon.ledger.meta import RESTORED_KEY
from ytaudio_daemon.ledger.migrate import HEAD
from ytaudio_daemon.system.files import fsync_path
from ytaudio_daemon.system.regular_files import create_file, open_regular_file

#: Tables that every revision of the schema has.
REQUIRED_TABLES = frozenset(
    {"alembic_version", "drops", "events", "jobs", "meta", "sessions"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCopy:
    """A checked copy that may replace the ledger.

    Attributes:
        path: Its temporary path beside the ledger.
        revision: Its schema.
        newest_event_at: Time of its newest event, seconds since 1970; nothing later is
            in it.
    """

    path: Path
    revision: str
    newest_event_at: float


@contextmanager
def verified_copy(source: BinaryIO, name: Path, ledger: Path) -> Iterator[VerifiedCopy]:
    """Copy a backup next to the ledger and check it from end to end.

    Args:
        source: The backup, opened with the rights of the person who restores it.
        name: Its path, for messages, and to find a journal beside it.
        ledger: The file that is to be replaced; it need not exist.

    Raises:
        LedgerTooNewError: A newer program has written it.
        LedgerFullError: There is no room for it.
        LedgerError: It is no ledger, is damaged, or was copied in the middle of a write.
    """
    _refuse_half_copied(name)
    needed = os.fstat(source.fileno()).st_size + FREE_SPACE_MARGIN
    if free_bytes(ledger.parent) < needed:
        raise LedgerFullError(
            f"restoring needs {needed >> 20} MiB in {ledger.parent}", "Make room there."
        )
    temp = ledger.with_name(f".{ledger.name}.restoring.tmp")
    try:
        with os.fdopen(create_file(temp, FILE_MODE, replace=True), "wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        yield _verify_copy(temp, name)
    finally:
        for left in (temp, temp.with_name(temp.name + JOURNAL_SUFFIX)):
            with suppress(FileNotFoundError):
                left.unlink()


def replace_ledger(
    copied: VerifiedCopy, ledger: Path, downloads: Path, wall: float
) -> Path | None:
    """Replace the ledger by the copy, in one rename.

    Args:
        copied: The checked copy.
        ledger: The file to replace.
        downloads: The folder of finished audio here; the copy may come from elsewhere.
        wall: Now, seconds since 1970, for the old ledger's new name.

    Returns:
        The old ledger's new path; None when there was none.

    Raises:
        OSError: The disk failed; the old ledger is at its place, or at its new path.
    """
    _adapt_to_this_host(copied, downloads)
    fsync_path(copied.path)
    aside = None
    if ledger.exists():
        _roll_back_journal(ledger)
        aside = unused_path(replaced_ledger_path(ledger.parent, wall))
        aside.parent.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            os.rename(_journal_path(ledger), _journal_path(aside))  # noqa: PTH104 - as below
        os.link(ledger, aside)  # so that there is a ledger at every moment
    with suppress(FileNotFoundError):
        # The journal of a ledger that is gone must not be played back.
        _journal_path(ledger).unlink()
    os.chmod(copied.path, _file_mode_of(aside))  # noqa: PTH101 - as below
    os.replace(copied.path, ledger)  # noqa: PTH105 - beside os.link
    fsync_path(ledger.parent)
    return aside


def pids_using(ledger: Path) -> list[int]:
    """Return the visible processes that have the ledger open (proc_pid_fd(5)).

    They would go on writing into the old file.
    """
    try:
        wanted = ledger.stat()
    except FileNotFoundError:
        return []
    found = set()
    for fd in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.path.samestat(fd.stat(), wanted):
                found.add(int(fd.parts[2]))
    return sorted(found - {os.getpid()})


def _verify_copy(temp: Path, name: Path) -> VerifiedCopy:
    try:
        verify_backup(temp)
    except LedgerError as error:
        message = error.message.replace(str(temp), str(name))
        raise LedgerError(message, "Nothing was changed; try another copy.") from error
    with translating_errors(str(name)), closing(sqlite3.connect(temp)) as db:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        missing = REQUIRED_TABLES - {row[0] for row in db.execute(query)}
        if missing:
            raise LedgerError(
                f"{name} is no ledger: it has no table {min(missing)!r}",
                "Nothing was changed; copies lie in state/backups.",
            )
        revision = db.execute("SELECT version_num FROM alembic_version").fetchone()
        newest = db.execute("SELECT at FROM events ORDER BY id DESC LIMIT 1").fetchone()
    if revision is None or revision[0] > HEAD:
        shown = revision[0] if revision else "none"
        raise LedgerTooNewError(
            f"{name} has schema {shown}, this program knows {HEAD}",
            "Nothing was changed. Install the ytaudio-daemon that made it first.",
        )
    until = float(newest[0]) if newest else 0.0
    return VerifiedCopy(path=temp, revision=revision[0], newest_event_at=until)


def _adapt_to_this_host(copied: VerifiedCopy, downloads: Path) -> None:
    """Correct the copy's output paths, and set the restore mark for the daemon."""
    with (
        translating_errors(str(copied.path)),
        closing(sqlite3.connect(copied.path)) as db,
    ):
        query = "SELECT id, output_path FROM jobs WHERE output_path IS NOT NULL"
        here = (
            (_local_output_path(old, downloads), job) for job, old in db.execute(query)
        )
        db.executemany("UPDATE jobs SET output_path = ? WHERE id = ?", list(here))
        db.execute("DELETE FROM meta WHERE key = ?", (RESTORED_KEY,))
        db.execute(
            "INSERT INTO meta VALUES (?, ?)",
            (RESTORED_KEY, repr(copied.newest_event_at)),
        )
        db.commit()


def _local_output_path(old: str, downloads: Path) -> str:
    """Return the path here of a file that was <downloads>/<session>/<job>/audio/<name>."""
    return str(downloads.joinpath(*Path(old).parts[-4:]))


def _refuse_half_copied(name: Path) -> None:
    """Refuse a copy that lies beside a journal in use: without it the copy is inconsistent.

    Raises:
        LedgerError: Such a journal is there.
    """
    for ending in (JOURNAL_SUFFIX, "-wal"):
        try:
            beside = name.with_name(name.name + ending)
            with os.fdopen(open_regular_file(beside, follow_links=True), "rb") as file:
                is_needed = any(file.read(8))
        except OSError:
            continue
        if is_needed:
            raise LedgerError(
                f"{name} was copied in the middle of a write: {name.name}{ending} lies "
                "beside it",
                "Use a copy made with `ytaudio ledger backup`.",
            )


def _roll_back_journal(ledger: Path) -> None:
    """Roll back the transaction of a killed process; a damaged ledger is left as it is."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(ledger)) as db:
        db.execute("PRAGMA journal_mode=PERSIST")
        db.execute("BEGIN IMMEDIATE")
        db.rollback()


def _journal_path(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + JOURNAL_SUFFIX)


def _file_mode_of(old: Path | None) -> int:
    """Return the old file's mode, so that its readers can read the new one.

    Without an old file: 0644, less the umask.
    """
    if old is not None:
        return old.stat().st_mode & 0o750
    umask = os.umask(0o022)
    os.umask(umask)
    return 0o640 & ~umask
