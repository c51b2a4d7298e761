"""Creates and changes subscriptions, and queues their looks when they are due.

A look is due by the daemon's uptime: a jump of the clock starts none.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.collections import (
    NewCollection,
    RequestedCollection,
    append_collection_event,
    request_collection,
)
from ytaudio_daemon.ledger.enqueue import JobOptions, JobSource
from ytaudio_daemon.ledger.error_columns import NO_ERROR
from ytaudio_daemon.ledger.schema import collections, sessions, subscriptions
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.collection import LISTING_ENDED, CollectionState
from ytaudio_daemon.model.subscription import (
    CATCH_UP_S,
    Follow,
    Look,
    SubscriptionState,
    next_delay_s,
    next_look,
)

#: Looks queued in one transaction.
MAX_QUEUED = 100
_ENDED = sorted(state.value for state in LISTING_ENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription's row; see `collection_tables.subscriptions`."""

    id: int
    collection_id: int
    state: SubscriptionState
    interval_s: float
    keep_last: int | None
    next_at: float
    looked_at: float | None
    found_at: float | None
    failures: int


def request_and_follow(
    db: Connection,
    session_id: int,
    new: NewCollection,
    job_options: JobOptions,
    source: JobSource,
    now: Now,
) -> RequestedCollection:
    """Request a collection, and follow it if the request says so.

    The arguments are those of `request_collection`.
    """
    asked = request_collection(db, session_id, new, job_options, source, now)
    if new.follow is None:
        return asked
    followed = follow(db, asked.collection_id, new.follow, now)
    message = "; ".join(filter(None, (asked.message, followed)))
    return replace(asked, message=message or None)


def follow(db: Connection, collection_id: int, asked: Follow, now: Now) -> str:
    """Follow a collection, or change how; returns a remark for the line, or "".

    Args:
        db: A write transaction.
        collection_id: The collection, which is about to be listed.
        asked: The interval and `keep_last`.
        now: The moment.
    """
    known = find_subscription(db, collection_id)
    wanted = {"interval_s": float(asked.interval_s), "keep_last": asked.keep_last}
    if known is None:
        db.execute(
            sa.insert(subscriptions).values(
                collection_id=collection_id,
                state=SubscriptionState.ACTIVE.value,
                created_at=now.wall,
                **wanted,
                **_next_times(asked.interval_s, now),
            )
        )
        _count(db, collection_id, 1)
        return ""
    same = (known.interval_s, known.keep_last) == (asked.interval_s, asked.keep_last)
    if same and known.state is SubscriptionState.ACTIVE:
        return "followed already"
    mine = subscriptions.c.collection_id == collection_id
    times = _next_times(asked.interval_s, now)
    change = sa.update(subscriptions).where(mine)
    db.execute(change.values(**wanted, **times))
    set_state(db, collection_id, SubscriptionState.ACTIVE, now)
    return "followed from now on as said here"


def find_subscription(db: Connection, collection_id: int) -> Subscription | None:
    """Return the subscription of a collection, if it has one."""
    return subscriptions_of(db, [collection_id]).get(collection_id)


def subscriptions_of(
    db: Connection, collection_ids: Sequence[int]
) -> dict[int, Subscription]:
    """Return the subscriptions of some collections by the collections' numbers."""
    query = sa.select(subscriptions).where(
        subscriptions.c.collection_id.in_(collection_ids)
    )
    return {row.collection_id: _from_row(row) for row in db.execute(query).all()}


def followed_collections(
    db: Connection, *, session_id: int | None = None, after_id: int = 0, limit: int
) -> list[int]:
    """Return the numbers of the next collections that are or were followed, in order."""
    query = sa.select(subscriptions.c.collection_id).where(
        subscriptions.c.collection_id > after_id
    )
    if session_id is not None:
        query = query.join(
            collections, collections.c.id == subscriptions.c.collection_id
        ).where(collections.c.session_id == session_id)
    query = query.order_by(subscriptions.c.collection_id).limit(limit)
    return list(db.execute(query).scalars())


def set_state(
    db: Connection, collection_id: int, to: SubscriptionState, now: Now
) -> bool:
    """Pause, resume or stop a subscription.

    Returns:
        False when there is none, or it has that state already.
    """
    known = find_subscription(db, collection_id)
    if known is None or known.state is to:
        return False
    mine = subscriptions.c.collection_id == collection_id
    db.execute(sa.update(subscriptions).where(mine).values(state=to.value))
    if to is SubscriptionState.ACTIVE:
        _postpone_overdue(db, mine, now)
    held = to is not SubscriptionState.STOPPED
    _count(db, collection_id, held - (known.state is not SubscriptionState.STOPPED))
    append_collection_event(db, collection_id, now, f"subscription_{to.value}")
    return True


def stop_subscriptions(db: Connection, session_id: int) -> None:
    """Stop all subscriptions of a session that is being expired."""
    mine = sa.select(collections.c.id).where(collections.c.session_id == session_id)
    db.execute(
        sa.update(subscriptions)
        .where(subscriptions.c.collection_id.in_(mine))
        .values(state=SubscriptionState.STOPPED.value)
    )
    db.execute(
        sa.update(sessions).where(sessions.c.id == session_id).values(subscriptions=0)
    )


