"""Opens the ledger for a command: as its owner, and for short transactions."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.privileges import drop_privileges, not_permitted_error
from ytaudio_daemon.errors import NoLedgerError, UnknownSessionError
from ytaudio_daemon.folders import wake_file
from ytaudio_daemon.ledger import Connection, Ledger, migrate
from ytaudio_daemon.ledger.sessions import Session, find_session, find_session_by_prefix
from ytaudio_daemon.model.host_errors import WRITE_REFUSED

#: The beginning of a UUID, as lists on a terminal show it.
_SHORT_UUID = re.compile(r"[0-9a-f]{8}")


@contextmanager
def open_ledger(context: CommandContext, *, to_write: bool = False) -> Iterator[Ledger]:
    """Open the ledger, as its owner when we are root.

    Args:
        context: Its settings name the ledger.
        to_write: Make sure that this user may write to it.

    Raises:
        LedgerError: There is none yet, it is another program's, or it is out of reach.
        UsageError: This user may not read or write it.
    """
    # The driver is imported here, while we are root: the owner may not see our Python.
    ledger = Ledger(context.settings.database.url)
    drop_privileges(context)
    _require_accessible_file(context, os.O_RDWR if to_write else os.O_RDONLY)
    try:
        migrate.require_current(ledger)
        yield ledger
    finally:
        ledger.close()


def require_session(db: Connection, name_or_uuid: str) -> Session:
    """Return a session by its name, its UUID, or as much of it as lists show.

    Raises:
        UnknownSessionError: There is none of that name or UUID.
    """
    session = find_session(db, name_or_uuid)
    if session is None and _SHORT_UUID.fullmatch(name_or_uuid):
        session = find_session_by_prefix(db, name_or_uuid)
    if session is None:
        raise UnknownSessionError(
            f"there is no session {name_or_uuid!r}", "See `ytaudio session list`."
        )
    return session


def find_session_id(ledger: Ledger, name_or_uuid: str | None) -> int | None:
    """Return the ledger's ID of the session to which a list is narrowed; None for all.

    Raises:
        UnknownSessionError: There is none of that name or UUID.
    """
    if name_or_uuid is None:
        return None
    with ledger.read() as db:
        return require_session(db, name_or_uuid).id


def wake_daemon(context: CommandContext) -> None:
    """Wake the daemon to read the ledger now; print a note when none is running."""
    wake_file.wake_daemon(context.layout)
    liveness = context.find_liveness()
    if not liveness.is_up:
        context.output.stderr_line(f"note: {liveness.explanation()}")


def _require_accessible_file(context: CommandContext, flags: int) -> None:
    """Make sure that SQLite's file is there: opening it would make an empty one.

    Raises:
        NoLedgerError: It is not there.
        UsageError: This user may not open it with these flags.
    """
    path = context.settings.database.sqlite_file
    if path is None:
        return
    try:
        os.close(os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC))
    except FileNotFoundError as error:
        raise NoLedgerError(
            f"there is no ledger yet ({path})",
            f"The daemon makes it when it is started: {context.start_command()}",
        ) from error
    except OSError as error:
        if error.errno not in WRITE_REFUSED:
            raise
        raise not_permitted_error(context, path) from error
