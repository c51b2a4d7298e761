"""`ledger backup` and `ledger restore`."""

import errno
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import count_of, size, stamp_of
from ytaudio_daemon.cli.ledger_access import (
    become_owner,
    opened,
    owner_id,
    owner_name,
    refusal,
)
from ytaudio_daemon.errors import AlreadyRunningError, UsageError
from ytaudio_daemon.folders.filed import FiledDrop, filed_drops
from ytaudio_daemon.folders.prepare import lock_state
from ytaudio_daemon.jobs.restore_import import unknown_results
from ytaudio_daemon.ledger import Ledger, backup, drops, migrate, restoring
from ytaudio_daemon.ledger.restoring import Copied
from ytaudio_daemon.system.path_trust import open_plain


def back_up(call: Call) -> int:
    """Make a proven copy."""
    _refuse_postgres(call, "backup")
    now = time.time()
    with opened(call) as ledger:
        unnamed = backup.default_target(call.layout.state, now)
        target = Path(call.args.file or backup.free_name(unnamed)).absolute()
        try:
            taken = backup.back_up(Path(str(ledger.path)), target)
        except FileExistsError as error:
            raise UsageError(
                f"{target} exists already", "Name a file that is not there."
            ) from error
        except PermissionError as error:
            raise _closed(call, target) from error
        backup.tidy(call.layout.state, now)
    if call.args.json:
        call.screen.json(
            {
                "schema": "ytaudio.ledger-backup/1",
                "ledger": str(ledger.path),
                "file": str(target),
                "size_bytes": taken,
                "revision": migrate.HEAD,
            }
        )
    else:
        call.screen.line(f"{target} ({size(taken)}, schema {migrate.HEAD}, proven)")
    return Exit.OK


def restore(call: Call) -> int:
    """Put a copy in the ledger's place and say what it does not know."""
    _refuse_postgres(call, "restore")
    file = Path(call.args.file).absolute()
    ledger = Path(call.settings.database.url.partition(":///")[2])
    _refuse_itself(file, ledger)
    users = restoring.users_of(ledger)  # root sees everybody's open files
    with (
        _copy_to_restore(call, file) as source,
        _alone(call, ledger, users),
        restoring.examined(source, file, ledger) as copied,
    ):
        aside = restoring.put_in_place(
            copied, ledger, call.layout.downloads, time.time()
        )
        _clear_views(call)
        _tell(call, file, aside, copied)
    return Exit.OK


@contextmanager
def _copy_to_restore(call: Call, file: Path) -> Iterator[BinaryIO]:
    """Open a copy, and be the ledger's owner then.

    root reads it everywhere but where the owner can have laid a link to what it must
    not read itself.
    """
    if _can_be_changed_by(owner_id(call), file):
        become_owner(call)
    try:
        source = open_plain(file)
    except PermissionError as error:
        raise UsageError(
            f"{file} cannot be read with the rights it is restored with",
            f"sudo chown {owner_name(call)}: {shlex.quote(str(file))}",
        ) from error
    with source:
        become_owner(call)
        yield source


def _can_be_changed_by(user: int, file: Path) -> bool:
    real = Path(os.path.realpath(file))
    places = {file, *file.parents, *real.parents}
    return any(
        place.lstat().st_uid == user for place in places if os.path.lexists(place)
    )


@contextmanager
def _alone(call: Call, ledger: Path, users: list[int]) -> Iterator[None]:
    """Hold the daemon's lock, and make sure that nobody else has the ledger open.

    Args:
        call: Whose settings say where it is.
        ledger: Its file.
        users: Processes that had it open a moment ago, as we saw as root.

    Raises:
        AlreadyRunningError: The daemon runs, or another program has it open.
        UsageError: This user may not do that here.
    """
    aside = ledger.parent / backup.FOLDER
    if aside.exists() and not os.access(aside, os.W_OK | os.X_OK, effective_ids=True):
        whom = owner_name(call)
        if os.geteuid() != owner_id(call):
            raise refusal(call, aside)
        raise UsageError(
            f"{aside}: {whom} may not write there, where the ledger that is there goes",
            f"sudo chown {whom}: {shlex.quote(str(aside))}",
        )
    try:
        for folder in (call.layout.state, ledger.parent):
            folder.mkdir(parents=True, exist_ok=True)
        lock = lock_state(call.layout)
    except PermissionError as error:
        raise refusal(call, ledger.parent) from error
    try:
        _require_unused(ledger, users)
        yield
    finally:
        os.close(lock)


