"""How far each receiver has been told, as the ledger knows it."""

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ytaudio_daemon.ledger import Connection, Ledger, meta, outbox
from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.model.clock import Now

if TYPE_CHECKING:
    from ytaudio_daemon.notify.receiver_queue import ReceiverQueue

#: It is kept at most so often, in seconds: each time costs a sync, and what was told in
#: between is told again after a crash.
SAVE_INTERVAL_S = 1.0
#: So often where there was nothing to tell, in seconds: nothing is lost by it.
IDLE_SAVE_INTERVAL_S = 10.0

ReceiverQueues = Mapping[str, "ReceiverQueue"]


class CursorStore:
    """Keeps them, neither too often nor too late.

    Args:
        ledger: Where they are kept.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._saved: Mapping[str, DeliveryCursor] = {}
        self._saved_at = -math.inf

    def sync_receivers(self, keys: Collection[str]) -> Mapping[str, DeliveryCursor]:
        """Return how much the receivers of those keys have been told; forget others.

        A new one is told what happens from now on.

        Raises:
            LedgerError: It cannot be used just now.
        """
        with self._ledger.read() as db:
            known = meta.delivery_cursors(db)
        if known.keys() != set(keys):
            with self._ledger.write() as db:
                known = _sync_receivers(db, known, set(keys))
        self._saved = known
        return known

    def due(self, queues: ReceiverQueues) -> float | None:
        """Return when to call `keep`, by `Now.lived`; None when all is kept."""
        changed = [queues[key] for key in self._unsaved(queues)]
        if not changed:
            return None
        delivered = [queue for queue in changed if queue.has_unsaved_delivery]
        if any(queue.is_drained for queue in delivered):
            return 0.0
        return self._saved_at + (SAVE_INTERVAL_S if delivered else IDLE_SAVE_INTERVAL_S)

    def save_if_due(self, queues: ReceiverQueues, now: Now) -> None:
        """Keep how far everybody has been told, if it is time.

        Raises:
            LedgerError: It cannot be used just now.
        """
        due = self.due(queues)
        if due is not None and now.uptime_s >= due:
            self.save(queues)
            self._saved_at = now.uptime_s

    def save(self, queues: ReceiverQueues) -> None:
        """Keep it now.

        Raises:
            LedgerError: It cannot be used just now.
        """
        changed = self._unsaved(queues)
        if not changed:
            return
        with self._ledger.write() as db:
            for key, told in changed.items():
                meta.save_delivery_cursor(db, key, told)
        self._saved = {**self._saved, **changed}
        for key in changed:
            queues[key].has_unsaved_delivery = False

    def _unsaved(self, queues: ReceiverQueues) -> dict[str, DeliveryCursor]:
        known = self._saved
        return {
            k: queue.delivered
            for k, queue in queues.items()
            if queue.delivered != known[k]
        }


def _sync_receivers(
    db: Connection, known: Mapping[str, DeliveryCursor], wanted: set[str]
) -> dict[str, DeliveryCursor]:
    for key in known.keys() - wanted:
        meta.delete_delivery_cursor(db, key)
    now = DeliveryCursor(cursor=outbox.newest_event_id(db))
    admitted = {key: known.get(key, now) for key in wanted}
    for key in wanted - known.keys():
        meta.save_delivery_cursor(db, key, now)
    return admitted
