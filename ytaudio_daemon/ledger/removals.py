"""Chooses the files that `keep_last` removes, records their removal; stores pins."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.events import Fence, append_event
from ytaudio_daemon.ledger.held_jobs import release_held
from ytaudio_daemon.ledger.outbox import newest_event_id
from ytaudio_daemon.ledger.schema import (
    IS_BEING_REMOVED,
    collections,
    entries,
    events,
    jobs,
    library_entries,
    pins,
    sessions,
    subscriptions,
)
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.model.subscription import Removal, SubscriptionState

#: Files whose removal is resumed after a crash, in one call.
BATCH_SIZE = 50
#: The reason of a job's event.
REMOVED_EVENT = "removed_by_keep_last"


@dataclass(frozen=True, slots=True, kw_only=True)
class OldFile:
    """A finished file of a subscription that is to be removed.

    Attributes:
        library_name: Its name in the session's library folder; None when it has none.
        library_identity: The library file's identity when it was added.
    """

    collection_id: int
    video_id: str
    job_id: int
    job_uuid: str
    attempt: int
    session_id: int
    session_uuid: str
    session_name: str
    size_bytes: int
    library_name: str | None
    library_identity: str | None


def collections_to_check(db: Connection, after_event: int) -> tuple[list[int], int]:
    """Return the collections that may have more files than their `keep_last`.

    Args:
        db: A transaction.
        after_event: Only collections with a later event are returned; 0 for all.

    Returns:
        Their numbers, and the newest event.
    """
    newest = newest_event_id(db)
    keeps = subscriptions.c.keep_last.is_not(None)
    if not after_event:
        return list(db.execute(_collection_ids().where(keeps)).scalars()), newest
    changed = (
        sa.select(sa.func.coalesce(events.c.collection_id, jobs.c.collection_id))
        .outerjoin(jobs, jobs.c.id == events.c.job_id)
        .where(
            events.c.id > after_event,
            events.c.id <= newest,
            sa.or_(
                events.c.to_state == JobState.COMPLETED.value,
                events.c.collection_id.is_not(None),
            ),
        )
    )
    mine = _collection_ids().where(keeps, subscriptions.c.collection_id.in_(changed))
    return list(db.execute(mine).scalars()), newest


def old_files(db: Connection, collection_id: int) -> list[OldFile]:
    """Return a subscription's files beyond its latest `keep_last`.

    The order is that of the uploads, then of when they were first seen. A pinned file
    counts among the latest at its place, and is never returned.

    Args:
        db: A transaction.
        collection_id: The collection.
    """
    found = db.execute(
        sa.select(subscriptions.c.keep_last, subscriptions.c.created_at).where(
            subscriptions.c.collection_id == collection_id,
            subscriptions.c.state != SubscriptionState.STOPPED.value,
        )
    ).first()
    if found is None or found.keep_last is None:
        return []
    query = (
        _files()
        .where(
            entries.c.collection_id == collection_id,
            jobs.c.collection_id == collection_id,
            # Older ones were asked for by a line before the list was followed.
            jobs.c.created_at >= found.created_at,
            jobs.c.state == JobState.COMPLETED.value,
            entries.c.removal.is_(None),
        )
        .order_by(
            sa.func.coalesce(entries.c.upload_date, "").desc(),
            entries.c.first_seen_at.desc(),
            entries.c.position,
        )
    )
    beyond = db.execute(query).all()[found.keep_last :]
    return [_file_from_row(row) for row in beyond if row.pinned_at is None]


def pending_files(db: Connection) -> list[OldFile]:
    """Return some files whose removal was begun and not finished."""
    query = _files().where(IS_BEING_REMOVED)
    return [_file_from_row(row) for row in db.execute(query.limit(BATCH_SIZE)).all()]


def record_moved(db: Connection, file: OldFile) -> None:
    """Record that a person has moved a file, which stays; a new layout may have moved it."""
    if _is_as_chosen(db, file):
        _set(db, file, Removal.MOVED)


def begin(db: Connection, file: OldFile, now: Now, quota: Quota) -> bool:
    """Mark a file as being removed: its bytes no longer count in its session.

    Returns:
        False when it was pinned, removed, run again or moved to a new layout meanwhile.
    """
    if not _is_as_chosen(db, file):
        return False
    _set(db, file, Removal.PENDING)
    db.execute(
        sa.update(jobs).where(jobs.c.id == file.job_id).values(file_size_bytes=0)
    )
    db.execute(
        sa.update(sessions)
        .where(sessions.c.id == file.session_id)
        .values(used_bytes=sessions.c.used_bytes - file.size_bytes)
    )
    release_held(db, file.session_id, quota, now)
    return True


def _is_as_chosen(db: Connection, file: OldFile) -> bool:
    """Return whether a file is unchanged since it was chosen, and not pinned."""
    query = (
        _files()
        .where(
            entries.c.collection_id == file.collection_id,
            entries.c.video_id == file.video_id,
            entries.c.removal.is_(None),
            jobs.c.state == JobState.COMPLETED.value,
            jobs.c.attempt == file.attempt,
            pins.c.job_id.is_(None),
            library_entries.c.name.is_not_distinct_from(file.library_name),
        )
        .limit(1)
    )
    return db.execute(query).first() is not None


def finish(db: Connection, file: OldFile, now: Now) -> None:
    """Record that a file is removed."""
    _set(db, file, Removal.REMOVED)
    fence = Fence(job_id=file.job_id, session_id=file.session_id, attempt=file.attempt)
    append_event(db, now, fence, REMOVED_EVENT)


def pin(db: Connection, job_id: int, now: Now) -> bool:
    """Exempt a job's file from `keep_last`; returns False when it is pinned already."""
    known = db.execute(sa.select(pins).where(pins.c.job_id == job_id)).first()
    if known is None:
        db.execute(sa.insert(pins).values(job_id=job_id, pinned_at=now.wall))
    return known is None


