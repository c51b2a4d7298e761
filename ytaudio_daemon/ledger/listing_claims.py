"""Claims collections to be listed, and records how a listing ended; every write fenced.

A listing is one attempt in a worker, like one at a job: through gates and pace, fenced
by its number, retried as `model.decide` decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import gates, outages
from ytaudio_daemon.ledger.claims import move_to_end_of_turns
from ytaudio_daemon.ledger.collections import NO_ERROR, append_collection_event
from ytaudio_daemon.ledger.enqueue import JobOptions, JobSource
from ytaudio_daemon.ledger.events import record_activity
from ytaudio_daemon.ledger.schema import (
    IS_UNLISTED,
    collections,
    entries,
    jobs,
    sessions,
    totals,
)
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.collection import CollectionState
from ytaudio_daemon.model.decide import Decision, JobHistory
from ytaudio_daemon.model.egress import gates_at
from ytaudio_daemon.model.gates import Gate, Pace
from ytaudio_daemon.model.selection import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingClaim:
    """One attempt to list a collection, with all that is needed to run it."""

    collection_id: int
    uuid: str
    attempt: int
    asked_attempt: int
    session_id: int
    session_uuid: str
    session_name: str
    kind: str
    url: str
    is_music: bool
    job_options: JobOptions
    selection: Selection
    source: JobSource
    history: JobHistory
    egress: str = ""

    @property
    def name(self) -> str:
        """The attempt's name: the collection's UUID and the attempt's number."""
        return f"{self.uuid}/{self.attempt}"


_CLAIMS_QUERY = sa.select(
    collections,
    sessions.c.name.label("session_name"),
    sessions.c.uuid.label("session_uuid"),
).join(sessions, sessions.c.id == collections.c.session_id)


def claim_next(
    db: Connection, now: Now, host: str, pace: Pace, egresses: Sequence[str] = ("",)
) -> ListingClaim | None:
    """Claim the next collection in turn (queued → running); None when none may start.

    Sessions take turns as for jobs. Nothing is listed by an egress with a closed gate,
    but for a probe where no job is queued that could be it.

    Args:
        db: A write transaction.
        now: The moment.
        host: The name of the claiming host.
        pace: The config's token bucket; each egress has one like it.
        egresses: Keys of the egresses, the preferred one first.
    """
    closed = gates.closed_gates(db)
    row = None if outages.is_held(db, now) else _next_queued(db)
    if row is None:
        return None
    egress = next(
        (
            key
            for key in egresses
            if _may_list(db, gates_at(key, closed), now)
            and gates.take_token(db, pace, now, key)
        ),
        None,
    )
    if egress is None:
        return None
    db.execute(
        sa.update(collections)
        .where(collections.c.id == row.id)
        .values(
            state=CollectionState.RUNNING.value,
            attempt=row.attempt + 1,
            host=host,
            started_at=now.wall,
            retry_at=None,
        )
    )
    move_to_end_of_turns(db, row.session_id)
    append_collection_event(db, row, now, "claimed")
    return replace(find_claims(db, collections.c.id == row.id)[0], egress=egress)


def _may_list(db: Connection, closed: list[Gate], now: Now) -> bool:
    """Return whether gates let a listing start: all are open, or it is the only probe."""
    if not closed:
        return True
    if not gates.may_claim(closed, now) or _count_queued_jobs(db):
        return False
    running = sa.select(collections.c.id).where(
        IS_UNLISTED, collections.c.state == CollectionState.RUNNING.value
    )
    return db.execute(running.limit(1)).first() is None


def _count_queued_jobs(db: Connection) -> int:
    return db.execute(sa.select(totals.c.queued).where(totals.c.id == 1)).scalar() or 0


def _next_queued(db: Connection) -> Any:
    return db.execute(
        sa.select(collections)
        .join(sessions, sessions.c.id == collections.c.session_id)
        .where(IS_UNLISTED, collections.c.state == CollectionState.QUEUED.value)
        .order_by(sessions.c.turn, collections.c.priority.desc(), collections.c.id)
        .limit(1)
    ).first()


def find_claims(db: Connection, *conditions: Any) -> list[ListingClaim]:
    """Return the claims of collections for which conditions hold, in order."""
    # Sorted here: with ORDER BY, SQLite walks all collections by number.
    rows = db.execute(_CLAIMS_QUERY.where(*conditions)).all()
    return [_claim_from_row(row) for row in sorted(rows, key=lambda row: row.id)]


