"""Whether somebody cancels a job that a program runs by itself."""

import time

from ytaudio_daemon.ledger import Ledger, claims
from ytaudio_daemon.ledger.claims import Claim

#: How often a running job is looked up, in seconds.
CANCEL_LOOK_S = 1.0


class CancelWatch:
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
        self._looked_at = time.monotonic()
        self.is_asked = False

    def is_cancelled(self) -> bool:
        """Tell whether the job is to be cancelled."""
        now = time.monotonic()
        if not self.is_asked and now - self._looked_at >= CANCEL_LOOK_S:
            self._looked_at = now
            with self._ledger.read() as db:
                wanted = claims.cancel_requests(db, self._holder)
            self.is_asked = self._claim.name in {claim.name for claim in wanted}
        return self.is_asked