def look_now(db: Connection, collection_id: int, now: Now) -> bool:
    """Queue a look now, whenever it is due.

    Returns:
        False when the subscription is not active, or its list is being listed.
    """
    rows = _ready(db, subscriptions.c.collection_id == collection_id)
    for row in rows:
        _queue_look(db, row, now)
    return bool(rows)


def queue_due(db: Connection, now: Now) -> int:
    """Queue the looks that are due, a hundred at most; returns their number."""
    rows = _ready(db, subscriptions.c.next_lived <= now.uptime_s)
    for row in rows:
        _queue_look(db, row, now)
    return len(rows)


def has_due(db: Connection, now: Now) -> bool:
    """Return whether a look is due and can be queued."""
    return bool(_ready(db, subscriptions.c.next_lived <= now.uptime_s, limit=1))


def reschedule(db: Connection, now: Now) -> None:
    """Reschedule the next looks, after the daemon was off.

    Looks that were missed meanwhile are spread over the next minutes: else all would be
    due at once.

    Args:
        db: A write transaction.
        now: The moment at which the daemon starts.
    """
    query = sa.select(subscriptions).where(
        subscriptions.c.state == SubscriptionState.ACTIVE.value
    )
    for row in db.execute(query).all():
        left_s = max(0.0, row.next_lived - now.uptime_s)
        was_missed = (
            row.looked_at is not None and row.looked_at + row.interval_s < now.wall
        )
        if was_missed:
            left_s = min(left_s, random.random() * CATCH_UP_S)  # noqa: S311 - spread, not secret
        db.execute(
            sa.update(subscriptions)
            .where(subscriptions.c.id == row.id)
            .values(**_due_in(left_s, now))
        )


def _ready(
    db: Connection, condition: sa.ColumnElement[bool], limit: int = MAX_QUEUED
) -> Sequence[Any]:
    """Return active subscriptions whose lists are not being listed, by due time."""
    query = (
        sa.select(
            subscriptions,
            collections.c.kind,
            collections.c.entry_count,
        )
        .join(collections, collections.c.id == subscriptions.c.collection_id)
        .join(sessions, sessions.c.id == collections.c.session_id)
        .where(
            condition,
            subscriptions.c.state == SubscriptionState.ACTIVE.value,
            collections.c.state.in_(_ENDED),
            sessions.c.state == SessionState.ACTIVE.value,
        )
        .order_by(subscriptions.c.next_lived)
        .limit(limit)
    )
    return db.execute(query).all()


def _queue_look(db: Connection, row: Any, now: Now) -> None:
    """Queue a look and schedule the next one, in one transaction."""
    look = Look.LIST
    if row.whole_lived is not None:
        age_s = now.uptime_s - row.whole_lived
        look = next_look(row.kind, row.entry_count, row.feed_query, age_s)
    db.execute(
        sa.update(subscriptions)
        .where(subscriptions.c.id == row.id)
        .values(look=look.value, **_next_times(row.interval_s, now))
    )
    queue_listing(db, row.collection_id, now)


def queue_listing(db: Connection, collection_id: int, now: Now) -> None:
    """Queue the listing of a look, with a new number of attempts."""
    db.execute(
        sa.update(collections)
        .where(collections.c.id == collection_id)
        .values(
            state=CollectionState.QUEUED.value,
            charged=0,
            crashes=0,
            retry_at=None,
            host=None,
            finalized_at=None,
            pending_lived=now.uptime_s,
            **NO_ERROR,
        )
    )


def _next_times(interval_s: float, now: Now) -> dict[str, float]:
    """Return the columns of a subscription whose next look is an interval away."""
    return _due_in(next_delay_s(interval_s, random.random()), now)  # noqa: S311 - spread, not secret


def _due_in(delay_s: float, now: Now) -> dict[str, float]:
    return {"next_lived": now.uptime_s + delay_s, "next_at": now.wall + delay_s}


def _postpone_overdue(db: Connection, which: sa.ColumnElement[bool], now: Now) -> None:
    """Schedule a look that came due while it was paused within the next minutes."""
    delay_s = random.random() * CATCH_UP_S  # noqa: S311 - spread, not secret
    is_overdue = subscriptions.c.next_lived < now.uptime_s
    db.execute(
        sa.update(subscriptions)
        .where(which, is_overdue)
        .values(**_due_in(delay_s, now))
    )


def _count(db: Connection, collection_id: int, change: int) -> None:
    """Add to the number of subscriptions for which a session does not expire."""
    mine = sa.select(collections.c.session_id).where(collections.c.id == collection_id)
    db.execute(
        sa.update(sessions)
        .where(sessions.c.id == mine.scalar_subquery())
        .values(subscriptions=sessions.c.subscriptions + change)
    )


def _from_row(row: Any) -> Subscription:
    return Subscription(
        id=row.id,
        collection_id=row.collection_id,
        state=SubscriptionState(row.state),
        interval_s=row.interval_s,
        keep_last=row.keep_last,
        next_at=row.next_at,
        looked_at=row.looked_at,
        found_at=row.found_at,
        failures=row.failures,
    )
