"""Stores when sessions got cookies, and how their latest use went; never the cookies."""

import json
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import meta
from ytaudio_daemon.ledger.events import append_session_event
from ytaudio_daemon.ledger.schema import sessions
from ytaudio_daemon.ledger.sessions import Session, session_from_row
from ytaudio_daemon.model import Outcome, SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.cookies import USELESS, CookiesState


@dataclass(frozen=True, slots=True, kw_only=True)
class CookiesUse:
    """The result and time of the latest use of `[download] cookies_file`."""

    state: CookiesState
    at: float


def record_given(db: Connection, session_id: int, now: Now) -> None:
    """Store that a session has cookies of its own from now on."""
    _change(db, session_id, now, "cookies_given", cookies_given_at=now.wall)


def record_refused(db: Connection, session_id: int, now: Now, problem: str) -> None:
    """Store why cookies that were dropped are not in use; older ones stay in use."""
    update = sa.update(sessions).where(sessions.c.id == session_id)
    db.execute(update.values(cookies_problem=problem))
    append_session_event(db, session_id, now, "cookies_refused")


def record_removed(db: Connection, session_id: int, now: Now) -> None:
    """Store that a session has no cookies of its own any more."""
    _change(db, session_id, now, "cookies_removed", cookies_given_at=None)


def _change(
    db: Connection,
    session_id: int,
    now: Now,
    reason: str,
    *,
    cookies_given_at: float | None,
) -> None:
    update = sa.update(sessions).where(sessions.c.id == session_id)
    db.execute(
        update.values(
            cookies_given_at=cookies_given_at, cookies_state=None, cookies_problem=None
        )
    )
    append_session_event(db, session_id, now, reason)


def record_use(
    db: Connection, session_id: int, outcome: Outcome, began_at: float, now: Now
) -> None:
    """Store how the use of an attempt's cookies went.

    Args:
        db: A write transaction.
        session_id: The session of the attempt; its own cookies were used if it had any.
        outcome: The outcome of the attempt.
        began_at: When the attempt was claimed, in seconds since 1970.
        now: The moment.
    """
    if outcome.cookies_state not in set(CookiesState):  # none were sent
        return
    query = sa.select(sessions.c.cookies_given_at, sessions.c.cookies_state).where(
        sessions.c.id == session_id
    )
    row = db.execute(query).one()
    if row.cookies_given_at is None:
        meta.save_cookies_use(db, json.dumps([outcome.cookies_state, now.wall]))
    elif (
        row.cookies_given_at <= began_at and row.cookies_state != outcome.cookies_state
    ):
        update = sa.update(sessions).where(sessions.c.id == session_id)
        db.execute(update.values(cookies_state=outcome.cookies_state))
        append_session_event(db, session_id, now, f"cookies_{outcome.cookies_state}")


def use_of_cookies_file(db: Connection) -> CookiesUse | None:
    """Return how the latest use of `[download] cookies_file` went, if there was one."""
    known = meta.cookies_use(db)
    if known is None:
        return None
    state, at = json.loads(known)
    return CookiesUse(state=CookiesState(state), at=at)


def sessions_with_useless_cookies(db: Connection, limit: int = 20) -> list[Session]:
    """Return active sessions that need new cookies, the oldest first."""
    query = sa.select(sessions).where(
        sessions.c.state == SessionState.ACTIVE,
        sa.or_(
            sessions.c.cookies_problem.is_not(None),
            sessions.c.cookies_state.in_([state.value for state in USELESS]),
        ),
    )
    rows = db.execute(query.order_by(sessions.c.id).limit(limit)).all()
    return [session_from_row(row) for row in rows]


def sessions_with_cookies(db: Connection) -> list[Session]:
    """Return the active sessions that have cookies of their own, the oldest first."""
    query = sa.select(sessions).where(
        sessions.c.state == SessionState.ACTIVE,
        sessions.c.cookies_given_at.is_not(None),
    )
    rows = db.execute(query.order_by(sessions.c.id)).all()
    return [session_from_row(row) for row in rows]
