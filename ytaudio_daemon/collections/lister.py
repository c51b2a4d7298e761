"""Claims collections, has workers list them, and records their pages and ends."""

from collections.abc import Iterable
from functools import partial

import structlog

from ytaudio_daemon.collections.list_requests import prepare_listing
from ytaudio_daemon.collections.recorder import NOT_RECORDED, ListingRecorder
from ytaudio_daemon.collections.running_listing import RunningListing
from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.jobs.config_values import egress_keys, pace
from ytaudio_daemon.jobs.runner import is_interruption
from ytaudio_daemon.ledger import Ledger, listing_claims, listing_ends
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.ledger.listing_pages import Entry
from ytaudio_daemon.model import Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.pool import Ended, Event, Listed, Pool
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.system.item_faults import ItemFaults

log = structlog.get_logger()

#: Pages of one listing that are recorded in one step of the daemon's loop. A long list
#: comes faster than steps, each of which writes status files and receipts as well.
PAGES_PER_STEP = 4


class CollectionLister:
    """Claims collections, has workers list them, and makes jobs of their entries.

    Its state is in the ledger: a listing that is cut off begins anew, and finds the
    entries that it has recorded.

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
        self._recorder = ListingRecorder(ledger, settings)
        self._ledger = ledger
        self._layout = layout
        self._pool = pool
        self._host = host
        self._running: dict[str, RunningListing] = {}
        self._faults = ItemFaults("listings")

    def reload(self, settings: Settings) -> None:
        """Apply new settings; running listings go on with the old request."""
        self.settings = self._recorder.settings = settings

    @property
    def running_count(self) -> int:
        """The number of listings that run, or are still to be recorded."""
        return len(self._running)

    @property
    def has_unrecorded(self) -> bool:
        """Whether a page or an end is still to be recorded."""
        return any(each.pages or each.is_at_end for each in self._running.values())

    def recover(self, now: Now) -> None:
        """Queue the listings that run in the ledger only: after a crash, or a lost commit.

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
            with self._faults.isolated(claim.uuid):
                self._requeue(claim, now, "crash")

    def start_listings(self, now: Now) -> None:
        """Claim collections and start their listings while the pool has room.

        Raises:
            LedgerError: Listings that were claimed before are started; call again.
        """
        while self._pool.free_listing_slots() > 0:
            with self._ledger.write() as db:
                claim = listing_claims.claim_next(
                    db, now, self._host, pace(self.settings), egress_keys(self.settings)
                )
            if claim is None:
                return
            failpoints.failpoint("collection.claimed", claim.name)
            self._start(claim, now)

    def collect(self, events: Iterable[Event]) -> None:
        """Store pages and ends in memory; `record` writes them to the ledger."""
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
        """Record the next pages of each listing, or its end.

        Returns:
            Whether more is to be recorded, so that the next call should follow at once.

        Raises:
            LedgerError: Nothing is lost; call again.
        """
        for listing in list(self._running.values()):
            fail_faulty = partial(self._fail_faulty, listing, now)
            with self._faults.isolated(listing.claim.uuid, fail_faulty):
                self._record_next(listing, now)
        return self.has_unrecorded

    def _record_next(self, listing: RunningListing, now: Now) -> None:
        if listing.pages:
            for _ in range(min(len(listing.pages), PAGES_PER_STEP)):
                self._record_page(listing, now)
        elif listing.is_at_end:
            self._record_end(listing, now)

    def _fail_faulty(self, listing: RunningListing, now: Now) -> None:
        """Fail a listing whose page or end raised an error of this program."""
        self._pool.kill(listing.claim.uuid)
        with self._faults.isolated(f"{listing.claim.uuid} end"):
            self._recorder.fail(listing.claim, NOT_RECORDED, now)
        self._forget(listing)

    def stop_cancelled(self) -> None:
        """Stop the listings that are cancelled in the ledger."""
        for listing in self._running.values():
            with self._ledger.read() as db:
                is_current = listing_ends.is_current(db, listing.claim)
            if not is_current:
                self._abandon(listing)

    def requeue_running(self, now: Now) -> None:
        """Queue every running listing again, after the pool was closed at shutdown."""
        for listing in list(self._running.values()):
            self._requeue(listing.claim, now, "shutdown")
        self._running.clear()

    def _start(self, claim: ListingClaim, now: Now) -> None:
        listing = RunningListing(claim)
        self._running[claim.uuid] = listing
        request = prepare_listing(claim, self._layout, self.settings, now)
        if isinstance(request, Outcome):
            listing.end = request
        else:
            self._pool.start(request)
        log.info("collection.started", collection=claim.uuid, url=claim.url)

    def _record_page(self, listing: RunningListing, now: Now) -> None:
        page, claim = listing.pages[0], listing.claim
        if not (listing.is_full or listing.is_abandoned):
            selected_count = self._recorder.record_page(claim, page, now)
            if selected_count is None:
                self._abandon(listing)
            else:
                listing.selected_count = selected_count
                listing.last_position = page.entries[-1].position
                self._stop_if_full(listing)
        listing.pages.popleft()

    def _stop_if_full(self, listing: RunningListing) -> None:
        """Stop a listing that has selected as many entries as it may."""
        selection = listing.claim.selection
        limit = selection.max_items or self.settings.collections.max_items
        if listing.selected_count >= limit and listing.claim.decides_at_once:
            listing.is_full = True
            self._pool.kill(listing.claim.uuid)

    def _abandon(self, listing: RunningListing) -> None:
        listing.is_abandoned = True
        self._pool.kill(listing.claim.uuid)

    def _record_end(self, listing: RunningListing, now: Now) -> None:
        if listing.is_abandoned:
            self._forget(listing)
        elif listing.is_full:
            self._recorder.complete(listing, now)
            self._forget(listing)
        elif listing.is_interrupted:
            self._requeue(listing.claim, now, "interrupted")
            self._forget(listing)
        elif listing.end is not None and listing.end.listed is None:
            self._recorder.fail(listing.claim, listing.end, now)
            self._forget(listing)
        elif batch := listing.next_batch(self._recorder.seen_entries):
            self._decide(listing, batch, now)
        else:
            self._recorder.complete(listing, now)
            self._forget(listing)

    def _decide(self, listing: RunningListing, batch: list[Entry], now: Now) -> None:
        """Decide about a batch of entries after the last page."""
        selected_count = self._recorder.decide_entries(
            listing.claim, batch, listing.selected_count, now
        )
        listing.finish_batch()
        if selected_count is None:
            self._abandon(listing)
        else:
            listing.selected_count = selected_count

    def _requeue(self, claim: ListingClaim, now: Now, reason: str) -> None:
        with self._ledger.write() as db:
            listing_ends.requeue_interrupted(db, claim, now, reason)
        publishing.clear_work(self._layout, claim.uuid)

    def _forget(self, listing: RunningListing) -> None:
        publishing.clear_work(self._layout, listing.claim.uuid)
        self._running.pop(listing.claim.uuid, None)