def running_claims(db: Connection, host: str) -> list[ListingClaim]:
    """Return the listings that run on this host, for example before a crash."""
    return find_claims(
        db,
        IS_UNLISTED,
        collections.c.state == CollectionState.RUNNING.value,
        collections.c.host == host,
    )


def is_running(db: Connection, uuid: str) -> bool:
    """Return whether a collection of that UUID is being listed."""
    query = sa.select(collections.c.id).where(
        collections.c.uuid == uuid,
        collections.c.state == CollectionState.RUNNING.value,
    )
    return db.execute(query).first() is not None


def is_current(db: Connection, claim: ListingClaim) -> bool:
    """Return whether an attempt is still the collection's: it was not cancelled."""
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
    rows = db.execute(
        sa.select(collections.c.id, collections.c.session_id, collections.c.drop_id)
        .where(
            IS_UNLISTED,
            collections.c.state == CollectionState.WAITING.value,
            sa.or_(
                collections.c.retry_at <= now.wall,
                collections.c.retry_at > now.wall + max_delay_s,
            ),
        )
        .limit(500)
    ).all()
    for row in rows:
        db.execute(
            sa.update(collections)
            .where(collections.c.id == row.id)
            .values(state=CollectionState.QUEUED.value, retry_at=None)
        )
        append_collection_event(db, row, now, "due")
    return len(rows)


def next_retry_at(db: Connection) -> float | None:
    """Return when the next waiting collection is due; None for never."""
    query = sa.select(sa.func.min(collections.c.retry_at)).where(
        IS_UNLISTED, collections.c.state == CollectionState.WAITING.value
    )
    return db.execute(query).scalar()


def has_queued(db: Connection) -> bool:
    """Return whether a collection waits for its turn."""
    return _next_queued(db) is not None


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
        is_news=state is CollectionState.FAILED,
        error_kind=failure.kind.value,
        error_code=failure.code,
        error_message=failure.message,
        error_hint=failure.hint,
        retry_at=decision.retry_at,
        charged=collections.c.charged + int(decision.charged),
        crashes=collections.c.crashes + int(decision.crashed),
        finalized_at=now.wall if state is CollectionState.FAILED else None,
    )


def complete(
    db: Connection, claim: ListingClaim, now: Now, *, count: int | None, is_cut: bool
) -> bool:
    """Running → completed: the list was read to its end, or as far as it is wanted.

    Entries of earlier listings that did not come again are marked as gone.

    Args:
        db: A write transaction.
        claim: The attempt.
        now: The moment.
        count: The number of entries it has; None when only part of it was read.
        is_cut: The list goes on behind what was read.

    Returns:
        False when the attempt is no longer the collection's.
    """
    known = {} if count is None else {"entry_count": count}
    is_news = claim.asked_attempt == 0 or _has_made_jobs(db, claim)
    done = _change(
        db,
        claim,
        CollectionState.COMPLETED,
        now,
        "listed",
        is_news=is_news,
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
    is_news: bool = False,
    **values: Any,
) -> bool:
    """Move a running listing; `is_news`: notices say that it ended.

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
    row = db.execute(
        sa.select(collections).where(collections.c.id == claim.collection_id)
    ).one()
    append_collection_event(db, row, now, reason, end=to if is_news else None)
    record_activity(db, claim.session_id, now)
    return True


def _has_made_jobs(db: Connection, claim: ListingClaim) -> bool:
    """Return whether a listing has made or revived a job."""
    began = claim.history.claimed_at or 0.0
    query = (
        sa.select(jobs.c.id)
        .join(entries, entries.c.job_id == jobs.c.id)
        .where(
            entries.c.collection_id == claim.collection_id, jobs.c.created_at >= began
        )
    )
    return db.execute(query.limit(1)).first() is not None


def _claim_from_row(row: Any) -> ListingClaim:
    options: Mapping[str, Any] = row.options
    return ListingClaim(
        collection_id=row.id,
        uuid=row.uuid,
        attempt=row.attempt,
        asked_attempt=row.asked_attempt,
        session_id=row.session_id,
        session_uuid=row.session_uuid,
        session_name=row.session_name,
        kind=row.kind,
        url=row.url,
        is_music=row.is_music,
        job_options=JobOptions(
            options=dict(options), profile=row.profile, priority=row.priority
        ),
        selection=Selection.from_json(row.selection),
        source=(
            (row.drop_id, row.drop_line, row.drop_part)
            if row.drop_id is not None
            else (None, None, None)
        ),
        history=JobHistory(
            attempt=row.attempt,
            charged=row.charged,
            crashes=row.crashes,
            last_code=row.error_code,
            claimed_at=row.started_at,
            pending_uptime_s=row.pending_lived,
        ),
    )
