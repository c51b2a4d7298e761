"""Transitions of a running attempt in the ledger; each may turn into a cancellation."""

from collections.abc import Callable
from typing import TypeVar

import structlog

from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.ledger import Connection, Ledger, gates, transitions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

log = structlog.get_logger()

T = TypeVar("T")


class AttemptTransitions:
    """Writes a transition of an attempt, or cancels its job where a person asked for that.

    Args:
        ledger: Holds the jobs.
        layout: Where the work of a cancelled job is.
    """

    def __init__(self, ledger: Ledger, layout: Layout) -> None:
        self._ledger = ledger
        self._layout = layout

    def change_or_cancel(
        self,
        claim: Claim,
        quota: Quota,
        now: Now,
        transition: Callable[[Connection], T],
    ) -> T:
        """Write a transition; if it is refused because of a cancellation, cancel the job.

        In one transaction: between two, the link may be given once more.

        Args:
            claim: The attempt.
            quota: The config's, for the held job that may enter then.
            now: The moment.
            transition: Writes to the ledger; returns something false if it is refused.

        Returns:
            What `transition` returned.
        """
        with self._ledger.write() as db:
            written = transition(db)
            cancelled = not written and transitions.cancel_running(
                db, claim.fence, now, quota
            )
            gates.clear_stale_probe(db)
        if cancelled:
            publishing.clear_work(self._layout, claim.uuid)
            log.info("job.cancelled", job=claim.uuid, session=claim.session_name)
        return written

    def cancel(self, claim: Claim, quota: Quota, now: Now) -> None:
        """Cancel the job if its cancellation was asked for."""
        self.change_or_cancel(claim, quota, now, lambda _: None)
