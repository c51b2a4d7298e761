"""Writes the pages, decisions and ends of listings to the ledger."""

from dataclasses import replace

import structlog

from ytaudio_daemon.collections.running_listing import RunningListing
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.jobs.config_values import retry_policy
from ytaudio_daemon.jobs.gate_opening import open_proven_gates
from ytaudio_daemon.jobs.outage_suspicion import outage_until
from ytaudio_daemon.jobs.record_failure import SITE_ANSWERED_KINDS
from ytaudio_daemon.ledger import (
    Connection,
    Ledger,
    gates,
    listing_ends,
    listing_pages,
    looks,
)
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.ledger.listing_pages import Entry, RecordRules
from ytaudio_daemon.model import Failure, FailureKind, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import Decision, Surroundings, decide
from ytaudio_daemon.model.egress import EGRESS_GATES
from ytaudio_daemon.model.gates import GATE_OF
from ytaudio_daemon.model.listing import ListedPage
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

NO_OUTCOME = Outcome(
    failure=Failure(
        kind=FailureKind.UNKNOWN,
        code="no_outcome",
        message="The worker ended without saying what the list has.",
    )
)
NOT_RECORDED = Outcome(
    failure=Failure(
        kind=FailureKind.UNKNOWN,
        code="internal_error",
        message="This program made a mistake when it was to list or record this.",
        hint="Report it, with the lines of the daemon's log about this collection.",
    )
)
#: The gates that a listing proves open. One that began behind a closed gate was its probe,
#: for want of a queued job. A list says nothing of ffmpeg or the disk.
PROVEN_BY_LIST = EGRESS_GATES


class ListingRecorder:
    """Records pages, decisions and ends, each in one transaction.

    Every method may be called again after a LedgerError.

    Args:
        ledger: Holds collections, entries and jobs.
        settings: Sections collections, retry and sessions.
    """

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.settings = settings
        self._ledger = ledger

    def record_page(
        self, claim: ListingClaim, page: ListedPage, now: Now
    ) -> int | None:
        """Record a page; see `ledger.listing_pages.record_page`."""
        with self._ledger.write() as db:
            record = looks.record_feed if page.is_feed else listing_pages.record_page
            selected_count = record(db, claim, page, self._rules(), now)
        failpoints.failpoint("collection.page_recorded", claim.name)
        return selected_count

    def seen_entries(self, claim: ListingClaim) -> list[Entry]:
        """Return all entries that an attempt has recorded, by position."""
        with self._ledger.read() as db:
            return listing_pages.seen_entries(db, claim)

    def decide_entries(
        self, claim: ListingClaim, batch: list[Entry], selected_count: int, now: Now
    ) -> int | None:
        """Decide about entries; see `ledger.listing_pages.decide_entries`."""
        with self._ledger.write() as db:
            return listing_pages.decide_entries(
                db, claim, batch, selected_count, self._rules(), now
            )

    def complete(self, listing: RunningListing, now: Now) -> None:
        """Record that a list was read to its end, or as far as its selection reaches."""
        claim = listing.claim
        totals = listing.end.listed if listing.end else None
        count = None
        if totals is not None and not totals.is_cut:
            count = totals.entries + totals.repeated
        with self._ledger.write() as db:
            done = looks.complete(
                db, claim, totals, now, count=count, is_cut=count is None
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
                selected=listing.selected_count,
            )

    def fail(self, claim: ListingClaim, end: Outcome, now: Now) -> None:
        """Record why a listing failed; it waits, or has failed for good."""
        outcome = end if end.failure is not None else NO_OUTCOME
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

    def _rules(self) -> RecordRules:
        return RecordRules(
            quota=self.settings.sessions.quota,
            max_items=self.settings.collections.max_items,
            file_is_gone=audio_is_gone,
        )


def record_failure(
    db: Connection, claim: ListingClaim, outcome: Outcome, now: Now, settings: Settings
) -> Decision | None:
    """Change the state of a collection and of gates as `model.decide` decides.

    Args:
        db: A write transaction.
        claim: The attempt.
        outcome: The outcome of the attempt, with a failure.
        now: The moment.
        settings: Sections retry and sessions.

    Returns:
        None when the attempt is no longer the collection's; nothing was written.
    """
    decision = decide(
        claim.history,
        outcome,
        now,
        retry_policy(settings),
        _surroundings(db, claim, outcome),
    )
    gate = decision.gate
    if gate is not None and gate.name in EGRESS_GATES:
        decision = replace(decision, gate=replace(gate, egress=claim.egress))
    if not listing_ends.record_failure(db, claim, decision, now):
        return None
    if decision.retry_at is None:
        looks.record_failed_look(db, claim)
    if decision.gate is not None:
        gates.close_gate(db, decision.gate)
    elif decision.failure.kind in SITE_ANSWERED_KINDS:
        open_proven_gates(db, claim, now, PROVEN_BY_LIST)
    return decision


def _surroundings(
    db: Connection, claim: ListingClaim, outcome: Outcome
) -> Surroundings:
    failure = outcome.failure
    if failure is None:
        return Surroundings()
    name = GATE_OF.get(failure.kind)
    egress = claim.egress if name in EGRESS_GATES else ""
    gate = None if name is None else gates.find_gate(db, name, egress)
    return Surroundings(gate=gate, outage_until=outage_until(db, failure))
