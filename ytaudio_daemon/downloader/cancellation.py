"""Notices that a job run by a program is cancelled by another process."""

import time

from ytaudio_daemon.ledger import Ledger, claims
from ytaudio_daemon.ledger.claims import Claim

#: The ledger is read this often, in seconds.
CANCEL_POLL_S = 1.0


class CancellationPoller:
    """Polls the ledger for the cancellation of a running job.

    Args:
        ledger: Holds the request to cancel.
        claim: The attempt.
        holder: The name in the claim.
    """

    def __init__(self, ledger: Ledger, claim: Claim, holder: str) -> None:
        self._ledger = ledger
        self._claim = claim
        self._holder = holder
        self._polled_at = time.monotonic()
        self.is_requested = False

    def is_cancelled(self) -> bool:
        """Return whether the job is to be cancelled, as of the last poll.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        now = time.monotonic()
        if not self.is_requested and now - self._polled_at >= CANCEL_POLL_S:
            self._polled_at = now
            with self._ledger.read() as db:
                wanted = claims.cancel_requested_claims(db, self._holder)
            self.is_requested = self._claim.name in {claim.name for claim in wanted}
        return self.is_requested
