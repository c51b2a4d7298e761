"""Opens the ledger: one way to write, one way to read, on SQLite and PostgreSQL.

SQLite runs with a rollback journal, `journal_mode=PERSIST, synchronous=EXTRA`. WAL
would be faster, but in SQLite 3.7.0 to 3.51.2 two connections that write and checkpoint
together can lose commits (fixed in 3.51.3; Debian 12 has 3.40.1), and every process that
writes must use the same mode, whichever library it is linked with. PERSIST commits by
overwriting the journal's header and syncing it (zeroJournalHdr in SQLite's pager.c):
as durable as deleting the file and syncing its folder, at a sixth of the time.
"""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url

from ytaudio_daemon.errors import (
    LedgerError,
    LedgerGoneError,
    LedgerUnreachableError,
)
from ytaudio_daemon.ledger.daemon_lock import DaemonLock
from ytaudio_daemon.ledger.error_translation import translating_errors
from ytaudio_daemon.ledger.sqlite_lock_wait import begin_read, begin_write
from ytaudio_daemon.settings.value_types import is_secret_parameter

#: Seconds that a command waits at most for the daemon's write to end.
BUSY_TIMEOUT_S = 5.0
#: A longer journal is truncated to so many bytes after a transaction.
JOURNAL_SIZE_LIMIT = 4 << 20
#: PostgreSQL: the advisory lock that every write takes first.
WRITE_LOCK_KEY = 0x79746177
#: File systems whose locks or syncs SQLite cannot trust (statfs(2) magic numbers).
NETWORK_FILE_SYSTEMS = {
    0x6969: "NFS",
    0x517B: "SMB",
    0xFF534D42: "CIFS",
    0xFE534D42: "SMB2",
    0x65735546: "FUSE",
}


