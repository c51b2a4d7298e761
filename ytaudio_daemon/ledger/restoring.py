"""Putting a copy in the ledger's place. Only with the daemon's lock in hand."""

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
    fsync_file,
    replaced_ledger_path,
    unused_path,
    verify_backup,
)
from ytaudio_daemon.ledger.error_translation import translating_errors
from ytaudio_daemon.ledger.meta import RESTORED_KEY
from ytaudio_daemon.ledger.migrate import HEAD

#: What a ledger of any schema has.
REQUIRED_TABLES = frozenset(
    {"alembic_version", "drops", "events", "jobs", "meta", "sessions"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCopy:
    """A copy that may take the ledger's place.

    Attributes:
        path: Beside the ledger, under a temporary name.
        revision: Its schema.
        newest_event_at: Its newest event, seconds since 1970: what came later it does not know.
    """

    path: Path
    revision: str
    newest_event_at: float


@contextmanager
def verified_copy(source: BinaryIO, name: Path, ledger: Path) -> Iterator[VerifiedCopy]:
    """Bring a copy beside the ledger and read it from end to end.

    Args:
        source: The copy, opened by whoever may read it.
        name: What it is called, for messages; a journal beside it is looked for.
        ledger: The file whose place it is to take; it need not be there.

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
    with suppress(FileNotFoundError):
        temp.unlink()
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(os.open(temp, flags, FILE_MODE), "wb") as file:  # noqa: PTH123 - made with its mode
            shutil.copyfileobj(source, file, 1 << 20)
        yield _verify_copy(temp, name)
    finally:
        for left in (temp, temp.with_name(temp.name + JOURNAL_SUFFIX)):
            with suppress(FileNotFoundError):
                left.unlink()


def replace_ledger(
    copied: VerifiedCopy, ledger: Path, downloads: Path, wall: float
) -> Path | None:
    """Let the copy take the ledger's place, in one rename.

    Args:
        copied: Examined.
        ledger: Whose place it takes.
        downloads: Where finished audio is here: the copy may come from elsewhere.
        wall: Now, seconds since 1970; names the old ledger.

    Returns:
        Where the old ledger is now; None when there was none.

    Raises:
        OSError: The disk failed; the old ledger is in its place, or aside.
    """
    _adapt_to_this_host(copied, downloads)
    fsync_file(copied.path)
    aside = None
    if ledger.exists():
        _roll_back_journal(ledger)
        aside = unused_path(replaced_ledger_path(ledger.parent, wall))
        aside.parent.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            os.rename(_journal_path(ledger), _journal_path(aside))  # noqa: PTH104 - as below
        os.link(ledger, aside)  # so that there is a ledger at every moment
    with suppress(FileNotFoundError):
        _journal_path(
            ledger
        ).unlink()  # of a ledger that is gone: it must not be played back
    os.chmod(copied.path, _file_mode_of(aside))  # noqa: PTH101 - as below
    os.replace(copied.path, ledger)  # noqa: PTH105 - beside os.link
    folder = os.open(ledger.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    os.fsync(folder)
    os.close(folder)
    return aside


def pids_using(ledger: Path) -> list[int]:
    """Return the processes that have the ledger open, as far as we may look.

    They would go on writing into the old file (proc_pid_fd(5)).
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
    """Make the copy at home here, and have the daemon look for what it does not know."""
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
    """Return where a result is that was <downloads>/<session>/<job>/audio/<name>."""
    return str(downloads.joinpath(*Path(old).parts[-4:]))


def _refuse_half_copied(name: Path) -> None:
    """A live file copied by hand is whole only together with its journal."""
    for ending in (JOURNAL_SUFFIX, "-wal"):
        try:
            with name.with_name(name.name + ending).open("rb") as file:
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
    """Let SQLite undo what a killed process left half-written, so that it is whole."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(ledger)) as db,
    ):  # damaged: kept
        db.execute("PRAGMA journal_mode=PERSIST")
        db.execute("BEGIN IMMEDIATE")
        db.rollback()


def _journal_path(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + JOURNAL_SUFFIX)


def _file_mode_of(old: Path | None) -> int:
    """Readers of the old ledger (`ytaudio jobs` of the group) can read the new one."""
    if old is not None:
        return old.stat().st_mode & 0o750
    umask = os.umask(0o022)
    os.umask(umask)
    return 0o640 & ~umask
