"""Queues each look at a followed collection when it is due."""

import structlog

from ytaudio_daemon.ledger import Ledger, subscriptions
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()


class LookQueue:
    """Queues the listings of followed collections; `CollectionLister` runs them.

    The ledger stores when each look is due: a crash loses none, and repeats none.

    Args:
        ledger: Holds the subscriptions.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def recover(self, now: Now) -> None:
        """Reschedule the looks after the daemon was off.

        Raises:
            LedgerError: Nothing was written; call again.
        """
        with self._ledger.write() as db:
            subscriptions.reschedule(db, now)

    def queue_due(self, now: Now) -> bool:
        """Queue some of the looks that are due; returns whether there was any.

        Raises:
            LedgerError: The next call goes on.
        """
        with self._ledger.read() as db:
            if not subscriptions.has_due(db, now):
                return False
        with self._ledger.write() as db:
            number = subscriptions.queue_due(db, now)
        failpoints.failpoint("subscription.due", number)
        log.info("subscription.due", looks=number)
        return number > 0
