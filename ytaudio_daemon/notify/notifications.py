"""All receivers together, for the daemon's loop: nothing here waits for anybody."""

import math
import select
import time
from typing import TYPE_CHECKING

from ytaudio_daemon.ledger import Ledger, outbox
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify.backoff import DeliveryBackoff
from ytaudio_daemon.notify.cursors import CursorStore
from ytaudio_daemon.notify.health_debounce import DegradedState
from ytaudio_daemon.notify.receivers import Receiver, receivers_of
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.clock import Clock

if TYPE_CHECKING:
    from ytaudio_daemon.notify.receiver_queue import ReceiverQueue

#: The ledger is looked into at most so often, in seconds.
READ_INTERVAL_S = 0.2
#: At a stop, deliveries under way may take so long, in seconds.
SHUTDOWN_TIMEOUT_S = 1.0


class Notifications:
    """Tells the receivers of the settings what the ledger's events say.

    Args:
        ledger: Has the events, and how far each receiver has been told.
        settings: Section notify above all.
        host: The machine's name, for messages.
        state_id: Marks couriers, so that a later daemon knows them.
        degraded_state: Another debouncing, for tests.
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
        #: How the daemon is: told by the loop, passed on to receivers.
        self.degraded_state = degraded_state or DegradedState()
        self._epoll = select.epoll()
        self._queues: dict[str, ReceiverQueue] = {}
        self._stopping: list[ReceiverQueue] = []
        self._last_read_at = -math.inf
        self._read_needed = False
        self._newest_event = 0
        self.reload(settings)

    def fileno(self) -> int:
        """Readable when a courier says something."""
        return self._epoll.fileno()

    def reload(self, settings: Settings) -> None:
        """Take up new settings; the receivers change with the next step."""
        self._settings = settings
        self._receivers = {one.key: one for one in receivers_of(settings.notify)}
        self._queues_ready = False

    def poll(self, now: Now) -> None:
        """Take in what couriers say, and bury those that are gone; never fails."""
        for queue in self._queues.values():
            queue.poll(now)
        self._stopping = [queue for queue in self._stopping if not queue.is_gone(now)]

    def deliver_pending(self, now: Now) -> None:
        """Read, send, keep: as far as that goes without waiting.

        Raises:
            LedgerError: The ledger cannot be used just now; nothing is lost.
        """
        if not self._queues_ready:
            self._sync_queues()
        try:
            self._read_events(now)
        finally:  # that it cannot be read is worth telling
            for queue in self._queues.values():
                queue.queue_health_change(self.degraded_state, now)
                queue.send(now)
        self._cursors.save_if_due(self._queues, now)

    def next_due(self, now: Now) -> float | None:
        """Return seconds until `step` is to be called again; None if never."""
        if not self._queues and not self._stopping:
            return None
        times = [self.degraded_state.due(now.uptime_s), self._cursors.due(self._queues)]
        times += [
            queue.next_due(now) for queue in (*self._queues.values(), *self._stopping)
        ]
        if self._read_needed:
            times.append(self._last_read_at + READ_INTERVAL_S)
        if self._has_unread_events():
            times.append(now.uptime_s)
        known = [due for due in times if due is not None]
        return max(0.0, min(known) - now.uptime_s) if known else None

    def delivery_problems(self) -> list[tuple[str, str, str]]:
        """Return (code, message, hint) of each receiver that cannot be told."""
        queues = self._queues.values()
        return [
            delivery_problem(p.receiver, p.backoff)
            for p in queues
            if p.backoff.should_report
        ]

    def close(self, clock: Clock) -> None:
        """Let deliveries under way end for a moment, keep how far they came, end all.

        Raises:
            LedgerError: It could not be kept: what was told last is told again.
        """
        enough = time.monotonic() + SHUTDOWN_TIMEOUT_S
        queues = list(self._queues.values())
        while any(p.is_sending for p in queues) and time.monotonic() < enough:
            self._epoll.poll(enough - time.monotonic())
            for queue in queues:
                queue.poll(clock.now())
        for queue in queues:
            queue.stop()
        leaving = [*queues, *self._stopping]
        while leaving := [queue for queue in leaving if not queue.is_gone(clock.now())]:
            self._epoll.poll(0.01)
        self._epoll.close()
        self._cursors.save(self._queues)

    def _sync_queues(self) -> None:
        """Have a post for each receiver of the settings, and for nobody else."""
        delivered = self._cursors.sync_receivers(self._receivers.keys())
        old, self._queues = self._queues, {}
        if self._receivers:
            from ytaudio_daemon.notify import factory  # noqa: PLC0415 - 300 KiB which nobody else needs

            sender_context = factory.SenderContext(
                settings=self._settings,
                host=self._host,
                epoll=self._epoll,
                state_id=self._state_id,
            )
            self._queues = {
                key: factory.receiver_queue(
                    receiver, old.get(key), delivered[key], sender_context
                )
                for key, receiver in self._receivers.items()
            }
        kept = set(map(id, self._queues.values()))
        for queue in old.values():
            if id(queue) not in kept:
                queue.stop()
                self._stopping.append(queue)
        self._queues_ready = self._read_needed = True

    def _read_events(self, now: Now) -> None:
        """Read a page of news for each post that has room."""
        self._read_needed = now.uptime_s < self._last_read_at + READ_INTERVAL_S
        if not self._queues or (self._read_needed and not self._has_unread_events()):
            return
        self._last_read_at, self._read_needed = now.uptime_s, False
        with self._ledger.read() as db:
            self._newest_event = outbox.newest_event_id(db)
            for queue in self._queues_behind():
                queue.read_events(db, now)

    def _queues_behind(self) -> list["ReceiverQueue"]:
        """Return the posts that have room for news that there are."""
        queues = self._queues.values()
        return [
            queue
            for queue in queues
            if queue.read_cursor < self._newest_event and queue.capacity()
        ]

    def _has_unread_events(self) -> bool:
        return bool(self._queues_behind())


def delivery_problem(
    receiver: Receiver, backoff: DeliveryBackoff
) -> tuple[str, str, str]:
    """Return (code, message, hint) about a receiver that cannot be told. Pure."""
    lost = backoff.dropped_count
    given_up = f" {lost:,} notices were given up." if lost else ""
    return (
        "notify_failing",
        f"[notify] {receiver.name}: {backoff.last_error}.{given_up}",
        "Try it with `ytaudio notify test`. Downloads go on; it is told later.",
    )
