"""Opening the configured ledger for a program, creating it if there is none."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ytaudio_daemon.errors import AlreadyRunningError, LedgerTooOldError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.host_id import load_host_id
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.folders.prepare import lock_state, prepare
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.ledger_file import (
    back_up_before_migration,
    close_ledger_to_others,
)
from ytaudio_daemon.ledger.migrate import migrate, require_current
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.utf8_mode import require_utf8_file_names

#: A daemon that starts at the same moment creates the schema within so long, in seconds.
SCHEMA_TIMEOUT_S = 10.0
_POLL_S = 0.05


@contextmanager
def open_or_create_ledger(settings: Settings) -> Iterator[Ledger]:
    """Open the ledger; create folders and schema if they are missing.

    Raises:
        ConfigError: A folder cannot be made.
        LedgerError: It cannot be used, or another version of this program made it.
        UsageError: This Python encodes file names otherwise than in UTF-8.
    """
    require_utf8_file_names()
    layout = layout_of(settings)
    if settings.database.sqlite_file is not None and not layout.state.is_dir():
        prepare(layout, settings.paths.group)
    ledger = Ledger(settings.database.url)
    try:
        _ensure_schema(ledger, layout, settings)
        yield ledger
    finally:
        ledger.close()


def local_host_id(layout: Layout) -> str:
    """Return this machine's name, the same as in the daemon's claims."""
    try:
        return load_host_id(layout.state / "host")
    except OSError:  # it is on another machine (PostgreSQL), or closed to us
        return socket.gethostname()


def _ensure_schema(ledger: Ledger, layout: Layout, settings: Settings) -> None:
    """Create or upgrade the schema as the daemon does, under the daemon's locks."""
    deadline = time.monotonic() + SCHEMA_TIMEOUT_S
    while True:
        try:
            require_current(ledger)
        except LedgerTooOldError:
            if time.monotonic() > deadline:
                raise
        else:
            return
        prepare(layout, settings.paths.group)
        with suppress(AlreadyRunningError), _hold_daemon_locks(ledger, layout):
            back_up_before_migration(ledger, time.time())
            migrate(ledger)
            close_ledger_to_others(ledger)
            continue
        time.sleep(_POLL_S)


@contextmanager
def _hold_daemon_locks(ledger: Ledger, layout: Layout) -> Iterator[None]:
    lock = lock_state(layout)
    try:
        with ledger.hold_daemon_lock() as alone:
            if not alone:
                raise AlreadyRunningError("a daemon serves this ledger")
            yield
    finally:
        os.close(lock)
