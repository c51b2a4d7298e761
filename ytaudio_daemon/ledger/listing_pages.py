"""Records the entries that a listing finds, and makes jobs of the selected ones.

A page is one transaction, and may be recorded twice: an entry is known by its video.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import archive
from ytaudio_daemon.ledger.bulk import insert_rows
from ytaudio_daemon.ledger.collection_facts import update_facts
from ytaudio_daemon.ledger.collections import append_collection_event
from ytaudio_daemon.ledger.enqueue import JobBatch
from ytaudio_daemon.ledger.events import record_activity
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.ledger.listing_ends import is_current
from ytaudio_daemon.ledger.schema import entries
from ytaudio_daemon.ledger.sessions import session_row
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.line_rules import WhenFull, audio_key
from ytaudio_daemon.model.listing import ListedEntry, ListedPage
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.model.subscription import PASSED_OVER, Look
from ytaudio_daemon.system.times import rfc3339

OVER_LIFETIME_LIMIT = "over the session's jobs in its life"

ENTRY_COLUMNS = (
    "collection_id",
    "video_id",
    "position",
    "title",
    "duration_s",
    "upload_date",
    "track",
    "unavailable",
    "skipped",
    "job_id",
    "attempt",
    "first_seen_at",
    "gone_at",
)
#: Columns of an entry that a later listing may change.
_CHANGING_COLUMNS = tuple(
    name
    for name in ENTRY_COLUMNS
    if name not in {"collection_id", "video_id", "first_seen_at"}
)


@dataclass(slots=True, kw_only=True)
class Entry:
    """An entry of a collection, before it is written; see `schema.entries`."""

    video_id: str
    position: int
    title: str | None
    duration_s: float | None
    upload_date: str | None
    track: int | None
    unavailable: str
    skipped: str | None = None
    job_id: int | None = None

    @classmethod
    def from_listed(cls, listed: ListedEntry, position: int | None = None) -> "Entry":
        """Return an entry as a worker has listed it, at its place or another."""
        return cls(
            video_id=listed.video_id,
            position=listed.position if position is None else position,
            title=listed.title or None,
            duration_s=listed.duration_s,
            upload_date=listed.upload_date or None,
            track=listed.track,
            unavailable=listed.unavailable,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRules:
    """The settings that apply to the jobs of entries.

    Attributes:
        quota: Of a session; its own limits win.
        max_items: Entries of a collection that become jobs; its own selection wins.
        file_is_gone: Returns whether a completed job's output path no longer exists.
    """

    quota: Quota
    max_items: int
    file_is_gone: Callable[[str], bool]


def record_page(
    db: Connection, claim: ListingClaim, page: ListedPage, rules: RecordRules, now: Now
) -> int | None:
    """Record a page; make jobs of its selected entries unless all pages are needed first.

    Args:
        db: A write transaction.
        claim: The attempt that found it.
        page: Its entries, in the order of the list.
        rules: From the config.
        now: The moment.

    Returns:
        The number of entries that are selected so far; None when the attempt is no
        longer the collection's, and nothing was written.
    """
    if not is_current(db, claim):
        return None
    update_facts(db, claim, page)
    known = known_entries(db, claim, [entry.video_id for entry in page.entries])
    found = [Entry.from_listed(entry) for entry in page.entries]
    undecided = _undecided(claim, found, known)
    selected_count = count_selected(db, claim)
    if claim.decides_at_once:
        selected_count = select_entries(
            db, claim, undecided, selected_count, rules, now
        )
    write_entries(db, claim, found, now)
    if undecided or claim.look is Look.NONE:
        append_page_event(db, claim, now)
    return selected_count


def _undecided(
    claim: ListingClaim, found: Sequence[Entry], known: Mapping[str, Any]
) -> list[Entry]:
    """Fill entries with the job and reason in their rows; return the undecided ones.

    Args:
        claim: The attempt.
        found: The entries as they are listed now.
        known: The rows of those that were listed before, by video.
    """
    undecided = []
    for entry in found:
        row = known.get(entry.video_id)
        is_decided = False
        if row is not None:
            entry.job_id = row.job_id
            is_decided = _is_decided(claim, row, entry)
            if is_decided or row.attempt > claim.asked_attempt:
                entry.skipped = row.skipped
        if not is_decided:
            undecided.append(entry)
    return undecided


def _is_decided(claim: ListingClaim, row: Any, entry: Entry) -> bool:
    """Return whether the earlier decision about a known entry still applies.

    Args:
        claim: The attempt.
        row: The entry's row.
        entry: The entry as it is listed now.
    """
    if row.removal is not None:
        return True
    if row.skipped in PASSED_OVER:
        return True
    if claim.look is Look.NONE:
        return row.attempt > claim.asked_attempt and row.job_id is not None
    was_missing = row.job_id is None and row.skipped is None and row.unavailable
    return not (was_missing and not entry.unavailable)  # a premiere that has been


def decide_entries(
    db: Connection,
    claim: ListingClaim,
    batch: Sequence[Entry],
    selected_count: int,
    rules: RecordRules,
    now: Now,
) -> int | None:
    """Decide about a batch of entries in their order, when all pages are recorded.

    Args:
        db: A write transaction.
        claim: The attempt.
        batch: The next entries, in the order of the selection.
        selected_count: The number of entries that are selected before them.
        rules: From the config.
        now: The moment.

    Returns:
        The number of entries that are selected so far; None when the attempt is no
        longer the collection's, and nothing was written.
    """
    if not is_current(db, claim):
        return None
    selected_count = select_entries(db, claim, batch, selected_count, rules, now)
    write_entries(db, claim, batch, now)
    append_page_event(db, claim, now)
    return selected_count


def seen_entries(db: Connection, claim: ListingClaim) -> list[Entry]:
    """Return the entries that an attempt has recorded and must decide about, by position."""
    query = sa.select(entries).where(
        entries.c.collection_id == claim.collection_id,
        entries.c.attempt == claim.attempt,
        entries.c.removal.is_(None),
        sa.or_(entries.c.skipped.is_(None), entries.c.skipped.not_in(PASSED_OVER)),
    )
    return [
        Entry(
            video_id=row.video_id,
            position=row.position,
            title=row.title,
            duration_s=row.duration_s,
            upload_date=row.upload_date,
            track=row.track,
            unavailable=row.unavailable,
            job_id=row.job_id,
        )
        for row in db.execute(query.order_by(entries.c.position)).all()
    ]


def select_entries(
    db: Connection,
    claim: ListingClaim,
    undecided: Sequence[Entry],
    selected_count: int,
    rules: RecordRules,
    now: Now,
) -> int:
    """Make jobs of the selected entries; set `skipped` of the others to the reason.

    Returns:
        The number of entries that are selected, with those before.
    """
    if not undecided:
        return selected_count
    session = session_row(db, claim.session_id)
    batch = JobBatch(
        db,
        session,
        rules.quota,
        now,
        when_full=WhenFull.HOLD,
        file_is_gone=rules.file_is_gone,
    )
    profile = claim.job_options.profile
    batch.load(audio_key(entry.video_id, profile) for entry in undecided)
    for entry in undecided:
        if claim.look is not Look.NONE:  # lists rarely have days
            entry.upload_date = entry.upload_date or rfc3339(now.wall)[:10]
        entry.skipped = claim.wanted.skip_reason(entry, selected_count, rules.max_items)
        if not entry.unavailable and entry.skipped is None:
            _enqueue_entry(batch, claim, entry)
            selected_count += entry.job_id is not None
    batch.write()
    accepted = session.accepted + batch.new_job_count
    record_activity(db, claim.session_id, now, accepted=accepted)
    return selected_count


def _enqueue_entry(batch: JobBatch, claim: ListingClaim, entry: Entry) -> None:
    """Give a selected entry its job, or the reason why it gets none."""
    decision, entry.job_id, _ = batch.enqueue(
        audio_key(entry.video_id, claim.job_options.profile),
        entry.video_id,
        claim.job_options,
        claim.source,
        is_music=claim.is_music,
        place=(claim.collection_id, entry.position),
        ignores_archive=claim.selection.again,
    )
    if decision.archived_at is not None:
        entry.skipped = archive.since_text(decision.archived_at)
    elif decision.exceeded is not None:
        entry.skipped = OVER_LIFETIME_LIMIT


def known_entries(
    db: Connection, claim: ListingClaim, video_ids: Sequence[str]
) -> dict[str, Any]:
    """Return the rows of those of some videos that the collection has, by video."""
    query = sa.select(
        entries.c.video_id,
        entries.c.job_id,
        entries.c.skipped,
        entries.c.attempt,
        entries.c.unavailable,
        entries.c.removal,
        entries.c.position,
        entries.c.gone_at,
    ).where(
        entries.c.collection_id == claim.collection_id,
        entries.c.video_id.in_(video_ids),
    )
    return {row.video_id: row for row in db.execute(query).all()}


def count_selected(db: Connection, claim: ListingClaim) -> int:
    """Count the entries selected since the last request of a person, or by this look."""
    is_counted = entries.c.attempt > claim.asked_attempt
    if claim.look is not Look.NONE:
        is_counted = entries.c.first_seen_at >= (claim.history.claimed_at or 0.0)
    query = (
        sa.select(sa.func.count())
        .select_from(entries)
        .where(
            entries.c.collection_id == claim.collection_id,
            entries.c.job_id.is_not(None),
            entries.c.skipped.is_(None),
            is_counted,
        )
    )
    return db.execute(query).scalar_one()


def write_entries(
    db: Connection, claim: ListingClaim, found: Sequence[Entry], now: Now
) -> None:
    """Insert entries, or update those that the collection has already."""
    rows: list[tuple[Any, ...]] = [
        (
            claim.collection_id,
            entry.video_id,
            entry.position,
            entry.title,
            entry.duration_s,
            entry.upload_date,
            entry.track,
            entry.unavailable,
            entry.skipped,
            entry.job_id,
            claim.attempt,
            now.wall,
            None,
        )
        for entry in found
    ]
    insert_rows(db, entries, ENTRY_COLUMNS, rows, update_known=_CHANGING_COLUMNS)


def append_page_event(db: Connection, claim: ListingClaim, now: Now) -> None:
    """Append an event that entries were recorded."""
    append_collection_event(db, claim.collection_id, now, "page_recorded")
