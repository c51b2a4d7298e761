"""The collections that are being listed: claimed, started, recorded, ended."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import structlog

from ytaudio_daemon.collections.list_requests import list_request
from ytaudio_daemon.collections.listing_failures import (
    PROVEN_BY_LIST,
    record_failure,
)
from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.jobs.config_values import egress_keys, pace
from ytaudio_daemon.jobs.gate_opening import open_proven_gates
from ytaudio_daemon.jobs.runner import is_interruption
from ytaudio_daemon.ledger import Ledger, gates, listing_claims, listing_pages
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.ledger.listing_pages import Entry, RecordRules
from ytaudio_daemon.model import Failure, FailureKind, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.listing import ListedPage
from ytaudio_daemon.model.selection import in_order
from ytaudio_daemon.pool import Ended, Event, Listed, Pool
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: Entries that are decided about in one transaction, when all pages were needed first.
ENTRIES_PER_BATCH = 250


@dataclass(slots=True, eq=False)
class _Listing:
    """A collection that is being listed.

    Attributes:
        claim: The attempt.
        pages: Not recorded yet, in order.
        end: How its worker ended; None while it runs.
        is_interrupted: The worker was stopped by a shutdown, or died with the template.
        chosen: Entries that are selected so far.
        last_position: Of the last entry that was recorded.
        is_full: Enough entries are selected: the rest of the list is not wanted.
        is_given_up: It was cancelled.
        batches: What is still to be decided about, when all pages are recorded.
    """

    claim: ListingClaim
    pages: deque[ListedPage] = field(default_factory=deque)
    end: Outcome | None = None
    is_interrupted: bool = False
    chosen: int = 0
    last_position: int = 0
    is_full: bool = False
    is_given_up: bool = False
    batches: Iterator[list[Entry]] | None = None
    batch: list[Entry] | None = None

    @property
    def is_at_end(self) -> bool:
        """Whether its worker has ended and all of its pages are recorded."""
        return self.end is not None and not self.pages


class CollectionLister:
    """Claims collections, has workers list them, and makes jobs of their entries.

    All of its state that matters is in the ledger: a listing that is cut off begins
    anew, and finds the entries that it has recorded.

    Args:
        ledger: Holds collections, entries and jobs.
        layout: Where attempts work.
        pool: Runs the workers.
        settings: Sections collections, download, retry, pace and sessions.
        host: This daemon's name in claims.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, pool: Pool, settings: Settings, host: str
    ) -> None:
        self.settings = settings
        self._ledger = ledger
        self._layout = layout
        self._pool = pool
        self._host = host
        self._running: dict[str, _Listing] = {}

    @property
    def running_count(self) -> int:
        """The number of listings that run, or are still to be recorded."""
        return len(self._running)

    @property
    def has_news(self) -> bool:
        """Whether there is something to record."""
        return any(each.pages or each.is_at_end for each in self._running.values())

    def recover(self, now: Now) -> None:
        """Queue the listings that an earlier run left running, or whose claim was lost.

        Raises:
            LedgerError: The next call goes on.
        """
        with self._ledger.read() as db:
            lost = [
                claim
                for claim in listing_claims.running_claims(db, self._host)
                if claim.uuid not in self._running
            ]
        for claim in lost:
            self._requeue(claim, now, "crash")

    def start_listings(self, now: Now) -> None:
        """Claim collections and start their listings while the pool has room.

        Raises:
            LedgerError: What was claimed is started; call again.
        """
        while self._pool.free_listing_slots() > 0:
            with self._ledger.write() as db:
                claim = listing_claims.claim_next(
                    db, now, self._host, pace(self.settings), egress_keys(self.settings)
                )
            if claim is None:
                return
            failpoints.failpoint("collection.claimed", claim.name)
            self._start(claim)

    def collect(self, events: Iterable[Event]) -> None:
        """Store pages and ends; `record` writes them to the ledger."""
        for event in events:
            listing = self._running.get(event.key)
            if listing is None or listing.claim.attempt != event.attempt:
                continue
            if isinstance(event, Listed):
                listing.pages.append(event.page)
            elif isinstance(event, Ended):
                listing.end = event.outcome
                listing.is_interrupted = is_interruption(event)

    def record(self, now: Now) -> bool:
        """Record the next page of each listing, or its end.

        Returns:
            Whether there is more to record at once.

        Raises:
            LedgerError: Nothing is lost; call again.
        """
        for listing in list(self._running.values()):
            if listing.pages:
                self._record_page(listing, now)
            elif listing.is_at_end:
                self._record_end(listing, now)
        return self.has_news

    def stop_cancelled(self) -> None:
        """Stop the listings that are no longer wanted by the ledger."""
        for listing in self._running.values():
            with self._ledger.read() as db:
                is_current = listing_claims.is_current(db, listing.claim)
            if not is_current:
                self._give_up(listing)

    def requeue_running(self, now: Now) -> None:
        """Queue every running listing again, after the pool was closed at shutdown."""
        for listing in list(self._running.values()):
            self._requeue(listing.claim, now, "shutdown")
        self._running.clear()

    def _start(self, claim: ListingClaim) -> None:
        listing = _Listing(claim)
        self._running[claim.uuid] = listing
        request = list_request(claim, self._layout, self.settings)
        if isinstance(request, Outcome):
            listing.end = request
        else:
            self._pool.start_listing(request)
        log.info("collection.started", collection=claim.uuid, url=claim.url)

    def _record_page(self, listing: _Listing, now: Now) -> None:
        page, claim = listing.pages[0], listing.claim
        if not (listing.is_full or listing.is_given_up):
            with self._ledger.write() as db:
                chosen = listing_pages.record_page(db, claim, page, self._rules(), now)
            failpoints.failpoint("collection.page_recorded", claim.name)
            if chosen is None:
                self._give_up(listing)
            else:
                listing.chosen = chosen
                listing.last_position = page.entries[-1].position
                self._stop_if_full(listing)
        listing.pages.popleft()

    def _stop_if_full(self, listing: _Listing) -> None:
        """Stop a listing of which all that is wanted is selected."""
        selection = listing.claim.selection
        limit = selection.max_items or self.settings.collections.max_items
        if listing.chosen >= limit and not selection.needs_all_pages:
            listing.is_full = True
            self._pool.kill(listing.claim.uuid)

    def _give_up(self, listing: _Listing) -> None:
        listing.is_given_up = True
        self._pool.kill(listing.claim.uuid)

    def _record_end(self, listing: _Listing, now: Now) -> None:
        if listing.is_given_up:
            self._forget(listing)
        elif listing.is_full:
            self._complete(listing, now)
        elif listing.is_interrupted:
            self._requeue(listing.claim, now, "interrupted")
            self._forget(listing)
        elif listing.end is not None and listing.end.listed is None:
            self._fail(listing, listing.end, now)
        elif not self._decide_next_batch(listing, now):
            self._complete(listing, now)

    def _decide_next_batch(self, listing: _Listing, now: Now) -> bool:
        """Decide about entries for which all pages were needed; False after the last."""
        claim = listing.claim
        if not claim.selection.needs_all_pages:
            return False
        if listing.batches is None:
            with self._ledger.read() as db:
                seen = listing_pages.seen_entries(db, claim)
            listing.batches = _batches(in_order(seen, claim.selection.order))
            listing.chosen = 0
        batch = listing.batch or next(listing.batches, None)
        if batch is None:
            return False
        listing.batch = batch  # until it is committed
        with self._ledger.write() as db:
            chosen = listing_pages.decide_entries(
                db, claim, batch, listing.chosen, self._rules(), now
            )
        listing.batch = None
        if chosen is None:
            self._give_up(listing)
        else:
            listing.chosen = chosen
        return True

    def _complete(self, listing: _Listing, now: Now) -> None:
        claim = listing.claim
        totals = listing.end.listed if listing.end else None
        count = None
        if totals is not None and not totals.is_cut:
            count = totals.entries + totals.repeated
        with self._ledger.write() as db:
            done = listing_claims.complete(
                db, claim, now, count=count, is_cut=count is None
            )
            if done:
                open_proven_gates(db, claim, now, PROVEN_BY_LIST)
        failpoints.failpoint("collection.listed", claim.name)
        if done:
            log.info(
                "collection.listed",
                collection=claim.uuid,
                session=claim.session_name,
                entries=listing.last_position,
                selected=listing.chosen,
            )
        self._forget(listing)

    def _fail(self, listing: _Listing, end: Outcome, now: Now) -> None:
        claim = listing.claim
        outcome = end if end.failure is not None else _NO_OUTCOME
        with self._ledger.write() as db:
            decision = record_failure(db, claim, outcome, now, self.settings)
            gates.clear_stale_probe(db)
        if decision is not None:
            log.warning(
                "collection.failed"
                if decision.retry_at is None
                else "collection.waiting",
                collection=claim.uuid,
                session=claim.session_name,
                url=claim.url,
                code=decision.failure.code,
                message=decision.failure.message,
                retry_at=decision.retry_at,
            )
        self._forget(listing)

    def _requeue(self, claim: ListingClaim, now: Now, reason: str) -> None:
        with self._ledger.write() as db:
            listing_claims.requeue_interrupted(db, claim, now, reason)
        publishing.clear_work(self._layout, claim.uuid)

    def _forget(self, listing: _Listing) -> None:
        publishing.clear_work(self._layout, listing.claim.uuid)
        self._running.pop(listing.claim.uuid, None)

    def _rules(self) -> RecordRules:
        return RecordRules(
            quota=self.settings.sessions.quota,
            max_items=self.settings.collections.max_items,
            file_is_gone=audio_is_gone,
        )


_NO_OUTCOME = Outcome(
    failure=Failure(
        kind=FailureKind.UNKNOWN,
        code="no_outcome",
        message="The worker ended without saying what the list has.",
    )
)


def _batches(ordered: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in ordered:
        batch.append(entry)
        if len(batch) == ENTRIES_PER_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
