"""Records the ends and requeues of listings; every write is fenced by its attempt."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.collections import append_collection_event
from ytaudio_daemon.ledger.error_columns import NO_ERROR, error_columns
from ytaudio_daemon.ledger.events import record_activity
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.ledger.schema import IS_UNLISTED, collections, entries, jobs
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.collection import CollectionState
from ytaudio_daemon.model.decide import Decision
from ytaudio_daemon.model.subscription import Look


def is_current(db: Connection, claim: ListingClaim) -> bool:
    """Return whether an attempt is still the collection's; not after a cancellation."""
    query = sa.select(collections.c.id).where(*_fence(claim))
    return db.execute(query).first() is not None


def requeue_interrupted(
    db: Connection, claim: ListingClaim, now: Now, reason: str
) -> bool:
    """Running → queued, uncharged: the daemon was stopped or crashed, not the list.

    Returns:
        False when the attempt is no longer the collection's.
    """
    return _change(db, claim, CollectionState.QUEUED, now, reason, retry_at=None)


def requeue_due(db: Connection, now: Now, max_delay_s: float) -> int:
    """Waiting → queued for the collections that are due; returns their number.

    As with jobs, one that is due too far ahead was scheduled by a clock that jumped.
    """
    due = (
        sa.select(collections.c.id)
        .where(
            IS_UNLISTED,
            collections.c.state == CollectionState.WAITING.value,
            sa.or_(
                collections.c.retry_at <= now.wall,
                collections.c.retry_at > now.wall + max_delay_s,
            ),
        )
        .limit(500)
    )
    ids = db.execute(due).scalars().all()
    for collection_id in ids:
        db.execute(
            sa.update(collections)
            .where(collections.c.id == collection_id)
            .values(state=CollectionState.QUEUED.value, retry_at=None)
        )
        append_collection_event(db, collection_id, now, "due")
    return len(ids)


def record_failure(
    db: Connection, claim: ListingClaim, decision: Decision, now: Now
) -> bool:
    """Running → waiting, or running → failed, as `model.decide` decided.

    Returns:
        False when the attempt is no longer the collection's.
    """
    state = (
        CollectionState.FAILED
        if decision.to is JobState.FAILED
        else CollectionState.WAITING
    )
    failure = decision.failure
    return _change(
        db,
        claim,
        state,
        now,
        failure.code,
        is_notified=state is CollectionState.FAILED and not _has_failed_before(claim),
        **error_columns(failure),
        retry_at=decision.retry_at,
        charged=collections.c.charged + int(decision.is_charged),
        crashes=collections.c.crashes + int(decision.is_crash),
        finalized_at=now.wall if state is CollectionState.FAILED else None,
    )


def complete(
    db: Connection, claim: ListingClaim, now: Now, *, count: int | None, is_cut: bool
) -> bool:
    """Running → completed: the list was read to its end, or as far as the selection reaches.

    Entries of earlier listings that are no longer in the list are marked as gone.

    Args:
        db: A write transaction.
        claim: The attempt.
        now: The moment.
        count: The number of entries in the list; None when only part of it was read.
        is_cut: The list continues after the last entry that was read.

    Returns:
        False when the attempt is no longer the collection's.
    """
    known = {} if count is None else {"entry_count": count}
    is_asked = claim.look is Look.NONE and claim.asked_attempt == 0
    is_notified = is_asked or has_made_jobs(db, claim)
    done = _change(
        db,
        claim,
        CollectionState.COMPLETED,
        now,
        "listed",
        is_notified=is_notified,
        is_cut=is_cut,
        listed_at=now.wall,
        finalized_at=now.wall,
        **known,
        **NO_ERROR,
    )
    if done and not is_cut:
        db.execute(
            sa.update(entries)
            .where(
                entries.c.collection_id == claim.collection_id,
                entries.c.attempt < claim.attempt,
                entries.c.gone_at.is_(None),
            )
            .values(gone_at=now.wall)
        )
    return done


def end_look(db: Connection, claim: ListingClaim, now: Now) -> bool:
    """Running → completed: the feed was read, so the list need not be.

    Returns:
        False when the attempt is no longer the collection's.
    """
    return _change(
        db,
        claim,
        CollectionState.COMPLETED,
        now,
        "looked_at",
        is_notified=has_made_jobs(db, claim),
        finalized_at=now.wall,
        **NO_ERROR,
    )


def _has_failed_before(claim: ListingClaim) -> bool:
    """Return whether the look before failed, too: receivers are notified once only."""
    return claim.subscription is not None and claim.subscription.failures > 0


def _fence(claim: ListingClaim) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        collections.c.id == claim.collection_id,
        collections.c.attempt == claim.attempt,
        collections.c.state == CollectionState.RUNNING.value,
    )


def _change(
    db: Connection,
    claim: ListingClaim,
    to: CollectionState,
    now: Now,
    reason: str,
    *,
    is_notified: bool = False,
    **values: Any,
) -> bool:
    """Change the state of a running listing; `is_notified`: receivers learn that it ended.

    Returns:
        False when the attempt is no longer the collection's.
    """
    done = db.execute(
        sa.update(collections)
        .where(*_fence(claim))
        .values(state=to.value, host=None, **values)
    )
    if done.rowcount != 1:
        return False
    end = to if is_notified else None
    append_collection_event(db, claim.collection_id, now, reason, end=end)
    if is_notified or claim.look is Look.NONE:
        record_activity(db, claim.session_id, now)
    return True


def has_made_jobs(db: Connection, claim: ListingClaim) -> bool:
    """Return whether a listing has made a job, or queued one again."""
    began = claim.history.claimed_at or 0.0
    query = (
        sa.select(jobs.c.id)
        .join(entries, entries.c.job_id == jobs.c.id)
        .where(
            entries.c.collection_id == claim.collection_id, jobs.c.created_at >= began
        )
    )
    return db.execute(query.limit(1)).first() is not None
