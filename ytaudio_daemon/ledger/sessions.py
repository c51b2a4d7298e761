"""Reads sessions, and opens, limits and touches them; `expiry` ends them."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.errors import SessionExpiredError
from ytaudio_daemon.ledger.events import append_session_event, record_activity
from ytaudio_daemon.ledger.schema import (
    drops,
    sessions,
)
from ytaudio_daemon.model import FINALIZED, IN_QUOTA, JobState, SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.line_rules import SessionRoom
from ytaudio_daemon.model.quota import Quota

UNFINISHED = tuple(state for state in JobState if state not in FINALIZED)
_SESSION = sa.select(sessions).where(sessions.c.id == sa.bindparam("of_session"))
_NEWEST = sa.select(sessions).order_by(sessions.c.id.desc()).limit(1)
_NEWEST_OF_UUID = _NEWEST.where(sessions.c.uuid == sa.bindparam("of_uuid"))
_NEWEST_OF_NAME = _NEWEST.where(sessions.c.name == sa.bindparam("of_name"))
_ACTIVE_OF_NAME = _NEWEST_OF_NAME.where(sessions.c.state == SessionState.ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session's row; a limit is None where the config's applies."""

    id: int
    uuid: str
    name: str
    state: SessionState
    created_at: float
    last_activity_at: float
    last_activity_uptime_s: float
    max_jobs: int | None
    max_bytes: int | None
    ttl_s: float | None
    on_expiry: str | None
    used_bytes: int
    counts: Mapping[JobState, int]
    cookies_given_at: float | None = None
    cookies_state: str | None = None
    cookies_problem: str | None = None
    #: The number of jobs that it ever had; pruning may have deleted some.
    accepted: int = 0
    #: The number that is not stopped; a session with any does not expire.
    subscriptions: int = 0

    @property
    def ended_unused(self) -> bool:
        """True if it ended without ever having a job, and has no name but its UUID."""
        is_anonymous = self.name == self.uuid
        ended = self.state is not SessionState.ACTIVE
        return ended and is_anonymous and self.accepted == 0

    @property
    def unfinished(self) -> int:
        """The number of unfinished jobs; a session with any does not expire."""
        return sum(self.counts[state] for state in UNFINISHED)


def active_session(db: Connection, name: str) -> Session | None:
    """Return the active session of that name."""
    return _first(db, _ACTIVE_OF_NAME, of_name=name)


def find_session(db: Connection, name_or_uuid: str) -> Session | None:
    """Return a session by UUID or name; the newest of several with one name.

    A folder may be named by the UUID of a session that has expired since; that name
    means the session that is active in the folder now.
    """
    by_uuid = _first(db, _NEWEST_OF_UUID, of_uuid=name_or_uuid)
    if by_uuid is not None and by_uuid.state is SessionState.EXPIRED:
        return active_session(db, name_or_uuid) or by_uuid
    return by_uuid or _first(db, _NEWEST_OF_NAME, of_name=name_or_uuid)


def find_session_by_prefix(db: Connection, uuid_prefix: str) -> Session | None:
    """Return the only session whose UUID begins so; None for none or several."""
    mine = sessions.c.uuid.startswith(uuid_prefix, autoescape=True)
    rows = db.execute(sa.select(sessions).where(mine).limit(2)).all()
    return session_from_row(rows[0]) if len(rows) == 1 else None


def session_by_id(db: Connection, session_id: int) -> Session:
    """Return a session by the number of its row."""
    return session_from_row(session_row(db, session_id))


def session_row(db: Connection, session_id: int) -> Any:
    """Return a session's row by its number."""
    return db.execute(_SESSION, {"of_session": session_id}).one()


def require_active(db: Connection, session_id: int) -> Session:
    """Return a session if it is active.

    Raises:
        SessionExpiredError: It has ended.
    """
    session = session_by_id(db, session_id)
    if session.state is not SessionState.ACTIVE:
        raise SessionExpiredError(
            f"session {session.name} has expired", "Open a new session."
        )
    return session


def sessions_by_id(db: Connection, ids: Iterable[int]) -> dict[int, Session]:
    """Return sessions by their rows' numbers; deleted ones are left out."""
    query = sa.select(sessions).where(sessions.c.id.in_(list(ids)))
    return {row.id: session_from_row(row) for row in db.execute(query).all()}


def existing_names(db: Connection, names: Sequence[str]) -> set[str]:
    """Return those of at most some hundred names that a session has, active or expired."""
    query = sa.select(sessions.c.name).where(sessions.c.name.in_(names)).distinct()
    return set(db.execute(query).scalars())