class Ledger:
    """An open ledger: connections and transactions, no tables.

    Args:
        url: A SQLAlchemy URL; `sqlite:///<absolute path>` or `postgresql://…`.
        busy_timeout_s: How long a write waits for another process's write, in seconds.
            The daemon waits only briefly: its loop must serve its workers.

    Raises:
        LedgerError: The URL is unusable, or SQLite's file is on a network share.
    """

    def __init__(self, url: str, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.url = _parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.path = Path(self.url.database or "") if self.is_sqlite else None
        #: Public for the tests, which count statements.
        self.sa_engine = (
            _create_sqlite_engine(self.url, busy_timeout_s)
            if self.is_sqlite
            else _create_postgres_engine(self.url, busy_timeout_s)
        )
        self._busy_timeout_s = busy_timeout_s
        self._inode: tuple[int, int] | None = None
        self._daemon_lock: DaemonLock | None = None
        if self.path is not None:
            refuse_network_share(self.path.parent)

    @functools.cached_property
    def label(self) -> str:
        """The ledger's name in messages: its path, or the URL without the password."""
        shown = _without_secret_parameters(self.url)
        return str(self.path or shown.render_as_string(hide_password=True))

    @property
    def url_without_password(self) -> str:
        """The URL in the form that PostgreSQL's own tools accept, without a password."""
        known = _without_secret_parameters(self.url)
        # Not `URL.set`: it ignores a password of None.
        plain = URL.create(
            known.get_backend_name(),
            username=known.username,
            host=known.host,
            port=known.port,
            database=known.database,
            query=known.query,
        )
        return plain.render_as_string()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction; it is durable when the block has ended.

        Writes run one at a time, on both databases: each of them updates the same row
        of kept counters anyway, and a lock from the start makes a deadlock impossible.

        Raises:
            LedgerBusyError: Another write took longer than `busy_timeout_s`.
            LedgerFullError: The disk is full; nothing was written.
            LedgerUnreachableError: PostgreSQL is gone.
            LedgerError: It is damaged, missing or read-only.
        """
        with translating_errors(self.label), self.sa_engine.connect() as db:
            if self.is_sqlite:
                begin_write(db, self._busy_timeout_s)
            else:
                db.exec_driver_sql("BEGIN")
            try:
                if not self.is_sqlite:
                    db.exec_driver_sql(
                        f"SELECT pg_advisory_xact_lock({WRITE_LOCK_KEY})"
                    )
                yield db
                db.exec_driver_sql("COMMIT")
            except BaseException:
                _roll_back(db)
                raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run queries on one state of the ledger.

        Fetch all rows at once: an open cursor blocks the next commit.

        Raises:
            LedgerError: As `write`.
        """
        with translating_errors(self.label), self.sa_engine.connect() as db:
            try:
                if self.is_sqlite:
                    begin_read(db, self._busy_timeout_s)
                else:
                    db.exec_driver_sql("BEGIN")
                yield db
            finally:
                _roll_back(db)

    def remember_inode(self) -> None:
        """Store the inode of the open file, for `check_not_replaced`."""
        if self.path is not None:
            self._inode = _inode_of(self.path)

    def check_not_replaced(self) -> None:
        """Make sure that commits reach the file at the path, and that we hold the lock.

        SQLite goes on writing into a deleted file without an error; a restarted
        PostgreSQL has lost the daemon's lock.

        Raises:
            LedgerGoneError: The file was deleted or replaced, or another daemon holds
                PostgreSQL's lock.
            LedgerUnreachableError: PostgreSQL does not answer, or the file's folder
                cannot be read; call again.
        """
        if self._daemon_lock is not None:
            self._daemon_lock.ensure_held()
        if self.path is None or self._inode is None:
            return
        if _inode_of(self.path) != self._inode:
            raise LedgerGoneError(
                f"the ledger {self.path} was deleted or replaced while in use",
                "Stop the daemon, put the file back or `ytaudio ledger restore` a copy, start again.",
            )

    @contextmanager
    def hold_daemon_lock(self) -> Iterator[bool]:
        """Hold PostgreSQL's lock for the one daemon of this ledger.

        Yields:
            Whether it was free. On SQLite always True: there the lock on the state
            folder keeps a second daemon out.
        """
        if self.is_sqlite:
            yield True
            return
        lock = DaemonLock(self.sa_engine, self.label)
        if not lock.acquire():
            yield False
            return
        self._daemon_lock = lock
        try:
            yield True
        finally:
            self._daemon_lock = None
            lock.release()

    def close(self) -> None:
        """Close all connections."""
        self.sa_engine.dispose()


def _roll_back(db: Connection) -> None:
    """Roll back a transaction without hiding the error that ended it.

    SQLite may have rolled back by itself (a full disk), PostgreSQL may be gone.
    """
    if db.invalidated:
        return
    try:
        db.exec_driver_sql("ROLLBACK")
    except sa.exc.DBAPIError:
        db.invalidate()  # in an unknown state: never used again


def _parse_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:  # such as a port in words
        raise LedgerError(f"database url is unusable: {error}") from error
    backend = parsed.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        raise LedgerError(
            f"database url names {backend!r}; the ledger runs on sqlite or postgresql",
        )
    if backend == "postgresql" and "+" not in parsed.drivername:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def _without_secret_parameters(url: URL) -> URL:
    return url.difference_update_query(filter(is_secret_parameter, url.query))


def _create_sqlite_engine(url: URL, busy_timeout_s: float) -> Engine:
    """Create an engine without the driver's own BEGIN, whose transactions are deferred.

    A deferred transaction that goes from reading to writing fails at once with
    SQLITE_BUSY_SNAPSHOT, whatever the timeout; BEGIN IMMEDIATE waits.
    """
    engine = sa.create_engine(
        url,
        poolclass=sa.pool.QueuePool,
        pool_size=1,
        max_overflow=2,
        connect_args={"timeout": busy_timeout_s, "check_same_thread": False},
        isolation_level="AUTOCOMMIT",
    )

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=PERSIST")
        connection.execute(f"PRAGMA journal_size_limit={JOURNAL_SIZE_LIMIT}")
        connection.execute("PRAGMA synchronous=EXTRA")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-4096")

    return engine


def _create_postgres_engine(url: URL, busy_timeout_s: float) -> Engine:
    """Create an engine that reconnects after a restart of the server.

    Every commit waits for the server's disk.
    """
    busy_timeout_ms = max(1, int(busy_timeout_s * 1000))  # 0 would mean for ever
    # Both sides detect a vanished peer; otherwise the server would hold the daemon's lock
    # for hours, and we would wait as long for a result.
    alive = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    options = f"-c synchronous_commit=on -c lock_timeout={busy_timeout_ms} {alive}"
    return sa.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=2,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 5,
            "options": options,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,  # milliseconds
        },
    )


def _inode_of(path: Path) -> tuple[int, int] | None:
    """Return the device and inode of the file at a path; None when there is none.

    Raises:
        LedgerUnreachableError: A folder above it cannot be read.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerUnreachableError(
            f"whether the ledger {path} is still in its place cannot be seen: {error}",
            "Give the daemon's user its state folder back; it continues by itself.",
        ) from error
    return found.st_dev, found.st_ino


def refuse_network_share(folder: Path) -> None:
    """Refuse a state folder where SQLite's locks and syncs cannot be trusted.

    Raises:
        LedgerError: The folder is on NFS, SMB or FUSE.
    """
    magic = file_system_magic(folder)
    if magic in NETWORK_FILE_SYSTEMS:
        raise LedgerError(
            f"{folder} is on {NETWORK_FILE_SYSTEMS[magic]}, where SQLite loses data",
            "Set [paths] state to a local folder, or [database] url to a PostgreSQL.",
        )


def file_system_magic(folder: Path) -> int:
    """Return `f_type` of statfs(2), which Python lacks; 0 when the call fails."""
    import ctypes  # noqa: PLC0415 - 5 ms that only this check needs

    buffer = ctypes.create_string_buffer(256)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.statfs(os.fsencode(folder), buffer) != 0:
        return 0
    return int.from_bytes(buffer.raw[:4], "little")
