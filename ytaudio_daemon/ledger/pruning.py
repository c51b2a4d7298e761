"""Deletes expired sessions' rows, in short transactions. Audio is untouched.

While a session is active all of its jobs stay, however old: they are its record of
what has been fetched. Rows of an expired session are deleted in this order, so that
none refers to a deleted one: lines and switched-off links, entries, jobs with attempts
and events, collections, drops, the session.
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import meta
from ytaudio_daemon.ledger.events import adjust_counters
from ytaudio_daemon.ledger.expiry import unfinished_count
from ytaudio_daemon.ledger.schema import (
    attempts,
    collections,
    drops,
    entries,
    events,
    jobs,
    library_collections,
    library_entries,
    lines,
    pins,
    sessions,
    subscriptions,
    switched_off_links,
)
from ytaudio_daemon.ledger.sessions import Session, session_from_row
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.clock import Now

#: Rows deleted in one transaction: each writes a few pages and their old content.
LINES_PER_BATCH = 500
JOBS_PER_BATCH = 50
DROPS_PER_BATCH = 200
EVENTS_PER_BATCH = 500


def session_to_prune(
    db: Connection, now: Now, keep_s: float, but_not: Collection[int] = ()
) -> Session | None:
    """Return an expired session without activity for `keep_s`, if there is one.

    Both wall clock and uptime must say so: then neither a jump of the one nor a stop of the
    other deletes anything. A session with drops that stay in the inbox (`after_intake`) is
    not pruned: its lines are the record of which lines of such a file were recorded.

    Args:
        db: A transaction.
        now: The moment.
        keep_s: `[retention] finalized`, in seconds.
        but_not: IDs of sessions that are not returned.
    """
    lately = sa.select(jobs.c.id).where(
        jobs.c.session_id == sessions.c.id, jobs.c.finalized_at > now.wall - keep_s
    )
    kept = sa.select(drops.c.id).where(
        drops.c.session_id == sessions.c.id, drops.c.state == "kept"
    )
    query = sa.select(sessions).where(
        sessions.c.state == SessionState.EXPIRED.value,
        sa.or_(sessions.c.removal.is_(None), sessions.c.removal == "done"),
        sessions.c.last_activity_lived + keep_s <= now.uptime_s,
        sessions.c.last_activity_at + keep_s <= now.wall,
        unfinished_count() == 0,
        sa.not_(sa.exists(lately)),
        sa.not_(sa.exists(kept)),
    )
    if but_not:
        query = query.where(sessions.c.id.not_in(but_not))
    row = db.execute(query.order_by(sessions.c.id).limit(1)).first()
    return None if row is None else session_from_row(row)


def next_drop_ids(db: Connection, session_id: int, after_id: int) -> Sequence[int]:
    """Return the numbers of the session's next drops, a batch at most."""
    query = sa.select(drops.c.id).where(
        drops.c.session_id == session_id, drops.c.id > after_id
    )
    return db.execute(query.order_by(drops.c.id).limit(DROPS_PER_BATCH)).scalars().all()


def delete_lines(db: Connection, of_drops: Sequence[int]) -> bool:
    """Delete a batch of these drops' lines and switched-off links.

    Returns:
        False after the last.
    """
    tables = (lines, switched_off_links)
    return any(_delete_rows_of_drops(db, table, of_drops) for table in tables)


def _delete_rows_of_drops(
    db: Connection, table: sa.Table, of_drops: Sequence[int]
) -> bool:
    """Delete a batch of a table whose primary key begins with the drop."""
    drop, *place = table.primary_key.columns
    mine = sa.select(drop, *place).where(drop.in_(of_drops)).order_by(drop, *place)
    found = db.execute(mine.limit(LINES_PER_BATCH)).all()
    last = {drop_id: tuple(at) for drop_id, *at in found}
    for drop_id, at in last.items():
        old = sa.and_(drop == drop_id, sa.tuple_(*place) <= at)
        db.execute(sa.delete(table).where(old))
    return len(found) == LINES_PER_BATCH