def _require_unused(ledger: Path, seen: list[int]) -> None:
    users = {*seen, *restoring.users_of(ledger)}
    if users:
        pids = ", ".join(map(str, sorted(users)))
        raise AlreadyRunningError(
            f"{ledger} is in use by process {pids}",
            "Stop it first (the daemon, ytaudio serve, or a program of yours), then try "
            "again.",
        )


def _tell(call: Call, file: Path, aside: Path | None, copied: Copied) -> None:
    def unseen(place: Path, error: Exception) -> None:
        call.screen.remark(f"{place} is passed over: {error}")

    ledger = Ledger(call.settings.database.url)
    try:
        lost = _unknown_drops(call, ledger, copied.until)
        unknown = unknown_results(ledger, call.layout, copied.until, unseen)
        results = sum(1 for _ in unknown)
    finally:
        ledger.close()
    if call.args.json:
        call.screen.json(
            {
                "schema": "ytaudio.ledger-restore/1",
                "ledger": str(ledger.path),
                "file": str(file),
                "revision": copied.revision,
                "knows_until": stamp_of(copied.until),
                "kept_aside": None if aside is None else str(aside),
                "results_to_adopt": results,
                "unknown_drops": [
                    {"session": drop.session, "path": str(drop.path)} for drop in lost
                ],
            }
        )
        return
    say = call.screen.line
    say(f"restored {file}, which knows what happened until {stamp_of(copied.until)}")
    if aside is not None:
        say(f"the ledger that was there is kept: {aside}")
    if copied.revision != migrate.HEAD:
        say(f"it has schema {copied.revision}; the daemon brings it to {migrate.HEAD}")
    if results:
        jobs = count_of(results, "finished file")
        say(f"{jobs} it does not know will be taken into it when the daemon starts")
    _tell_lost(call, lost)
    say(f"now start the daemon: {call.start_daemon()}")


def _tell_lost(call: Call, lost: Sequence[FiledDrop]) -> None:
    if not lost:
        call.screen.line("no drop was filed since")
        return
    call.screen.line(
        f"{count_of(len(lost), 'drop')} filed since then it does not know. Once the "
        "daemon runs, drop again what you still want; what is finished is not fetched "
        "again:"
    )
    for drop in lost:
        path, place = shlex.quote(str(drop.path)), shlex.quote(str(drop.dropped_into))
        call.screen.line(f"  mv -n {path} {place}/")


def _unknown_drops(call: Call, ledger: Ledger, until: float) -> list[FiledDrop]:
    """Return the drops filed later than the copy that it does not know."""
    with ledger.read() as db:
        known = drops.known_places(db)
    return [
        drop
        for drop in filed_drops(call.layout.inbox)
        if drop.filed_at > until and drop.key not in known
    ]


def _clear_views(call: Call) -> None:
    """Remove what tells of the newer ledger: the daemon writes it all anew."""
    for name in ("sessions", "receipts"):
        shutil.rmtree(call.layout.status / name, ignore_errors=True)


def _refuse_itself(file: Path, ledger: Path) -> None:
    try:
        is_same = file.samefile(ledger)
    except FileNotFoundError:
        return
    if is_same:
        raise UsageError(f"{file} is the ledger itself", "Name a copy of it.")


def _refuse_postgres(call: Call, verb: str) -> None:
    """PostgreSQL has its own tools; say how they are called for this database.

    Raises:
        UsageError: The ledger is on PostgreSQL.
    """
    url = call.settings.database.url
    if url.startswith("sqlite"):
        return
    where = shlex.quote(Ledger(url).plain_url)
    # The role is its user's, the file whoever's shell opens it.
    is_other = os.geteuid() != owner_id(call)
    role = f"sudo -u {owner_name(call)} " if is_other else ""
    if verb == "backup":
        dump = f"ledger-{backup.stamp(time.time())}.dump"
        command = f"{role}pg_dump --format=custom --dbname={where} >{dump}"
    else:
        command = (
            f"stop the daemon, then: {role}pg_restore --clean --if-exists "
            f"--single-transaction --dbname={where} <{shlex.quote(call.args.file)}"
        )
    raise UsageError(f"the ledger is on PostgreSQL, which has its own {verb}", command)


def _closed(call: Call, target: Path) -> UsageError:
    """Return the error for a place where the copy cannot be written."""
    if os.geteuid() != call.layout.state.stat().st_uid:
        return refusal(call, target)
    return UsageError(
        f"{target}: {os.strerror(errno.EACCES)} for {owner_name(call)}, who makes the copy",
        f"Name a file where {owner_name(call)} may write, or: "
        f"sudo chown {owner_name(call)}: {shlex.quote(str(target.parent))}",
    )
