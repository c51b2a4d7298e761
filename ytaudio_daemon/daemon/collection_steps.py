"""The loop's steps for collections: record what listings found, claim and start others.

Also those for subscriptions: queue the looks that are due, remove the files beyond
`keep_last`.
"""

import math

from ytaudio_daemon.daemon.schedule import Schedule, Step
from ytaudio_daemon.daemon.services import Services
from ytaudio_daemon.jobs.config_values import retry_policy
from ytaudio_daemon.jobs.next_claim import DUE_MARGIN_S, seconds_to_next_claim
from ytaudio_daemon.ledger import listing_claims, listing_ends
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import max_retry_delay_s


class CollectionSteps:
    """Drives the lister; sets when collections are due to be listed.

    Args:
        services: All parts of the daemon.
        schedule: Holds the due times.
    """

    def __init__(self, services: Services, schedule: Schedule) -> None:
        self._ledger = services.ledger
        self._pool = services.pool
        self._lister = services.collection_lister
        self._look_queue = services.look_queue
        self._old_file_remover = services.old_file_remover
        self._schedule = schedule

    def record(self, now: Now) -> bool:
        """Record pages and ends of listings; return whether there is more at once.

        Raises:
            LedgerError: The next call goes on.
        """
        if not self._lister.has_unrecorded:
            return False
        has_more = self._lister.record(now)
        self._schedule.due_now(Step.CLAIMS, Step.COLLECTIONS)
        return has_more

    def look_again(self, now: Now, mono: float) -> bool:
        """Queue looks that are due, and remove some old files.

        Returns:
            Whether there is more at once.

        Raises:
            LedgerError: The next call goes on.
        """
        if not self._schedule.is_due(Step.SUBSCRIPTIONS, mono):
            return False
        has_more = self._look_queue.queue_due(now)
        if has_more:
            self._schedule.due_now(Step.COLLECTIONS)
        has_more = self._old_file_remover.remove_some(now) or has_more
        if not has_more:
            self._schedule.done(Step.SUBSCRIPTIONS)
        return has_more

    def start(self, now: Now, mono: float) -> None:
        """Claim and start listings while there is room; set when to claim again.

        Raises:
            LedgerError: The next call goes on.
        """
        if not self._schedule.is_due(Step.COLLECTIONS, mono):
            return
        with self._ledger.read() as db:
            soonest = listing_claims.next_retry_at(db)
            is_wanted = listing_claims.has_queued(db)
        if soonest is None and not is_wanted:
            self._schedule.done(Step.COLLECTIONS)
            return
        is_wanted = self._requeue_due(soonest, now) or is_wanted
        if is_wanted and self._pool.free_listing_slots():
            self._ledger.check_not_replaced()
            self._lister.start_listings(now)
        self._schedule.due_in(Step.COLLECTIONS, self._seconds_to_next(now), mono)

    def _requeue_due(self, soonest: float | None, now: Now) -> bool:
        """Queue the waiting collections whose time has come; return whether any has."""
        furthest_s = max_retry_delay_s(retry_policy(self._lister.settings))
        if soonest is None or now.wall < soonest <= now.wall + furthest_s:
            return False
        with self._ledger.write() as db:
            listing_ends.requeue_due(db, now, furthest_s)
        return True

    def _seconds_to_next(self, now: Now) -> float:
        """Return the seconds after which a listing may start without any other event."""
        with self._ledger.read() as db:
            soonest = listing_claims.next_retry_at(db)
            retry_s = math.inf if soonest is None else max(0.0, soonest - now.wall)
            if not self._pool.free_listing_slots() or not listing_claims.has_queued(db):
                return retry_s + DUE_MARGIN_S
            claim_s = seconds_to_next_claim(db, self._lister.settings, now)
        return min(claim_s, retry_s + DUE_MARGIN_S)
