"""`session create`, `set`, `touch` and `expire`."""

import sys
import time
import uuid
from typing import Any

from ytaudio_daemon.cli.cancel import cancel_all
from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import count_of
from ytaudio_daemon.cli.ledger_access import (
    moment_in,
    opened,
    refusal,
    require_session,
    wake_daemon,
)
from ytaudio_daemon.cli.output import ask
from ytaudio_daemon.cli.session_views import LIMITS
from ytaudio_daemon.dropfile import session_name_problem
from ytaudio_daemon.errors import IllegalMoveError, UsageError
from ytaudio_daemon.folders.inbox import make_session_folder
from ytaudio_daemon.ledger import Ledger, sessions, transitions
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.settings import KEYS

#: Gives a limit back to the config.
DEFAULT = "default"
#: How long the daemon may take to stop running jobs, in seconds.
STOP_PATIENCE_S = 15.0
STOP_STEP_S = 0.1


def create(call: Call) -> int:
    """Open a session, make its folder, print its UUID."""
    name = call.args.name
    if name is not None and (problem := session_name_problem(name)):
        raise UsageError(problem)
    new_uuid = str(uuid.uuid4())
    with opened(call, to_write=True) as ledger:
        try:
            make_session_folder(call.layout.inbox, name or new_uuid)
        except PermissionError as error:
            raise refusal(call, call.layout.inbox) from error
        with ledger.write() as db:
            now = moment_in(db)
            session = sessions.open_session(db, name, now, session_uuid=new_uuid)
    call.screen.line(session.uuid)
    if session.uuid != new_uuid:
        call.screen.remark(f"session {session.name} exists already")
    wake_daemon(call)
    return Exit.OK


def set_limits(call: Call) -> int:
    """Set a session's own limits."""
    limits = asked_limits(call)
    with opened(call, to_write=True) as ledger, ledger.write() as db:
        session = _require_active(require_session(db, call.args.name))
        now = moment_in(db)
        sessions.set_limits(db, session, now, **limits)
        quota = call.settings.sessions.quota
        released = transitions.release_held(db, session.id, quota, now)
    for name, value in limits.items():
        key = KEYS[LIMITS[name]]
        shown = "as in the config" if value is None else key.kind.show(value)
        call.screen.line(f"{key.name.replace('_', '-')}: {shown}")
    if released:
        call.screen.line(f"{count_of(released, 'held job')} queued")
    wake_daemon(call)
    return Exit.OK


def asked_limits(call: Call) -> dict[str, Any]:
    """Return the limits on the command line, checked; None = as in the config.

    Raises:
        UsageError: None is given, or one is not allowed.
    """
    limits: dict[str, Any] = {}
    for name, full_name in LIMITS.items():
        key = KEYS[full_name]
        text = getattr(call.args, key.name)
        if text is None:
            continue
        try:
            limits[name] = None if text == DEFAULT else key.kind.read(text)
        except ValueError as error:
            flag = key.name.replace("_", "-")
            allowed = f"{key.kind.allowed}, or {DEFAULT}"
            raise UsageError(
                f"--{flag} cannot be {text!r}; allowed: {allowed}"
            ) from error
    if not limits:
        raise UsageError("give at least one limit", "ytaudio session set --help")
    return limits


def touch(call: Call) -> int:
    """Start a session's time to live over."""
    with opened(call, to_write=True) as ledger, ledger.write() as db:
        session = _require_active(require_session(db, call.args.name))
        sessions.touch_session(db, session, moment_in(db))
    call.screen.line(f"session {session.name}: its time to live starts over")
    wake_daemon(call)
    return Exit.OK


def expire(call: Call) -> int:
    """End a session; with --force its unfinished jobs are cancelled first."""
    with opened(call, to_write=True) as ledger:
        with ledger.read() as db:
            session = _require_active(require_session(db, call.args.name))
        if session.unfinished and not call.args.force:
            jobs = count_of(session.unfinished, "unfinished job")
            raise IllegalMoveError(
                f"session {session.name} has {jobs}",
                "Wait for them (ytaudio wait), or cancel them with --force.",
            )
        if not _is_meant(call, session):
            call.screen.remark("nothing was changed")
            return Exit.FAILED
        if session.unfinished:
            quota = call.settings.sessions.quota
            cancel_all(ledger, session, "session_expired", quota)
            wake_daemon(call)
        _expire_when_stopped(call, ledger, session)
    call.screen.line(f"session {session.name} has expired")
    wake_daemon(call)
    return Exit.OK


def _is_meant(call: Call, session: Session) -> bool:
    if call.args.yes or not sys.stdin.isatty():
        return True
    what = session.on_expiry or call.settings.sessions.on_expiry
    fate = "its finished audio is DELETED" if what == "delete" else "its audio stays"
    return ask(f"End session {session.name} ({session.uuid})? When it ends, {fate}.")


def _expire_when_stopped(call: Call, ledger: Ledger, session: Session) -> None:
    """Expire it as soon as no job is running, and no drop being taken, any more.

    Raises:
        IllegalMoveError: Some still are; the session stays active.
    """
    deadline = time.monotonic() + STOP_PATIENCE_S
    while True:
        with ledger.write() as db:
            fate = call.settings.sessions.on_expiry
            if sessions.expire(db, session, moment_in(db), on_expiry=fate):
                return
            found = sessions.session_by_id(db, session.id)
        if found.state is SessionState.EXPIRED:
            return
        if time.monotonic() > deadline:
            jobs = count_of(found.unfinished, "job")
            held_up = f"{jobs} could not be stopped" if found.unfinished else ""
            raise IllegalMoveError(
                f"session {session.name} cannot end yet: "
                f"{held_up or 'a drop of its is being taken'}",
                "Make sure that the daemon runs and that nobody gives the session new "
                "links, then try again.",
            )
        time.sleep(STOP_STEP_S)


def _require_active(session: Session) -> Session:
    if session.state is not SessionState.ACTIVE:
        raise IllegalMoveError(
            f"session {session.name} ({session.uuid}) has expired",
            "The next drop into its folder opens a new one.",
        )
    return session
