"""Saves in the ledger how far the events have been delivered to each receiver."""

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ytaudio_daemon.ledger import Connection, Ledger, meta, outbox
from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.model.clock import Now

if TYPE_CHECKING:
    from ytaudio_daemon.notify.receiver_queue import ReceiverQueue

#: The shortest time between two saves, in seconds: each costs a sync, and what was
#: delivered in between is delivered again after a crash.
SAVE_INTERVAL_S = 1.0
#: The same while the cursors only passed over events that concern no receiver.
IDLE_SAVE_INTERVAL_S = 10.0

ReceiverQueues = Mapping[str, "ReceiverQueue"]


class CursorStore:
    """Saves the cursors of all receivers, at most once a second.

    All methods that use the ledger raise LedgerError when it is out of order; nothing
    is lost then.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._saved: Mapping[str, DeliveryCursor] = {}
        self._saved_at = -math.inf

    def sync_receivers(self, keys: Collection[str]) -> Mapping[str, DeliveryCursor]:
        """Return each configured receiver's saved cursor.

        Deletes the cursors of removed receivers; new ones start at the newest event.
        """
        with self._ledger.read() as db:
            saved = meta.delivery_cursors(db)
        if saved.keys() != set(keys):
            with self._ledger.write() as db:
                saved = _sync_receivers(db, saved, set(keys))
        self._saved = saved
        return saved

    def due(self, queues: ReceiverQueues) -> float | None:
        """Return when to save next, as `Now.uptime_s`; None when all is saved."""
        changed = [queues[key] for key in self._unsaved(queues)]
        if not changed:
            return None
        delivered = [queue for queue in changed if queue.has_unsaved_delivery]
        if any(queue.is_drained for queue in delivered):
            return 0.0
        return self._saved_at + (SAVE_INTERVAL_S if delivered else IDLE_SAVE_INTERVAL_S)

    def save_if_due(self, queues: ReceiverQueues, now: Now) -> None:
        """Save the cursors that have changed, if it is time."""
        due = self.due(queues)
        if due is not None and now.uptime_s >= due:
            self.save(queues)
            self._saved_at = now.uptime_s

    def save(self, queues: ReceiverQueues) -> None:
        """Save the cursors that have changed."""
        changed = self._unsaved(queues)
        if not changed:
            return
        with self._ledger.write() as db:
            for key, delivered in changed.items():
                meta.save_delivery_cursor(db, key, delivered)
        self._saved = {**self._saved, **changed}
        for key in changed:
            queues[key].has_unsaved_delivery = False

    def _unsaved(self, queues: ReceiverQueues) -> dict[str, DeliveryCursor]:
        return {
            key: queue.delivered
            for key, queue in queues.items()
            if queue.delivered != self._saved[key]
        }


def _sync_receivers(
    db: Connection, saved: Mapping[str, DeliveryCursor], wanted: set[str]
) -> dict[str, DeliveryCursor]:
    for key in saved.keys() - wanted:
        meta.delete_delivery_cursor(db, key)
    newest = DeliveryCursor(cursor=outbox.newest_event_id(db))
    for key in wanted - saved.keys():
        meta.save_delivery_cursor(db, key, newest)
    return {key: saved.get(key, newest) for key in wanted}
