"""Records the results and ends of looks, the listings of subscriptions."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import listing_ends
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.ledger.listing_ends import is_current
from ytaudio_daemon.ledger.listing_pages import (
    Entry,
    RecordRules,
    append_page_event,
    count_selected,
    known_entries,
    select_entries,
    write_entries,
)
from ytaudio_daemon.ledger.schema import entries, subscriptions
from ytaudio_daemon.ledger.subscriptions import queue_listing
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.list_totals import FeedState, ListTotals, feed_mark
from ytaudio_daemon.model.listing import ListedEntry, ListedPage
from ytaudio_daemon.model.subscription import Look


def record_feed(
    db: Connection, claim: ListingClaim, page: ListedPage, rules: RecordRules, now: Now
) -> int | None:
    """Record the new entries of a feed, the oldest first, and make jobs of them.

    Where the feed does not suffice, nothing is recorded, and the whole list is read
    after the look: all of the feed is new, so that more may be; or the selection is by
    length, which feeds do not have.

    Args:
        db: A write transaction.
        claim: The look.
        page: The feed's entries, the newest first.
        rules: From the config.
        now: The moment.

    Returns:
        The number of entries that this look has selected; None when the attempt is no
        longer the collection's.
    """
    if not is_current(db, claim):
        return None
    known = known_entries(db, claim, [entry.video_id for entry in page.entries])
    fresh = [entry for entry in page.entries if entry.video_id not in known]
    selection = claim.selection
    asks_for_length = selection.min_s is not None or selection.max_s is not None
    if fresh and (not known or asks_for_length):
        _update_subscription(db, claim, look=Look.LIST.value)
        return 0
    returned = [each for each in known.values() if each.gone_at is not None]
    _unmark_gone(db, claim, [each.video_id for each in returned])
    if fresh:
        found = _positioned(db, claim, fresh)
        selected_count = count_selected(db, claim)
        select_entries(db, claim, found, selected_count, rules, now)
        write_entries(db, claim, found, now)
        append_page_event(db, claim, now)
    return count_selected(db, claim)


def complete(
    db: Connection,
    claim: ListingClaim,
    totals: ListTotals | None,
    now: Now,
    *,
    count: int | None,
    is_cut: bool,
) -> bool:
    """End a listing, and its look; a look that needs the whole list is queued again.

    Args:
        db: A write transaction.
        claim: The attempt.
        totals: The worker's totals; None when it was stopped, as enough was selected.
        now: The moment.
        count: The number of entries that the list has; None when that is not known.
        is_cut: The list continues after the last entry that was read.

    Returns:
        False when the attempt is no longer the collection's.
    """
    if totals is None or not totals.feed:
        return _complete_list(db, claim, now, count=count, is_cut=is_cut)
    if not is_current(db, claim):
        return False
    if _needs_list(db, claim):
        queue_listing(db, claim.collection_id, now)
        return True
    listing_ends.end_look(db, claim, now)
    marks = {}
    if totals.feed == FeedState.READ:
        marks = {"etag": feed_mark(totals.etag), "modified": feed_mark(totals.modified)}
    _end_look(db, claim, now, **marks)
    return True


def record_failed_look(db: Connection, claim: ListingClaim) -> None:
    """Count a look that failed for good; the next one is due as scheduled."""
    if claim.subscription is not None:
        failures = subscriptions.c.failures + 1
        _update_subscription(db, claim, look=Look.NONE.value, failures=failures)


def _complete_list(
    db: Connection, claim: ListingClaim, now: Now, *, count: int | None, is_cut: bool
) -> bool:
    done = listing_ends.complete(db, claim, now, count=count, is_cut=is_cut)
    if done and claim.subscription is not None:
        _end_look(db, claim, now, whole_lived=now.uptime_s)
    return done


def _end_look(db: Connection, claim: ListingClaim, now: Now, **more: object) -> None:
    found = (
        {"found_at": claim.history.claimed_at}
        if listing_ends.has_made_jobs(db, claim)
        else {}
    )
    _update_subscription(
        db,
        claim,
        look=Look.NONE.value,
        failures=0,
        looked_at=now.wall,
        **found,
        **more,
    )


def _update_subscription(db: Connection, claim: ListingClaim, **values: object) -> None:
    mine = subscriptions.c.collection_id == claim.collection_id
    db.execute(sa.update(subscriptions).where(mine).values(**values))


def _needs_list(db: Connection, claim: ListingClaim) -> bool:
    query = sa.select(subscriptions.c.look).where(
        subscriptions.c.collection_id == claim.collection_id
    )
    return bool(db.execute(query).scalar() == Look.LIST)


def _unmark_gone(db: Connection, claim: ListingClaim, videos: Sequence[str]) -> None:
    """Record that entries which had vanished are in the list again."""
    mine = sa.and_(
        entries.c.collection_id == claim.collection_id, entries.c.video_id.in_(videos)
    )
    if videos:
        db.execute(sa.update(entries).where(mine).values(gone_at=None))


def _positioned(
    db: Connection, claim: ListingClaim, fresh: Sequence[ListedEntry]
) -> list[Entry]:
    """Return new entries in the order of their uploads, with positions after all others."""
    query = sa.select(sa.func.max(entries.c.position)).where(
        entries.c.collection_id == claim.collection_id
    )
    last = db.execute(query).scalar() or 0
    return [
        Entry.from_listed(entry, position)
        for position, entry in enumerate(reversed(fresh), last + 1)
    ]
