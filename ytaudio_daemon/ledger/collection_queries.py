"""Queries of collections and their entries, for commands, the API and notices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.errors import UnknownJobError
from ytaudio_daemon.ledger.error_columns import error_from_row
from ytaudio_daemon.ledger.job_join import source_file
from ytaudio_daemon.ledger.queries import uuid_digits
from ytaudio_daemon.ledger.schema import (
    IS_UNLISTED,
    collections,
    drops,
    entries,
    jobs,
    pins,
    sessions,
)
from ytaudio_daemon.ledger.subscriptions import Subscription, subscriptions_of
from ytaudio_daemon.model import FINALIZED, JobState
from ytaudio_daemon.model.collection import CollectionState

#: The latest collections of a session that its document shows.
MAX_SHOWN = 100
#: Collections read in one transaction; most have at most some hundred entries.
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCounts:
    """The numbers of a collection's entries by outcome.

    Attributes:
        completed: Those whose job is completed.
        failed: Those whose job failed for good.
        cancelled: Those whose job was cancelled.
        unfinished: Those whose job is not finalized.
        unavailable: Selected ones that YouTube does not provide.
        not_selected: All others.
    """

    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    unfinished: int = 0
    unavailable: int = 0
    not_selected: int = 0

    @property
    def selected(self) -> int:
        """The number of selected entries."""
        jobs_in_all = self.completed + self.failed + self.cancelled + self.unfinished
        return jobs_in_all + self.unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRow:
    """A collection as the document of its session shows it; see `schema.collections`."""

    uuid: str
    kind: str
    url: str
    title: str | None
    state: CollectionState
    retry_at: float | None
    entry_count: int | None
    error: Mapping[str, str | None] | None
    subscription: Subscription | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionDetails(CollectionRow):
    """A collection with the names of its session and drop; see `schema.collections`."""

    id: int
    session_id: int
    session_name: str
    session_uuid: str
    source_file: str | None
    source_line: int | None
    source_part: int | None
    channel: str | None
    is_cut: bool
    created_at: float
    listed_at: float | None
    counts: EntryCounts = EntryCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDetails:
    """An entry with its job; see `schema.entries`."""

    position: int
    video_id: str
    title: str | None
    duration_s: float | None
    upload_date: str | None
    unavailable: str
    skipped: str | None
    job_uuid: str | None
    job_state: JobState | None
    first_seen_at: float
    gone_at: float | None
    removal: str | None
    is_pinned: bool


_QUERY = (
    sa.select(
        collections,
        sessions.c.name.label("session_name"),
        sessions.c.uuid.label("session_uuid"),
        drops.c.name.label("drop_name"),
    )
    .join(sessions, sessions.c.id == collections.c.session_id)
    .outerjoin(drops, drops.c.id == collections.c.drop_id)
)

_LATEST = (
    sa.select(collections)
    .where(collections.c.session_id == sa.bindparam("of_session"))
    .order_by(collections.c.id.desc())
    .limit(sa.bindparam("limit"))
)


def find_collections(
    db: Connection,
    *,
    session_id: int | None = None,
    after_id: int = 0,
    limit: int = PAGE_SIZE,
) -> list[CollectionDetails]:
    """Return a page of collections, the oldest first."""
    query = _QUERY.where(collections.c.id > after_id)
    if session_id is not None:
        query = query.where(collections.c.session_id == session_id)
    return _read(db, query.order_by(collections.c.id).limit(limit))


def count_unlisted(db: Connection, session_id: int) -> int:
    """Return how many of a session's collections are still to be listed."""
    query = sa.select(sa.func.count()).select_from(collections)
    mine = collections.c.session_id == session_id
    return db.execute(query.where(mine, IS_UNLISTED)).scalar_one()


def collections_of_session(
    db: Connection, session_id: int, limit: int = MAX_SHOWN
) -> list[CollectionRow]:
    """Return a session's latest collections, the newest first."""
    rows = db.execute(_LATEST, {"of_session": session_id, "limit": limit}).all()
    followed = subscriptions_of(db, [row.id for row in rows]) if rows else {}
    return [
        CollectionRow(**collection_fields(row), subscription=followed.get(row.id))
        for row in rows
    ]


def collections_by_id(
    db: Connection, ids: Sequence[int]
) -> dict[int, CollectionDetails]:
    """Return collections by their rows' numbers; deleted ones are left out."""
    found = _read(db, _QUERY.where(collections.c.id.in_(ids)))
    return {each.id: each for each in found}


def collections_by_prefix(
    db: Connection, prefix: str, limit: int = 2
) -> list[CollectionDetails]:
    """Return at most `limit` collections whose UUIDs begin with a prefix."""
    plain = uuid_digits(prefix)
    if plain is None:
        return []
    fits = sa.and_(collections.c.uuid >= plain, collections.c.uuid < plain + "g")
    return _read(db, _QUERY.where(fits).order_by(collections.c.uuid).limit(limit))


def find_collection(db: Connection, prefix: str) -> CollectionDetails:
    """Return the one collection whose UUID begins with a prefix.

    Raises:
        UnknownJobError: No collection does, or several do.
    """
    found = collections_by_prefix(db, prefix)
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownJobError(
            f"several collections begin with {prefix!r}", "Give more of it."
        )
    raise UnknownJobError(
        f"no collection has the ID {prefix!r}", "See `ytaudio collections`."
    )


