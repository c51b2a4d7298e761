"""`session create`, `set`, `touch`, `remove-cookies` and `expire`: change sessions."""

from functools import partial
from typing import Any

from ytaudio_daemon.cli.commands.session_views import LIMITS
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import open_ledger, require_session, wake_daemon
from ytaudio_daemon.cli.output import is_confirmed
from ytaudio_daemon.cli.privileges import not_permitted_error
from ytaudio_daemon.errors import IllegalMoveError, UsageError
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.operations import session_changes
from ytaudio_daemon.operations.transaction import write_now
from ytaudio_daemon.settings import KEYS

#: The value that removes a session's own limit.
DEFAULT = "default"


def create(context: CommandContext) -> int:
    """Open a session, make its inbox folder, print its UUID."""
    name = context.args.name
    session_changes.require_valid_name(name)
    with open_ledger(context, to_write=True) as ledger:
        open_write = partial(write_now, ledger)
        try:
            created = session_changes.create_session(open_write, context.layout, name)
        except PermissionError as error:
            raise not_permitted_error(context, context.layout.inbox) from error
    context.output.line(created.session.uuid)
    if not created.is_new:
        context.output.stderr_line(f"session {created.session.name} exists already")
    wake_daemon(context)
    return Exit.OK


def set_limits(context: CommandContext) -> int:
    """Set a session's own limits, and queue held jobs that they now allow."""
    limits = requested_limits(context)
    quota = context.settings.sessions.quota
    with open_ledger(context, to_write=True) as ledger, write_now(ledger) as (db, now):
        session = require_session(db, context.args.name)
        released = session_changes.set_limits(db, session, now, quota, limits)
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
    """Restart a session's time to live."""
    with open_ledger(context, to_write=True) as ledger, write_now(ledger) as (db, now):
        session = require_session(db, context.args.name)
        session_changes.touch_session(db, session, now)
    context.output.line(f"session {session.name}: its time to live starts again")
    wake_daemon(context)
    return Exit.OK


def remove_cookies(context: CommandContext) -> int:
    """Remove a session's own cookies."""
    with open_ledger(context, to_write=True) as ledger:
        with ledger.read() as db:
            session = require_session(db, context.args.name)
        open_write = partial(write_now, ledger)
        try:
            had_some = session_changes.remove_cookies(
                open_write, context.layout, session
            )
        except PermissionError as error:
            raise not_permitted_error(context, context.layout.cookies) from error
    what = "its cookies are removed" if had_some else "it has no cookies of its own"
    context.output.line(f"session {session.name}: {what}")
    wake_daemon(context)
    return Exit.OK


def expire(context: CommandContext) -> int:
    """Expire a session; with --force its unfinished jobs are cancelled first."""
    with open_ledger(context, to_write=True) as ledger:
        with ledger.read() as db:
            session = require_session(db, context.args.name)
        session_changes.require_active(session)
        if session.unfinished and not context.args.force:
            jobs = pluralize(session.unfinished, "unfinished job")
            raise IllegalMoveError(
                f"session {session.name} has {jobs}",
                "Wait for them (ytaudio wait), or cancel them with --force.",
            )
        if not is_confirmed(context.args, _expire_question(context, session)):
            context.output.stderr_line("nothing was changed")
            return Exit.FAILED
        still_active = session_changes.expire_session(
            partial(write_now, ledger),
            session,
            context.settings.sessions.quota,
            on_expiry=context.settings.sessions.on_expiry,
            wake_daemon=partial(wake_daemon, context),
        )
        if still_active is not None:
            raise _still_active_error(still_active)
    context.output.line(f"session {session.name} has expired")
    wake_daemon(context)
    return Exit.OK


def _expire_question(context: CommandContext, session: Session) -> str:
    on_expiry = session.on_expiry or context.settings.sessions.on_expiry
    deletes = on_expiry == "delete"
    result = "its finished audio is DELETED" if deletes else "its audio stays"
    return f"End session {session.name} ({session.uuid})? When it ends, {result}."


def _still_active_error(session: Session) -> IllegalMoveError:
    jobs = pluralize(session.unfinished, "job")
    unstopped = f"{jobs} could not be stopped"
    reason = unstopped if session.unfinished else "a drop of its is being taken"
    return IllegalMoveError(
        f"session {session.name} cannot end yet: {reason}",
        "Make sure that the daemon runs and that nobody gives the session new "
        "links, then try again.",
    )
