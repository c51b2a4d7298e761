"""Delivers notifications to all receivers, a step at a time, for the daemon's loop."""

import math
import select
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ytaudio_daemon.ledger import Ledger, outbox
from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify.backoff import DeliveryBackoff
from ytaudio_daemon.notify.cursors import CursorStore
from ytaudio_daemon.notify.health_debounce import DegradedState
from ytaudio_daemon.notify.receivers import Receiver, receivers_of
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.clock import Clock
from ytaudio_daemon.system.item_faults import ItemFaults

if TYPE_CHECKING:
    from ytaudio_daemon.notify.receiver_queue import ReceiverQueue

#: The shortest time between two reads of the ledger, in seconds.
READ_INTERVAL_S = 0.2
#: At shutdown, batches under way may take so long, in seconds.
SHUTDOWN_TIMEOUT_S = 1.0


class Notifications:
    """Delivers the ledger's events to the receivers that the settings name.

    No method waits for a receiver.

    Args:
        ledger: Holds the events, and each receiver's cursor.
        settings: `[notify]` names the receivers; messages mention other sections.
        host: The machine's name, for messages.
        state_id: Marks delivery processes, so that a later daemon finds orphans.
        degraded_state: Replaces the one that waits 60 s, for tests.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        *,
        host: str,
        state_id: str,
        degraded_state: DegradedState | None = None,
    ) -> None:
        self._ledger = ledger
        self._cursors = CursorStore(ledger)
        self._host = host
        self._state_id = state_id
        #: Updated by the daemon's loop; its changes become messages.
        self.degraded_state = degraded_state or DegradedState()
        self._epoll = select.epoll()
        self._queues: dict[str, ReceiverQueue] = {}
        self._faults = ItemFaults("notify")
        self._stopping: list[ReceiverQueue] = []
        self._last_read_at = -math.inf
        self._read_needed = False
        self._newest_event = 0
        self.reload(settings)

    def fileno(self) -> int:
        """Return a descriptor that is readable when a delivery process has ended."""
        return self._epoll.fileno()

    def reload(self, settings: Settings) -> None:
        """Apply new settings; `deliver_pending` then changes the receivers."""
        self._settings = settings
        self._receivers = {one.key: one for one in receivers_of(settings.notify)}
        self._queues_ready = False

    def poll(self, now: Now) -> None:
        """Handle results and ends of delivery processes; never fails."""
        for queue in (*self._queues.values(), *self._stopping):
            queue.poll(now)
        self._stopping = [queue for queue in self._stopping if queue.is_sending]

    def deliver_pending(self, now: Now) -> None:
        """Read events, start batches, save cursors: whatever is due.

        Raises:
            LedgerError: The ledger is out of order; nothing is lost.
        """
        if not self._queues_ready:
            self._sync_queues(now)
        try:
            self._read_events(now)
        finally:  # a ledger that cannot be read degrades the daemon: a message, too
            for queue in self._queues.values():
                with self._faults.isolated(queue.receiver.name):
                    queue.send(now)
        self._cursors.save_if_due(self._queues, now)

    def next_due(self, now: Now) -> float | None:
        """Return seconds until `deliver_pending` is due; None: no need."""
        if not self._queues and not self._stopping:
            return None
        times = [self.degraded_state.due(now.uptime_s), self._cursors.due(self._queues)]
        times += [
            queue.next_due(now) for queue in (*self._queues.values(), *self._stopping)
        ]
        if self._read_needed:
            times.append(self._last_read_at + READ_INTERVAL_S)
        if self._queues_behind():
            times.append(now.uptime_s)
        known = [due for due in times if due is not None]
        return max(0.0, min(known) - now.uptime_s) if known else None

    def delivery_problems(self) -> list[tuple[str, str, str]]:
        """Return (code, message, hint) for each receiver that cannot be reached."""
        return [
            delivery_problem(queue.receiver, queue.backoff)
            for queue in self._queues.values()
            if queue.backoff.should_report
        ]

    def close(self, clock: Clock) -> None:
        """Wait briefly for batches under way, end all processes, save the cursors.

        Raises:
            LedgerError: The cursors are not saved: some messages will be sent again.
        """
        until = time.monotonic() + SHUTDOWN_TIMEOUT_S
        queues = [*self._queues.values(), *self._stopping]
        self._poll_until_ended(self._queues.values(), clock, until)
        for queue in queues:
            queue.stop(clock.now())
        self._poll_until_ended(queues, clock, math.inf)
        self._epoll.close()
        self._cursors.save(self._queues)

    def _poll_until_ended(
        self, queues: Iterable["ReceiverQueue"], clock: Clock, until: float
    ) -> None:
        while any(queue.is_sending for queue in queues) and time.monotonic() < until:
            self._epoll.poll(0.1)
            self.poll(clock.now())

    def _sync_queues(self, now: Now) -> None:
        """Create, update and remove queues, so that each receiver has one."""
        cursors = self._cursors.sync_receivers(self._receivers.keys())
        old, self._queues = self._queues, {}
        for key, receiver in self._receivers.items():
            queue = old.get(key)
            if queue is not None and queue.receiver == receiver:
                queue.reload(self._settings)
                self._queues[key] = old.pop(key)
            else:
                delivered = queue.delivered if queue else cursors[key]
                self._queues[key] = self._new_queue(receiver, delivered)
        for queue in old.values():
            queue.stop(now)
            self._stopping.append(queue)
        self._queues_ready = self._read_needed = True

    def _new_queue(
        self, receiver: Receiver, delivered: DeliveryCursor
    ) -> "ReceiverQueue":
        from ytaudio_daemon.notify import receiver_queue  # noqa: PLC0415 - 300 KiB that a daemon without receivers saves

        context = receiver_queue.QueueContext(
            host=self._host,
            state_id=self._state_id,
            epoll=self._epoll,
            degraded_state=self.degraded_state,
        )
        return receiver_queue.ReceiverQueue(
            receiver, self._settings, context, delivered
        )

    def _read_events(self, now: Now) -> None:
        """Read a page of events for each queue that has room for them."""
        self._read_needed = now.uptime_s < self._last_read_at + READ_INTERVAL_S
        if not self._queues or (self._read_needed and not self._queues_behind()):
            return
        self._last_read_at, self._read_needed = now.uptime_s, False
        with self._ledger.read() as db:
            self._newest_event = outbox.newest_event_id(db)
            for queue in self._queues_behind():
                with self._faults.isolated(f"{queue.receiver.name} events"):
                    queue.read_events(db, now)

    def _queues_behind(self) -> list["ReceiverQueue"]:
        """Return the queues that lack known events and have room for them."""
        queues = self._queues.values()
        return [
            queue
            for queue in queues
            if queue.read_cursor < self._newest_event and queue.capacity()
        ]


def delivery_problem(
    receiver: Receiver, backoff: DeliveryBackoff
) -> tuple[str, str, str]:
    """Return (code, message, hint) for a receiver that cannot be reached. Pure."""
    lost = backoff.dropped_count
    given_up = f" {lost:,} notices were given up." if lost else ""
    return (
        "notify_failing",
        f"[notify] {receiver.name}: {backoff.last_error}.{given_up}",
        "Try it with `ytaudio notify test`. Downloads continue; the notices are sent later.",
    )
