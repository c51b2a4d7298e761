"""Opening the ledger for a command: as its owner, in short transactions."""

import errno
import os
import pwd
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.errors import NoLedgerError, UnknownSessionError, UsageError

if TYPE_CHECKING:
    from ytaudio_daemon.ledger import Connection, Ledger
    from ytaudio_daemon.ledger.sessions import Session
    from ytaudio_daemon.model.clock import Now


@contextmanager
def open_ledger(
    context: CommandContext, *, to_write: bool = False
) -> Iterator["Ledger"]:
    """Open the ledger, as its owner when we are root.

    Args:
        context: Whose settings say where it is.
        to_write: Make sure that this user may.

    Raises:
        LedgerError: There is none yet, it is another program's, or it is out of reach.
        UsageError: This user may not look into it.
    """
    # Imported, driver and all, while we are root: the owner may not see our Python.
    from ytaudio_daemon.folders import wake_file  # noqa: F401, PLC0415 - for wake_daemon
    from ytaudio_daemon.ledger import Ledger, migrate  # noqa: PLC0415 - 200 ms

    ledger = Ledger(context.settings.database.url)
    drop_privileges(context)
    _require_accessible_file(context, os.O_RDWR if to_write else os.O_RDONLY)
    try:
        migrate.require_current(ledger)
        yield ledger
    finally:
        ledger.close()


def read_now(db: "Connection") -> "Now":
    """Return now, on both clocks, for a write of ours."""
    from ytaudio_daemon.operations import transaction  # noqa: PLC0415 - 200 ms

    return transaction.read_now(db)


def require_session(db: "Connection", name_or_uuid: str) -> "Session":
    """Return a session.

    Raises:
        UnknownSessionError: There is none of that name or UUID.
    """
    from ytaudio_daemon.ledger.sessions import find_session  # noqa: PLC0415 - 200 ms

    session = find_session(db, name_or_uuid)
    if session is None:
        raise UnknownSessionError(
            f"there is no session {name_or_uuid!r}", "See `ytaudio session list`."
        )
    return session


def wake_daemon(context: CommandContext) -> None:
    """Have the daemon look at the ledger now, and say so when none is running."""
    from ytaudio_daemon.folders import wake_file  # noqa: PLC0415 - 10 ms

    wake_file.wake_daemon(context.layout)
    liveness = context.read_liveness()
    if not liveness.is_up:
        context.output.stderr_line(f"note: {liveness.explanation()}")


def drop_privileges(context: CommandContext) -> None:
    """Turn root into the owner of the state folder, with no way back.

    What root makes there the daemon could neither change nor remove, and what lies
    there is not to be believed by root. The config file has been read before; anybody
    else stays who they are.
    """
    owner = _owner_stat(context)
    os.umask(context.settings.paths.umask)
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    with suppress(KeyError):  # an owner without a name has no further groups
        os.initgroups(pwd.getpwuid(owner.st_uid).pw_name, owner.st_gid)
    os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
    os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)


def not_permitted_error(context: CommandContext, path: Path) -> UsageError:
    """Return the error for a user who may not go on, with the line that works."""
    return UsageError(
        f"{path}: you ({_user_name(os.geteuid())}) may not do that here",
        shlex.join(["sudo", "-u", daemon_user(context), "ytaudio", *sys.argv[1:]]),
    )


def daemon_user(context: CommandContext) -> str:
    """Return the name of the state folder's owner: the daemon's user."""
    return _user_name(daemon_uid(context))


def daemon_uid(context: CommandContext) -> int:
    """Return the number of the state folder's owner."""
    return _owner_stat(context).st_uid


def _owner_stat(context: CommandContext) -> os.stat_result:
    """Return whose the tree is: the first that is not root's.

    Of a link first who made it: the daemon's user may make one to anything, `/tmp` say.
    And a state folder that root made by mistake in another's tree is that other's.
    """
    state, root = (
        _nearest_existing(context.layout.state),
        _nearest_existing(context.settings.paths.root),
    )
    found = (state.lstat(), state.stat(), root.stat())
    return next((each for each in found if each.st_uid), found[0])


def _require_accessible_file(context: CommandContext, flags: int) -> None:
    """Opening a database that is not there would make an empty one."""
    url = context.settings.database.url
    if not url.startswith("sqlite"):
        return
    path = Path(url.partition(":///")[2])
    try:
        os.close(os.open(path, flags | os.O_CLOEXEC))
    except FileNotFoundError as error:
        raise NoLedgerError(
            f"there is no ledger yet ({path})",
            f"The daemon makes it when it is started: {context.start_command()}",
        ) from error
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise
        raise not_permitted_error(context, path) from error


def _nearest_existing(path: Path) -> Path:
    """Return the path, or the first folder above it that exists."""
    return next(place for place in (path, *path.parents) if place.exists())


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"
