"""Creates sessions, sets their limits, touches and expires them."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ytaudio_daemon.dropfile import session_name_problem
from ytaudio_daemon.errors import IllegalMoveError, UsageError
from ytaudio_daemon.folders import Layout, cookie_jars
from ytaudio_daemon.folders.inbox import make_session_folder
from ytaudio_daemon.ledger import (
    Connection,
    collection_queries,
    cookies,
    expiry,
    held_jobs,
    session_keys,
    sessions,
    subscriptions,
)
from ytaudio_daemon.ledger.outbox import SESSION_EXPIRED
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.operations.job_changes import cancel_session_jobs
from ytaudio_daemon.operations.transaction import OpenWrite

#: The longest time in which the daemon stops a session's running jobs, in seconds.
STOP_TIMEOUT_S = 15.0
STOP_POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedSession:
    """The session that `create_session` returns.

    Attributes:
        session: Active.
        is_new: False when one of that name was active already.
        key: Its new key for the API; "" when none was asked for.
    """

    session: Session
    is_new: bool
    key: str = ""


def create_session(
    open_write: OpenWrite,
    layout: Layout,
    name: str | None = None,
    *,
    with_key: bool = False,
) -> CreatedSession:
    """Create a session with its inbox folder, or return the active one of that name.

    Args:
        open_write: Opens the transaction.
        layout: Where the inbox is.
        name: The folder's; the session's UUID when None.
        with_key: Whether it gets a new key for the API.

    Raises:
        UsageError: The name is not allowed.
        OSError: The folder cannot be made; nothing is recorded.
    """
    require_valid_name(name)
    new_uuid = str(uuid.uuid4())
    make_session_folder(layout.inbox, name or new_uuid)
    with open_write() as (db, now):
        session = sessions.open_session(db, name, now, session_uuid=new_uuid)
        key = session_keys.give_key(db, session) if with_key else ""
    return CreatedSession(session=session, is_new=session.uuid == new_uuid, key=key)


def require_valid_name(name: str | None) -> None:
    """Make sure that a session may have a name; None is allowed: its UUID is used.

    Raises:
        UsageError: The name is not allowed.
    """
    if name is not None and (problem := session_name_problem(name)):
        raise UsageError(problem)


def set_limits(
    db: Connection, session: Session, now: Now, quota: Quota, limits: dict[str, Any]
) -> int:
    """Set a session's own limits, and queue the held jobs that they have room for.

    Args:
        db: A write transaction.
        session: The session.
        now: The moment.
        quota: The config's.
        limits: By column (`max_jobs`, `max_bytes`, `ttl_s`, `on_expiry`); None gives a
            limit back to the config.

    Returns:
        The number of held jobs that were queued.

    Raises:
        IllegalMoveError: The session has expired.
    """
    require_active(session)
    sessions.set_limits(db, session, now, **limits)
    return held_jobs.release_held(db, session.id, quota, now)


def touch_session(db: Connection, session: Session, now: Now) -> None:
    """Start a session's time to live over.

    Raises:
        IllegalMoveError: The session has expired.
    """
    require_active(session)
    sessions.touch_session(db, session, now)


def remove_cookies(open_write: OpenWrite, layout: Layout, session: Session) -> bool:
    """Remove a session's own cookies.

    Args:
        open_write: Opens the transaction.
        layout: Where they are.
        session: The session.

    Returns:
        False when it had none; the remark on a refused file is deleted even then.

    Raises:
        OSError: They cannot be removed; nothing is recorded.
    """
    had_some = cookie_jars.find_cookies(layout, session.uuid) is not None
    cookie_jars.remove_cookies(layout, session.uuid)
    with open_write() as (db, now):
        cookies.record_removed(db, session.id, now)
    return had_some


def expire_session(
    open_write: OpenWrite,
    session: Session,
    quota: Quota,
    *,
    on_expiry: str,
    wake_daemon: Callable[[], None],
) -> Session | None:
    """Cancel a session's unfinished jobs and listings, and expire it when they have stopped.

    Its subscriptions are stopped.

    Args:
        open_write: Opens each transaction.
        session: The session.
        quota: The config's.
        on_expiry: The config's "keep" or "delete"; the session's own wins.
        wake_daemon: Has the daemon stop running jobs at once.

    Returns:
        None when it has expired. The session as it is, still active, when a job is
        running or a drop is being recorded after `STOP_TIMEOUT_S`.
    """
    with open_write() as (db, _):
        subscriptions.stop_subscriptions(db, session.id)
        has_listings = collection_queries.count_unlisted(db, session.id) > 0
    if session.unfinished or has_listings:
        cancel_session_jobs(open_write, session.id, quota, reason=SESSION_EXPIRED)
        wake_daemon()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while True:
        with open_write() as (db, now):
            if expiry.expire(db, session, now, on_expiry=on_expiry):
                return None
            found = sessions.session_by_id(db, session.id)
        if found.state is SessionState.EXPIRED:
            return None
        if time.monotonic() > deadline:
            return found
        time.sleep(STOP_POLL_S)


def require_active(session: Session) -> None:
    """Make sure that a session may be changed.

    Raises:
        IllegalMoveError: It has expired.
    """
    if session.state is not SessionState.ACTIVE:
        raise IllegalMoveError(
            f"session {session.name} ({session.uuid}) has expired",
            "The next drop into its folder opens a new one.",
        )