def delete_entries(db: Connection, session_id: int) -> bool:
    """Delete a batch of the entries of a session's collections.

    Returns:
        False after the last.
    """
    mine = (
        sa.select(entries.c.collection_id, entries.c.video_id)
        .join(collections, collections.c.id == entries.c.collection_id)
        .where(collections.c.session_id == session_id)
        .order_by(entries.c.collection_id, entries.c.video_id)
        .limit(LINES_PER_BATCH)
    )
    found = db.execute(mine).all()
    last = {row.collection_id: row.video_id for row in found}
    for collection_id, video_id in last.items():
        old = sa.and_(
            entries.c.collection_id == collection_id, entries.c.video_id <= video_id
        )
        db.execute(sa.delete(entries).where(old))
    return len(found) == LINES_PER_BATCH


def delete_collections(db: Connection, session_id: int) -> bool:
    """Delete a batch of collections without entries, lines and jobs.

    Returns:
        False after the last.
    """
    mine = sa.select(collections.c.id).where(collections.c.session_id == session_id)
    ids = db.execute(mine.limit(DROPS_PER_BATCH)).scalars().all()
    db.execute(sa.delete(subscriptions).where(subscriptions.c.collection_id.in_(ids)))
    of_library = library_collections.c.collection_id.in_(ids)
    db.execute(sa.delete(library_collections).where(of_library))
    db.execute(sa.delete(collections).where(collections.c.id.in_(ids)))
    return len(ids) == DROPS_PER_BATCH


def delete_jobs(db: Connection, session_id: int) -> bool:
    """Delete a batch of jobs with their attempts, library entries and events.

    Returns:
        False after the last.
    """
    mine = sa.select(jobs.c.id, jobs.c.state, jobs.c.file_size_bytes)
    mine = mine.where(jobs.c.session_id == session_id).order_by(jobs.c.id)
    found = db.execute(mine.limit(JOBS_PER_BATCH)).all()
    if not found:
        return False
    ids = [row.id for row in found]
    for table in (attempts, library_entries, events, pins):
        db.execute(sa.delete(table).where(table.c.job_id.in_(ids)))
    db.execute(sa.delete(jobs).where(jobs.c.id.in_(ids)))
    _subtract_from_counters(db, session_id, found)
    return len(found) == JOBS_PER_BATCH


def delete_drops(db: Connection, session_id: int) -> bool:
    """Delete a batch of drops without lines and jobs; returns False after the last."""
    mine = next_drop_ids(db, session_id, 0)
    db.execute(sa.delete(drops).where(drops.c.id.in_(mine)))
    return len(mine) == DROPS_PER_BATCH


def delete_events(db: Connection, session_id: int) -> bool:
    """Delete a batch of the session's own events; returns False after the last."""
    mine = sa.select(events.c.id).where(
        events.c.session_id == session_id, events.c.job_id.is_(None)
    )
    ids = db.execute(mine.limit(EVENTS_PER_BATCH)).scalars().all()
    db.execute(sa.delete(events).where(events.c.id.in_(ids)))
    return len(ids) == EVENTS_PER_BATCH


def delete_session(db: Connection, session: Session) -> None:
    """Delete the session's row; if its files were kept, store that they exist."""
    gone = sa.delete(sessions).where(sessions.c.id == session.id)
    kept = db.execute(gone.returning(sessions.c.removal)).scalar_one() is None
    if kept:
        meta.mark_files_remain(db, session.name)


def _subtract_from_counters(
    db: Connection, session_id: int, gone: Sequence[Any]
) -> None:
    """Subtract deleted jobs from the counters and from the session's used bytes."""
    by = dict.fromkeys(JobState, 0)
    for row in gone:
        by[JobState(row.state)] -= 1
    adjust_counters(db, session_id, {state: n for state, n in by.items() if n})
    done = JobState.COMPLETED
    freed = sum(row.file_size_bytes or 0 for row in gone if row.state == done)
    db.execute(
        sa.update(sessions)
        .where(sessions.c.id == session_id)
        .values(used_bytes=sessions.c.used_bytes - freed)
    )
