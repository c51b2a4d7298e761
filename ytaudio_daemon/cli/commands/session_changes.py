"""`session create`, `set`, `touch` and `expire`: change sessions."""

import sys
import time
import uuid
from typing import Any

from ytaudio_daemon.cli.commands.cancel import cancel_all
from ytaudio_daemon.cli.commands.session_views import LIMITS
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import (
    open_ledger,
    require_session,
    wake_daemon,
)
from ytaudio_daemon.cli.output import ask
from ytaudio_daemon.cli.privileges import not_permitted_error
from ytaudio_daemon.dropfile import session_name_problem
from ytaudio_daemon.errors import IllegalMoveError, UsageError
from ytaudio_daemon.folders.inbox import make_session_folder
from ytaudio_daemon.ledger import Ledger, sessions, transitions
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.operations.transaction import read_now
from ytaudio_daemon.settings import KEYS

#: The value that removes a session's own limit.
DEFAULT = "default"
#: Most seconds that the daemon may take to stop running jobs.
STOP_TIMEOUT_S = 15.0
STOP_POLL_S = 0.1


def create(context: CommandContext) -> int:
    """Open a session, make its inbox folder, print its UUID."""
    name = context.args.name
    if name is not None and (problem := session_name_problem(name)):
        raise UsageError(problem)
    new_uuid = str(uuid.uuid4())
    with open_ledger(context, to_write=True) as ledger:
        try:
            make_session_folder(context.layout.inbox, name or new_uuid)
        except PermissionError as error:
            raise not_permitted_error(context, context.layout.inbox) from error
        with ledger.write() as db:
            now = read_now(db)
            session = sessions.open_session(db, name, now, session_uuid=new_uuid)
    context.output.line(session.uuid)
    if session.uuid != new_uuid:
        context.output.stderr_line(f"session {session.name} exists already")
    wake_daemon(context)
    return Exit.OK


def set_limits(context: CommandContext) -> int:
    """Set a session's own limits, and queue held jobs that they now allow."""
    limits = requested_limits(context)
    with open_ledger(context, to_write=True) as ledger, ledger.write() as db:
        session = _require_active(require_session(db, context.args.name))
        now = read_now(db)
        sessions.set_limits(db, session, now, **limits)
        quota = context.settings.sessions.quota
        released = transitions.release_held(db, session.id, quota, now)
    for name, value in limits.items():
        key = KEYS[LIMITS[name]]
        shown = "as in the config" if value is None else key.value_type.format(value)
        context.output.line(f"{key.name.replace('_', '-')}: {shown}")
    if released:
        context.output.line(f"{pluralize(released, 'held job')} queued")
    wake_daemon(context)
    return Exit.OK


def requested_limits(context: CommandContext) -> dict[str, Any]:
    """Return the limits on the command line, checked; None for the config's.

    Raises:
        UsageError: None is given, or one is not allowed.
    """
    limits: dict[str, Any] = {}
    for name, full_name in LIMITS.items():
        key = KEYS[full_name]
        text = getattr(context.args, key.name)
        if text is None:
            continue
        try:
            limits[name] = None if text == DEFAULT else key.value_type.parse(text)
        except ValueError as error:
            flag = key.name.replace("_", "-")
            allowed = f"{key.value_type.allowed}, or {DEFAULT}"
            raise UsageError(
                f"--{flag} cannot be {text!r}; allowed: {allowed}"
            ) from error
    if not limits:
        raise UsageError("give at least one limit", "ytaudio session set --help")
    return limits


def touch(context: CommandContext) -> int:
    """Start a session's time to live anew."""
    with open_ledger(context, to_write=True) as ledger, ledger.write() as db:
        session = _require_active(require_session(db, context.args.name))
        sessions.touch_session(db, session, read_now(db))
    context.output.line(f"session {session.name}: its time to live starts over")
    wake_daemon(context)
    return Exit.OK


def expire(context: CommandContext) -> int:
    """End a session; with --force its unfinished jobs are cancelled first."""
    with open_ledger(context, to_write=True) as ledger:
        with ledger.read() as db:
            session = _require_active(require_session(db, context.args.name))
        if session.unfinished and not context.args.force:
            jobs = pluralize(session.unfinished, "unfinished job")
            raise IllegalMoveError(
                f"session {session.name} has {jobs}",
                "Wait for them (ytaudio wait), or cancel them with --force.",
            )
        if not _is_confirmed(context, session):
            context.output.stderr_line("nothing was changed")
            return Exit.FAILED
        if session.unfinished:
            quota = context.settings.sessions.quota
            cancel_all(ledger, session, "session_expired", quota)
            wake_daemon(context)
        _expire_when_stopped(context, ledger, session)
    context.output.line(f"session {session.name} has expired")
    wake_daemon(context)
    return Exit.OK


def _is_confirmed(context: CommandContext, session: Session) -> bool:
    if context.args.yes or not sys.stdin.isatty():
        return True
    what = session.on_expiry or context.settings.sessions.on_expiry
    fate = "its finished audio is DELETED" if what == "delete" else "its audio stays"
    return ask(f"End session {session.name} ({session.uuid})? When it ends, {fate}.")


def _expire_when_stopped(
    context: CommandContext, ledger: Ledger, session: Session
) -> None:
    """Expire a session as soon as none of its jobs runs and no drop is being taken.

    Raises:
        IllegalMoveError: Some still are after STOP_TIMEOUT_S; it stays active.
    """
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while True:
        with ledger.write() as db:
            fate = context.settings.sessions.on_expiry
            if sessions.expire(db, session, read_now(db), on_expiry=fate):
                return
            found = sessions.session_by_id(db, session.id)
        if found.state is SessionState.EXPIRED:
            return
        if time.monotonic() > deadline:
            jobs = pluralize(found.unfinished, "job")
            held_up = f"{jobs} could not be stopped" if found.unfinished else ""
            raise IllegalMoveError(
                f"session {session.name} cannot end yet: "
                f"{held_up or 'a drop of its is being taken'}",
                "Make sure that the daemon runs and that nobody gives the session new "
                "links, then try again.",
            )
        time.sleep(STOP_POLL_S)


def _require_active(session: Session) -> Session:
    if session.state is not SessionState.ACTIVE:
        raise IllegalMoveError(
            f"session {session.name} ({session.uuid}) has expired",
            "The next drop into its folder opens a new one.",
        )
    return session
