"""Creates collections for lines, queues them to be listed again, and cancels them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.collection_choice import choose_collection
from ytaudio_daemon.ledger.enqueue import JobOptions, JobSource, random_uuid
from ytaudio_daemon.ledger.error_columns import NO_ERROR
from ytaudio_daemon.ledger.events import record_activity
from ytaudio_daemon.ledger.schema import (
    IS_UNLISTED,
    collections,
    events,
    lines,
    subscriptions,
)
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.collection import LISTING_ENDED, CollectionState
from ytaudio_daemon.model.line_rules import LineResult
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.model.subscription import Follow, Look
from ytaudio_daemon.urls import CollectionLink

LISTED_AGAIN_MESSAGE = "listed again: what is new in it is added"
BEING_LISTED_MESSAGE = "this session lists it already"

#: The prefix of the reasons of their events.
EVENT_PREFIX = "collection_"
#: The reason, after the prefix, when an ended one was requested again.
ASKED_AGAIN = "asked_again"
_UNLISTED = sa.select(collections.c.id, collections.c.session_id).where(IS_UNLISTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCollection:
    """A playlist, album or channel that a line names.

    Attributes:
        kind: `playlist`, `album` or `channel`.
        key: Identifies the collection: all links to it have the same.
        url: The canonical link.
        is_music: It is one of YouTube Music's.
        selection: Which of its entries become jobs.
        follow: How it is to be followed; None changes nothing.
    """

    kind: str
    key: str
    url: str
    is_music: bool
    selection: Selection
    follow: Follow | None = None

    @classmethod
    def from_link(
        cls, link: CollectionLink, selection: Selection, follow: Follow | None = None
    ) -> "NewCollection":
        """Return the collection that a link names, with a selection of its entries."""
        return cls(
            kind=link.kind,
            key=link.key,
            url=link.url,
            is_music=link.is_music,
            selection=selection,
            follow=follow,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedCollection:
    """The result of a line with a collection.

    Attributes:
        collection_id: Its row.
        result: The result of the line.
        message: A remark for the receipt, or None.
    """

    collection_id: int
    result: LineResult
    message: str | None = None


def request_collection(
    db: Connection,
    session_id: int,
    new: NewCollection,
    job_options: JobOptions,
    source: JobSource,
    now: Now,
) -> RequestedCollection:
    """Queue the listing of a collection; one that was listed is listed again.

    Args:
        db: A write transaction.
        session_id: The session.
        new: The collection, with the selection of its entries.
        job_options: The options of its jobs.
        source: The line that names it.
        now: The moment.
    """
    known, digest = choose_collection(
        db,
        session_id,
        new.key,
        job_options.profile,
        new.selection.digest(),
        follows=new.follow is not None,
    )
    if known is None:
        values = _new_row(session_id, new, job_options, source, now)
        added = sa.insert(collections).values(**values, selection_digest=digest)
        collection_id = db.execute(added.returning(collections.c.id)).scalar_one()
        return RequestedCollection(
            collection_id=collection_id, result=LineResult.ACCEPTED
        )
    state = CollectionState(known.state)
    if state not in LISTING_ENDED:
        return RequestedCollection(
            collection_id=known.id,
            result=LineResult.DUPLICATE,
            message=BEING_LISTED_MESSAGE,
        )
    list_again(db, known.id, now)
    if state is CollectionState.COMPLETED:
        return RequestedCollection(
            collection_id=known.id,
            result=LineResult.DUPLICATE,
            message=LISTED_AGAIN_MESSAGE,
        )
    return RequestedCollection(
        collection_id=known.id,
        result=LineResult.ACCEPTED,
        message=f"runs again: it was {state}",
    )


def _new_row(
    session_id: int,
    new: NewCollection,
    job_options: JobOptions,
    source: JobSource,
    now: Now,
) -> dict[str, Any]:
    drop_id, drop_line, drop_part = source
    return {
        "uuid": random_uuid(os.urandom(1).hex()),
        "session_id": session_id,
        "drop_id": drop_id,
        "drop_line": drop_line,
        "drop_part": drop_part,
        "kind": new.kind,
        "key": new.key,
        "url": new.url,
        "is_music": new.is_music,
        "options": job_options.options,
        "profile": job_options.profile,
        "priority": job_options.priority,
        "selection": new.selection.to_json(),
        "state": CollectionState.QUEUED.value,
        "pending_lived": now.uptime_s,
        "created_at": now.wall,
    }


def list_again(db: Connection, collection_id: int, now: Now) -> None:
    """Queue the listing of an ended collection again, with no attempt charged."""
    db.execute(
        sa.update(collections)
        .where(
            collections.c.id == collection_id,
            collections.c.state.in_([state.value for state in LISTING_ENDED]),
        )
        .values(
            state=CollectionState.QUEUED.value,
            asked_attempt=collections.c.attempt,
            charged=0,
            crashes=0,
            retry_at=None,
            finalized_at=None,
            pending_lived=now.uptime_s,
            **NO_ERROR,
        )
    )
    is_its = subscriptions.c.collection_id == collection_id
    db.execute(sa.update(subscriptions).where(is_its).values(look=Look.NONE.value))
    append_collection_event(db, collection_id, now, ASKED_AGAIN)


def cancel_collections(
    db: Connection, session_id: int, now: Now, error: Mapping[str, Any]
) -> int:
    """Cancel all listings of a session; the daemon stops the running ones.

    Args:
        db: A write transaction.
        session_id: The session.
        now: The moment.
        error: The error columns; {} when a person cancels them.

    Returns:
        The number of listings that were cancelled.
    """
    found = db.execute(_UNLISTED.where(collections.c.session_id == session_id)).all()
    for row in found:
        _cancel(db, row, now, error)
    return len(found)


def cancel_collection(db: Connection, collection_id: int, now: Now) -> bool:
    """Cancel the listing of a collection for a person; the daemon stops a running one.

    Returns:
        False when the listing had ended.
    """
    row = db.execute(_UNLISTED.where(collections.c.id == collection_id)).first()
    if row is not None:
        _cancel(db, row, now, {})
    return row is not None


def _cancel(db: Connection, row: Any, now: Now, error: Mapping[str, Any]) -> None:
    db.execute(
        sa.update(collections)
        .where(collections.c.id == row.id)
        .values(
            state=CollectionState.CANCELLED.value,
            finalized_at=now.wall,
            retry_at=None,
            host=None,
            **error,
        )
    )
    append_collection_event(db, row.id, now, "cancelled", end=CollectionState.CANCELLED)
    if not error:  # expiry is no activity
        record_activity(db, row.session_id, now)


def append_collection_event(
    db: Connection,
    collection_id: int,
    now: Now,
    reason: str,
    *,
    end: CollectionState | None = None,
) -> None:
    """Append an event for each drop whose receipts show a collection.

    Args:
        db: A write transaction.
        collection_id: The collection.
        now: The moment.
        reason: What happened; the event's has `EVENT_PREFIX` before it.
        end: How the listing ended, if it did, and notices are to say so.
    """
    own = sa.select(collections.c.session_id, collections.c.drop_id)
    row = db.execute(own.where(collections.c.id == collection_id)).one()
    mine = lines.c.collection_id == collection_id
    drops = set(db.execute(sa.select(lines.c.drop_id).where(mine).distinct()).scalars())
    for drop_id in sorted(drops) or [row.drop_id]:
        db.execute(
            sa.insert(events).values(
                at=now.wall,
                session_id=row.session_id,
                drop_id=drop_id,
                reason=f"{EVENT_PREFIX}{reason}",
                collection_id=collection_id,
                to_state=None if end is None else end.value,
            )
        )