def entries_of_collection(
    db: Connection, collection_id: int, *, after: tuple[int, str] = (0, ""), limit: int
) -> list[EntryDetails]:
    """Return a page of a collection's entries by position.

    Args:
        db: A transaction.
        collection_id: The collection.
        after: Position and video of the last entry of the page before.
        limit: At most so many.
    """
    query = (
        sa.select(
            entries,
            jobs.c.uuid.label("job_uuid"),
            jobs.c.state.label("job_state"),
            pins.c.pinned_at,
        )
        .outerjoin(jobs, jobs.c.id == entries.c.job_id)
        .outerjoin(pins, pins.c.job_id == jobs.c.id)
        .where(
            entries.c.collection_id == collection_id,
            sa.tuple_(entries.c.position, entries.c.video_id) > after,
        )
        .order_by(entries.c.position, entries.c.video_id)
        .limit(limit)
    )
    return [
        EntryDetails(
            position=row.position,
            video_id=row.video_id,
            title=row.title,
            duration_s=row.duration_s,
            upload_date=row.upload_date,
            unavailable=row.unavailable,
            skipped=row.skipped,
            job_uuid=row.job_uuid,
            job_state=None if row.job_state is None else JobState(row.job_state),
            first_seen_at=row.first_seen_at,
            gone_at=row.gone_at,
            removal=row.removal,
            is_pinned=row.pinned_at is not None,
        )
        for row in db.execute(query).all()
    ]


def titles_since(
    db: Connection, collection_id: int, since: float, limit: int
) -> list[str]:
    """Return titles of completed jobs that a collection made since a time, in order."""
    query = (
        sa.select(sa.func.coalesce(jobs.c.title, entries.c.title, entries.c.video_id))
        .join(entries, entries.c.job_id == jobs.c.id)
        .where(
            entries.c.collection_id == collection_id,
            jobs.c.created_at >= since,
            jobs.c.state == JobState.COMPLETED.value,
        )
    )
    return list(db.execute(query.order_by(jobs.c.id).limit(limit)).scalars())


def jobs_of_collection(
    db: Connection,
    collection_id: int,
    *,
    states: Iterable[JobState],
    after_id: int = 0,
    limit: int,
    only_its_own: bool = False,
) -> list[int]:
    """Return the numbers of the next jobs of a collection's entries, in order.

    Args:
        db: A transaction.
        collection_id: The collection.
        states: Those that are wanted.
        after_id: The last job of the page before.
        limit: At most so many.
        only_its_own: Leave out jobs that another line or collection had made before.
    """
    query = (
        sa.select(jobs.c.id)
        .join(entries, entries.c.job_id == jobs.c.id)
        .where(
            entries.c.collection_id == collection_id,
            jobs.c.id > after_id,
            jobs.c.state.in_([state.value for state in states]),
            entries.c.removal.is_(None),
        )
    )
    if only_its_own:
        query = query.where(jobs.c.collection_id == collection_id)
    return list(db.execute(query.order_by(jobs.c.id).limit(limit)).scalars())


def _read(db: Connection, query: Any) -> list[CollectionDetails]:
    found = [_details_from_row(row) for row in db.execute(query).all()]
    if not found:
        return []
    ids = [each.id for each in found]
    counts, followed = _count_entries(db, ids), subscriptions_of(db, ids)
    return [
        replace(
            each,
            counts=counts.get(each.id, each.counts),
            subscription=followed.get(each.id),
        )
        for each in found
    ]


def _count_entries(db: Connection, ids: Sequence[int]) -> dict[int, EntryCounts]:
    """Return the counts of some collections' entries; those without any are left out."""
    is_left_out = entries.c.skipped.is_not(None)
    query = (
        sa.select(entries.c.collection_id, jobs.c.state, is_left_out, sa.func.count())
        .outerjoin(jobs, jobs.c.id == entries.c.job_id)
        .where(entries.c.collection_id.in_(ids))
        .group_by(entries.c.collection_id, jobs.c.state, is_left_out)
    )
    found: dict[int, dict[str, int]] = {}
    for collection_id, state, left_out, number in db.execute(query).all():
        numbers = found.setdefault(collection_id, {})
        outcome = _outcome(state, is_left_out=bool(left_out))
        numbers[outcome] = numbers.get(outcome, 0) + number
    return {each: EntryCounts(**numbers) for each, numbers in found.items()}


def _outcome(state: str | None, *, is_left_out: bool) -> str:
    if state is not None:
        return state if JobState(state) in FINALIZED else "unfinished"
    return "not_selected" if is_left_out else "unavailable"


def _details_from_row(row: Any) -> CollectionDetails:
    return CollectionDetails(
        **collection_fields(row),
        id=row.id,
        session_id=row.session_id,
        session_name=row.session_name,
        session_uuid=row.session_uuid,
        source_file=source_file(row),
        source_line=row.drop_line,
        source_part=row.drop_part,
        channel=row.channel,
        is_cut=row.is_cut,
        created_at=row.created_at,
        listed_at=row.listed_at,
    )


def collection_fields(row: Any) -> dict[str, Any]:
    """Return the fields of a `CollectionRow`, but for its subscription."""
    return {
        "uuid": row.uuid,
        "kind": row.kind,
        "url": row.url,
        "title": row.title,
        "state": CollectionState(row.state),
        "retry_at": row.retry_at,
        "entry_count": row.entry_count,
        "error": error_from_row(row),
    }
