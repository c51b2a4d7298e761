"""Whether somebody cancels a job that a program runs by itself."""

import time

from ytaudio_daemon.ledger import Ledger, claims
from ytaudio_daemon.ledger.claims import Claim

#: How often a running job is looked up, in seconds.
CANCEL_POLL_S = 1.0


class CancellationPoller:
    """Looks now and then whether somebody has cancelled a running job.

    Args:
        ledger: Holds the wish.
        claim: The attempt.
        holder: Whom the claim belongs to.
    """

    def __init__(self, ledger: Ledger, claim: Claim, holder: str) -> None:
        self._ledger = ledger
        self._claim = claim
        self._holder = holder
        self._polled_at = time.monotonic()
        self.is_requested = False

    def is_cancelled(self) -> bool:
        """Tell whether the job is to be cancelled."""
        now = time.monotonic()
        if not self.is_requested and now - self._polled_at >= CANCEL_POLL_S:
            self._polled_at = now
            with self._ledger.read() as db:
                wanted = claims.cancel_requested_claims(db, self._holder)
            self.is_requested = self._claim.name in {claim.name for claim in wanted}
        return self.is_requested