def session_to_show(db: Connection, session_id: int) -> Session | None:
    """Return a session, or None when it is pruned or a newer one has its name."""
    session = _first(db, _SESSION, of_session=session_id)
    if session is None or session.state is SessionState.ACTIVE:
        return session
    newest = _first(db, _NEWEST_OF_NAME, of_name=session.name)
    return session if newest is not None and newest.id == session.id else None


def has_drops(db: Connection, session_id: int) -> bool:
    """Return whether the ledger has a drop of a session."""
    query = sa.select(drops.c.id).where(drops.c.session_id == session_id).limit(1)
    return db.execute(query).first() is not None


def sessions_after(
    db: Connection,
    after_id: int,
    limit: int | None,
    *,
    state: SessionState | None = None,
) -> list[Session]:
    """Return the next sessions in a state, the oldest first; in any state with None."""
    query = sa.select(sessions).where(sessions.c.id > after_id)
    if state is not None:
        query = query.where(sessions.c.state == state.value)
    rows = db.execute(query.order_by(sessions.c.id).limit(limit)).all()
    return [session_from_row(row) for row in rows]


def list_sessions(
    db: Connection, *, state: SessionState | None = None
) -> list[Session]:
    """Return all sessions in a state, the oldest first; in any state with None."""
    return sessions_after(db, 0, None, state=state)


def total_used_bytes(db: Connection) -> int:
    """Return the bytes of finished audio of all sessions."""
    query = sa.select(sa.func.coalesce(sa.func.sum(sessions.c.used_bytes), 0))
    return int(db.execute(query).scalar_one())


def open_session(
    db: Connection, name: str | None, now: Now, *, session_uuid: str | None = None
) -> Session:
    """Return the active session of a name, or create one.

    Args:
        db: A write transaction.
        name: The name of its folder in the inbox; its UUID when None.
        now: The moment.
        session_uuid: For a new session; random when None.
    """
    if name is not None and (known := active_session(db, name)) is not None:
        return known
    new_uuid = session_uuid or str(uuid.uuid4())
    row = db.execute(
        sa.insert(sessions)
        .values(
            uuid=new_uuid,
            name=name or new_uuid,
            state=SessionState.ACTIVE.value,
            created_at=now.wall,
            last_activity_at=now.wall,
            last_activity_lived=now.uptime_s,
            # After all others: a new session waits for its turn.
            turn=sa.select(
                sa.func.coalesce(sa.func.max(sessions.c.turn), 0) + 1
            ).scalar_subquery(),
        )
        .returning(sessions),
    ).one()
    append_session_event(db, row.id, now, "session_opened")
    return session_from_row(row)


def set_limits(db: Connection, session: Session, now: Now, **limits: Any) -> None:
    """Set a session's own limits; None restores the config's."""
    db.execute(sa.update(sessions).where(sessions.c.id == session.id).values(**limits))
    record_activity(db, session.id, now)
    append_session_event(db, session.id, now, "session_limits_set")


def touch_session(db: Connection, session: Session, now: Now) -> None:
    """Restart a session's time to live."""
    record_activity(db, session.id, now)
    append_session_event(db, session.id, now, "session_touched")


def _first(db: Connection, query: sa.Select[Any], **bounds: object) -> Session | None:
    row = db.execute(query, bounds).first()
    return None if row is None else session_from_row(row)


def session_from_row(row: Any) -> Session:
    """Return the `Session` of a row."""
    return Session(
        id=row.id,
        uuid=row.uuid,
        name=row.name,
        state=SessionState(row.state),
        created_at=row.created_at,
        last_activity_at=row.last_activity_at,
        last_activity_uptime_s=row.last_activity_lived,
        max_jobs=row.max_jobs,
        max_bytes=row.max_bytes,
        ttl_s=row.ttl_s,
        on_expiry=row.on_expiry,
        used_bytes=row.used_bytes,
        counts={state: getattr(row, state.value) for state in JobState},
        cookies_given_at=row.cookies_given_at,
        cookies_state=row.cookies_state,
        cookies_problem=row.cookies_problem,
        accepted=row.accepted,
        subscriptions=row.subscriptions,
    )


def session_room(row: Any, quota: Quota) -> SessionRoom:
    """Return how many more jobs a session may have.

    Args:
        row: The session's row, read in this transaction.
        quota: The config's; the session's own limits win.
    """
    return SessionRoom.from_quota(
        quota.with_session_limits(row.max_jobs, row.max_bytes),
        unfinished=sum(getattr(row, state.value) for state in IN_QUOTA),
        accepted=row.accepted,
        used_bytes=row.used_bytes,
    )