def unpin(db: Connection, job_id: int) -> bool:
    """Remove a job's pin; returns False when it has none."""
    gone = db.execute(sa.delete(pins).where(pins.c.job_id == job_id))
    return gone.rowcount > 0


def _collection_ids() -> sa.Select[Any]:
    return sa.select(subscriptions.c.collection_id).order_by(
        subscriptions.c.collection_id
    )


def _files() -> sa.Select[Any]:
    return (
        sa.select(
            entries.c.collection_id,
            entries.c.video_id,
            jobs.c.id.label("job_id"),
            jobs.c.uuid.label("job_uuid"),
            jobs.c.attempt,
            jobs.c.file_size_bytes,
            sessions.c.id.label("session_id"),
            sessions.c.uuid.label("session_uuid"),
            sessions.c.name.label("session_name"),
            library_entries.c.name.label("library_name"),
            library_entries.c.identity,
            pins.c.pinned_at,
        )
        .join(jobs, jobs.c.id == entries.c.job_id)
        .join(collections, collections.c.id == entries.c.collection_id)
        .join(sessions, sessions.c.id == jobs.c.session_id)
        .outerjoin(pins, pins.c.job_id == jobs.c.id)
        .outerjoin(
            library_entries,
            sa.and_(
                library_entries.c.job_id == jobs.c.id,
                library_entries.c.attempt == jobs.c.attempt,
            ),
        )
    )


def _set(db: Connection, file: OldFile, removal: Removal) -> None:
    db.execute(
        sa.update(entries)
        .where(
            entries.c.collection_id == file.collection_id,
            entries.c.video_id == file.video_id,
        )
        .values(removal=removal.value)
    )


def _file_from_row(row: Any) -> OldFile:
    return OldFile(
        collection_id=row.collection_id,
        video_id=row.video_id,
        job_id=row.job_id,
        job_uuid=row.job_uuid,
        attempt=row.attempt,
        session_id=row.session_id,
        session_uuid=row.session_uuid,
        session_name=row.session_name,
        size_bytes=row.file_size_bytes or 0,
        library_name=row.library_name,
        library_identity=row.identity,
    )
