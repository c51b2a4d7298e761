"""Translates the databases' errors into this program's errors."""

import json
import re
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa

from ytaudio_daemon.errors import (
    LedgerBusyError,
    LedgerError,
    LedgerFullError,
    LedgerUnreachableError,
)

#: PostgreSQL's SQLSTATEs (its manual, appendix A): serialization failure, deadlock,
#: lock timeout.
BUSY_STATES = frozenset({"40001", "40P01", "55P03"})
#: Disk full.
FULL_STATES = frozenset({"53100"})
#: Classes: connection exception, too many connections, shutdown or crash of the server.
UNREACHABLE_STATES = re.compile(r"08...|53300|57P0[123]")
#: Classes: insufficient resources, operator intervention, system error; and read only,
#: as a standby is.
TRANSIENT_STATES = re.compile(r"53...|57...|58...|25006")
#: Class: internal error, a damaged page among them.
INTERNAL_STATES = re.compile(r"XX...")
#: In the driver's message for a text that is not UTF-8.
_NOT_UTF8 = "Could not decode to UTF-8"
#: A transaction grows the ledger by less than so many bytes.
_MAX_GROWTH_BYTES = 4 << 20


@contextmanager
def translating_errors(ledger: str) -> Iterator[None]:
    """Raise a database's failure as a `LedgerError`.

    Mistakes of this program (a violated constraint, wrong SQL) are raised unchanged.

    Args:
        ledger: Its name in messages: a path, or a URL without its password.

    Raises:
        LedgerBusyError: Another process's write took too long.
        LedgerFullError: The disk is full.
        LedgerUnreachableError: PostgreSQL is gone; a commit under way may have succeeded.
        LedgerError: It is damaged, missing, or must not be written.
    """
    try:
        yield
    except json.JSONDecodeError as error:
        raise damaged_error(ledger, f"a row holds no JSON: {error}") from error
    except sqlite3.Error as error:
        _raise_for_sqlite(error, error, ledger)
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            _raise_for_sqlite(error, error.orig, ledger)
        _raise_for_postgres(error, ledger)


def damaged_error(ledger: str, what: str) -> LedgerError:
    """Return the error for a file that is no ledger, or is damaged."""
    return LedgerError(
        f"the ledger {ledger} is damaged or no ledger: {what}",
        "It was left as it is. Go back to a copy in state/backups (`ytaudio ledger restore "
        "FILE`), or move it away and begin anew; then start the daemon again; "
        "drops in processed/ can be dropped again.",
    )


def _raise_for_sqlite(error: Exception, detail: sqlite3.Error, ledger: str) -> NoReturn:
    code = (getattr(detail, "sqlite_errorcode", None) or 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        raise _busy_error(ledger, str(detail)) from error
    if code == sqlite3.SQLITE_FULL:
        raise _full_error(ledger, str(detail)) from error
    is_not_utf8 = _NOT_UTF8 in str(detail)
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or is_not_utf8:
        raise damaged_error(ledger, str(detail)) from error
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        raise LedgerError(
            f"the ledger {ledger} cannot be opened and written: {detail}",
            "Its folder must exist, and it and the file must be writable for this user "
            "(`ytaudio doctor` names the chmod).",
        ) from error
    if code == sqlite3.SQLITE_IOERR:
        limit = _reached_limit(detail, Path(ledger))
        if limit is not None:
            raise _file_limit_error(ledger, limit) from error
        raise LedgerError(
            f"the disk under the ledger {ledger} failed: {detail}",
            "See the kernel's log (dmesg); the ledger takes no harm from a full disk.",
        ) from error
    raise error


def _raise_for_postgres(error: sa.exc.DBAPIError, ledger: str) -> NoReturn:
    state = getattr(error.orig, "sqlstate", None)
    detail = str(error.orig).strip()
    if state in BUSY_STATES:
        raise _busy_error(ledger, detail) from error
    if state in FULL_STATES:
        raise _full_error(ledger, detail) from error
    lost = error.connection_invalidated or UNREACHABLE_STATES.fullmatch(state or "")
    # A connection that never came about carries no SQLSTATE.
    refused = state is None and isinstance(error, sa.exc.OperationalError)
    if lost or refused:
        raise LedgerUnreachableError(
            f"the ledger {ledger} cannot be reached: {detail}",
            "Start PostgreSQL, or correct [database] url.",
        ) from error
    if TRANSIENT_STATES.fullmatch(state or ""):
        raise LedgerUnreachableError(
            f"the ledger {ledger} cannot be used just now: {detail}",
            "See PostgreSQL's log; work continues by itself when that is over.",
        ) from error
    if INTERNAL_STATES.fullmatch(state or ""):
        raise LedgerError(
            f"the ledger {ledger} failed: {detail}",
            "See PostgreSQL's log; a damaged database is restored from a dump.",
        ) from error
    raise error


def _reached_limit(detail: sqlite3.Error, path: Path) -> int | None:
    """Return this process's limit of a file's size in bytes, if the ledger reached it.

    SQLite reports EFBIG as an I/O error of the disk, and has truncated its file again.
    """
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    is_limited = limit != resource.RLIM_INFINITY
    if not is_limited or detail.sqlite_errorcode != sqlite3.SQLITE_IOERR_WRITE:
        return None
    for file in (path, path.with_name(f"{path.name}-journal")):
        with suppress(OSError):
            if file.stat().st_size > limit - _MAX_GROWTH_BYTES:
                return limit
    return None


def _file_limit_error(ledger: str, limit: int) -> LedgerFullError:
    return LedgerFullError(
        f"the ledger {ledger} cannot grow: this process may write files of at most "
        f"{limit} bytes",
        "Raise that limit (LimitFSIZE= of the service, ulimit -f) and start it again.",
    )


def _busy_error(ledger: str, detail: str) -> LedgerBusyError:
    return LedgerBusyError(
        f"the ledger {ledger} is busy with another process's write: {detail}",
        "Try again; if it stays so, look for a command that hangs.",
    )


def _full_error(ledger: str, detail: str) -> LedgerFullError:
    return LedgerFullError(
        f"the disk under the ledger {ledger} is full: {detail}",
        "Free some space; nothing was lost and work continues by itself.",
    )
