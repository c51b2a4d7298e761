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
from ytaudio_daemon.ledger.claims import (
    history_from_row,
    move_to_end_of_turns,
    take_first_token,
)
from ytaudio_daemon.ledger.collections import append_collection_event
from ytaudio_daemon.ledger.enqueue import JobOptions, JobSource
from ytaudio_daemon.ledger.schema import (
    IS_UNLISTED,
    collections,
    sessions,
    subscriptions,
    totals,
)
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.collection import CollectionState
from ytaudio_daemon.model.decide import JobHistory
from ytaudio_daemon.model.egress import gates_at
from ytaudio_daemon.model.gates import Gate, Pace
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.model.subscription import FirstLook, Look, SubscriptionState


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedSubscription:
    """The part of a collection's subscription that its listing needs.

    Attributes:
        look: Whether its feed or its list is read; `NONE`: a person asked for the listing.
        feed_query: The query of its feed, "" when it has none.
        etag, modified: The validators (RFC 9110) of the feed as it was read last.
        whole_list_uptime_s: The uptime at which the whole list was read last; None: not yet.
        failures: The number of looks in a row that failed for good.
        keep_last: The number of its latest files that stay; None for all.
    """

    look: Look
    feed_query: str
    etag: str
    modified: str
    whole_list_uptime_s: float | None
    failures: int
    keep_last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingClaim:
    """One attempt to list a collection, with all that is needed to run it.

    Attributes:
        subscription: None when it is not followed, or no longer.
        is_from_now_on: A line follows it, and its list has not been read to the end yet.
    """

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
    subscription: ClaimedSubscription | None = None
    is_from_now_on: bool = False

    @property
    def look(self) -> Look:
        """Whether feed or list is read for a look; `NONE`: a person asked for the listing."""
        return Look.NONE if self.subscription is None else self.subscription.look

    @property
    def decides_at_once(self) -> bool:
        """Whether entries are decided about page by page, not after the last page."""
        return self.look is not Look.NONE or self.wanted.order == "list"

    @property
    def wanted(self) -> Selection | FirstLook:
        """Which entries become jobs, and in which order."""
        if not self.is_from_now_on:
            return self.selection
        keep_last = None if self.subscription is None else self.subscription.keep_last
        return FirstLook(self.selection, keep_last)

    @property
    def name(self) -> str:
        """The attempt's name: the collection's UUID and the attempt's number."""
        return f"{self.uuid}/{self.attempt}"


_CLAIMS_QUERY = (
    sa.select(
        collections,
        sessions.c.name.label("session_name"),
        sessions.c.uuid.label("session_uuid"),
        subscriptions.c.state.label("follow_state"),
        subscriptions.c.look,
        subscriptions.c.feed_query,
        subscriptions.c.etag,
        subscriptions.c.modified,
        subscriptions.c.whole_lived,
        subscriptions.c.failures,
        subscriptions.c.keep_last,
    )
    .join(sessions, sessions.c.id == collections.c.session_id)
    .outerjoin(subscriptions, subscriptions.c.collection_id == collections.c.id)
)
_IS_QUEUED = sa.and_(IS_UNLISTED, collections.c.state == CollectionState.QUEUED.value)
_QUEUED = sa.select(collections.c.id).where(_IS_QUEUED).limit(1)
#: The requests of people come first, then looks.
_NEXT_QUEUED = (
    sa.select(collections)
    .join(sessions, sessions.c.id == collections.c.session_id)
    .outerjoin(subscriptions, subscriptions.c.collection_id == collections.c.id)
    .where(_IS_QUEUED)
    .order_by(
        sessions.c.turn,
        sa.case((subscriptions.c.look != Look.NONE.value, 1), else_=0),
        collections.c.priority.desc(),
        collections.c.id,
    )
    .limit(1)
)
_NEXT_RETRY_AT = sa.select(sa.func.min(collections.c.retry_at)).where(
    IS_UNLISTED, collections.c.state == CollectionState.WAITING.value
)


def claim_next(
    db: Connection, now: Now, host: str, pace: Pace, egresses: Sequence[str] = ("",)
) -> ListingClaim | None:
    """Claim the next collection in turn (queued → running); None when none may start.

    Sessions take turns as for jobs. An egress with a closed gate lists nothing, except as
    the gate's probe while no job is queued that could be it.

    Args:
        db: A write transaction.
        now: The moment.
        host: The name of the claiming host.
        pace: The config's token bucket; each egress has one like it.
        egresses: Keys of the egresses, the preferred one first.
    """
    closed = gates.closed_gates(db)
    row = None if outages.is_held(db, now) else db.execute(_NEXT_QUEUED).first()
    if row is None:
        return None
    usable = (k for k in egresses if _may_list(db, gates_at(k, closed), now))
    egress = take_first_token(db, usable, pace, now)
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
    claim = replace(find_claims(db, collections.c.id == row.id)[0], egress=egress)
    if claim.look is Look.NONE:  # receipts do not show a look that finds nothing
        append_collection_event(db, row.id, now, "claimed")
    return claim


def _may_list(db: Connection, closed: list[Gate], now: Now) -> bool:
    """Return whether gates let a listing start: all are open, or it is their only probe."""
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


def find_claims(db: Connection, *conditions: Any) -> list[ListingClaim]:
    """Return the claims of the collections that meet conditions, in order."""
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


def next_retry_at(db: Connection) -> float | None:
    """Return when the next waiting collection is due; None for never."""
    return db.execute(_NEXT_RETRY_AT).scalar()


def has_queued(db: Connection) -> bool:
    """Return whether a collection waits for its turn."""
    return db.execute(_QUEUED).first() is not None


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
        history=history_from_row(row),
        subscription=_claimed_subscription(row),
        is_from_now_on=row.follow_state is not None and row.listed_at is None,
    )


def _claimed_subscription(row: Any) -> ClaimedSubscription | None:
    if row.follow_state in (None, SubscriptionState.STOPPED.value):
        return None
    return ClaimedSubscription(
        look=Look(row.look),
        feed_query=row.feed_query,
        etag=row.etag,
        modified=row.modified,
        whole_list_uptime_s=row.whole_lived,
        failures=row.failures,
        keep_last=row.keep_last,
    )
