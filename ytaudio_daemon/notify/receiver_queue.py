"""One receiver's post: what it is still to be told, and the courier on its way.

A receiver is told one thing after the other, in order. While it fails the rest waits in
the ledger; nothing but a small window is held in memory.
"""

from dataclasses import dataclass, replace

import structlog

from ytaudio_daemon.ledger import Connection
from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify.backoff import DeliveryBackoff
from ytaudio_daemon.notify.delivery.result import DeliveryResult, retry_later
from ytaudio_daemon.notify.health_debounce import DegradedState
from ytaudio_daemon.notify.message_builders import MessageBuilder
from ytaudio_daemon.notify.notify_event import DEGRADED, RECOVERED, events_after
from ytaudio_daemon.notify.receivers import Receiver
from ytaudio_daemon.notify.send_window import SendWindow
from ytaudio_daemon.notify.sender import Sender

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRules:
    """What the settings say of all receivers: `[notify] on`, `give_up`."""

    on: frozenset[str]
    give_up_s: float


class ReceiverQueue:
    """Everything about one receiver.

    Args:
        receiver: Who is told.
        builder: Turns news into what it is told.
        sender: Has its courier.
        rules: The settings' part; may be set anew.
        delivered: How much it has been told, from the ledger.
    """

    def __init__(
        self,
        receiver: Receiver,
        builder: MessageBuilder,
        sender: Sender,
        *,
        rules: DeliveryRules,
        delivered: DeliveryCursor,
    ) -> None:
        self.receiver = receiver
        self.builder = builder
        self.rules = rules
        self.delivered = delivered
        #: The last event that was read for it.
        self.read_cursor = delivered.cursor
        #: It was told something that the ledger does not know of yet.
        self.has_unsaved_delivery = False
        self.backoff = DeliveryBackoff()
        self._sender = sender
        self._window = SendWindow()

    @property
    def is_drained(self) -> bool:
        """Whether it has been told all that was read for it."""
        return not self._window and self.builder.due() is None

    def capacity(self) -> int:
        """Return how many more news it takes now."""
        return self.builder.capacity(len(self._window))

    def read_events(self, db: Connection, now: Now) -> None:
        """Read a page of news; what is too old for a dead receiver is passed over."""
        page = events_after(db, self.read_cursor, self.rules.on, self.capacity())
        events = list(page.events)
        if self.backoff.has_timed_out(now.uptime_s, self.rules.give_up_s):
            fresh = [
                one
                for one in events
                if not is_expired(one.at, now, self.rules.give_up_s)
            ]
            self._record_dropped(len(events) - len(fresh))
            events = fresh
        self.builder.add(events, now)
        self.read_cursor = page.cursor

    def queue_health_change(self, degraded_state: DegradedState, now: Now) -> None:
        """Have it told that the daemon is degraded, or well again, if it is not yet."""
        is_degraded = degraded_state.is_degraded
        if is_degraded in {None, self._window.announced_degraded(self.delivered)}:
            return
        if (DEGRADED if is_degraded else RECOVERED) not in self.rules.on:
            self.delivered = replace(self.delivered, degraded=is_degraded)
            return
        self._window.drop_unsent_health(self._sender.in_flight)
        if is_degraded != self._window.announced_degraded(self.delivered):
            message = self.builder.health_message(degraded_state, now)
            self._window.add(message)

    def poll(self, now: Now) -> None:
        """Hear what the courier says; give up one that says nothing for too long."""
        for number, result in self._sender.results():
            self._handle_result(number, result, now)
        if self._sender.is_overdue(now):
            timeout = self.receiver.target.timeout_s
            self._handle_failure(
                retry_later(f"did not answer within {timeout:g} s"), now
            )
        self._sender.stop_idle_or_reap(now, is_idle=not self._window)

    def send(self, now: Now) -> None:
        """Give the courier what there is to tell, unless it is to be left alone."""
        for message in self.builder.pop_messages(
            self.read_cursor, len(self._window), now
        ):
            self._window.add(message)
        if self.is_drained:
            self.delivered = replace(self.delivered, cursor=self.read_cursor)
        if not self._window or now.uptime_s < (self.backoff.due or 0.0):
            return
        failure = self._sender.send(self._window.all(), now)
        if failure is not None:
            self._handle_failure(failure, now)

    def next_due(self, now: Now) -> float | None:
        """Return when to call again, by `Now.lived`; None when only a word matters."""
        times = [self._sender.next_due(now)]
        if not self._window:
            times.append(self.builder.due())
        elif self._sender.can_send:
            times.append(max(now.uptime_s, self.backoff.due or 0.0))
        return min((due for due in times if due is not None), default=None)

    def stop(self) -> None:
        """Have its courier go, with what it is doing."""
        self._sender.stop(at_once=True)

    def is_gone(self, now: Now) -> bool:
        """Tell whether nothing of it runs any more."""
        self._sender.stop_idle_or_reap(now, is_idle=False)
        return self._sender.is_stopped

    @property
    def is_sending(self) -> bool:
        """Whether something is being told right now."""
        return self._sender.in_flight > 0

    def _handle_result(self, number: int, result: DeliveryResult, now: Now) -> None:
        """Take in an answer; a failure's number says that those before were told."""
        delivered = number if result.ok else number - 1
        while self._sender.in_flight and self._window.first[0] <= delivered:
            self.delivered = self._window.pop_first(self.delivered)
            self._sender.ack(now)
            self.has_unsaved_delivery = True
            if self.backoff.failures:
                log.info("notify.recovered", receiver=self.receiver.name)
            self.backoff.on_success()
        if not result.ok:
            self._handle_failure(result, now)

    def _handle_failure(self, result: DeliveryResult, now: Now) -> None:
        """Note a failure; a courier that had nothing to do may go as it likes."""
        was_busy = self._sender.in_flight > 0 or self._sender.is_stopped
        self._sender.stop(at_once=True)
        if not was_busy:
            return
        if not self.backoff.failures:
            log.warning("notify.failed", receiver=self.receiver.name, error=result.said)
        self.backoff.on_failure(result, now.uptime_s)
        if self.backoff.should_drop_message():
            self._record_dropped(self._window.first[1].size)
            self.delivered = self._window.pop_first(self.delivered)
        elif self.backoff.has_timed_out(now.uptime_s, self.rules.give_up_s):
            while self._window and is_expired(
                self._window.first[1].at, now, self.rules.give_up_s
            ):
                self._record_dropped(self._window.first[1].size)
                self.delivered = self._window.pop_first(self.delivered)

    def _record_dropped(self, notices: int) -> None:
        if not notices:
            return
        self.backoff.on_dropped(notices)
        log.warning(
            "notify.gave_up",
            receiver=self.receiver.name,
            notices=notices,
            error=self.backoff.last_error,
        )


def is_expired(at: float, now: Now, give_up_s: float) -> bool:
    """Tell whether something has waited for so long to be told. Pure.

    A time to come is from a clock that jumped.
    """
    return not now.wall - give_up_s < at <= now.wall
