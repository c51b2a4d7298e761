"""Delivers the messages of one receiver, in order. It is in one of three states.

- idle: no process runs; it waits for messages.
- sending: a delivery process has a batch, which ends with the first failure.
- backoff: the last batch failed; the next one starts when the pause is over.

While a receiver fails, all but the messages of two batches waits in the ledger.
"""

import select
from collections import deque
from dataclasses import dataclass, replace

import structlog

from ytaudio_daemon.ledger import Connection
from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify.backoff import DeliveryBackoff
from ytaudio_daemon.notify.delivery.launcher import DeliveryProcess
from ytaudio_daemon.notify.delivery.result import DeliveryResult, retry_later
from ytaudio_daemon.notify.health_debounce import DegradedState
from ytaudio_daemon.notify.message_builders import Message, message_builder
from ytaudio_daemon.notify.notify_event import (
    DEGRADED,
    RECOVERED,
    NotifyEvent,
    events_after,
)
from ytaudio_daemon.notify.receivers import Receiver
from ytaudio_daemon.settings import Settings

#: A process costs 0.1 s of CPU, so batches start no more often than this, in seconds.
START_INTERVAL_S = 1.0
#: Results are read so often while a batch is under way, in seconds. Waking the daemon
#: for each of 200 would cost more than the delivery.
POLL_INTERVAL_S = 0.5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueContext:
    """What all queues of a daemon share.

    Attributes:
        host: The machine's name, for messages.
        state_id: Marks delivery processes, so that a later daemon finds orphans.
        epoll: Wakes the daemon when a delivery process ends.
        degraded_state: Whether the daemon is degraded.
    """

    host: str
    state_id: str
    epoll: select.epoll
    degraded_state: DegradedState


class ReceiverQueue:
    """The messages of one receiver, and the batch that is under way.

    Attributes:
        receiver: The receiver.
        delivered: The last event delivered, and the last health (degraded or not) that
            the receiver was told.
        read_cursor: The last event read from the ledger.
        has_unsaved_delivery: A message was delivered that the ledger does not know of.
        backoff: Its failures.
    """

    def __init__(
        self,
        receiver: Receiver,
        settings: Settings,
        context: QueueContext,
        delivered: DeliveryCursor,
    ) -> None:
        self.receiver = receiver
        self.delivered = delivered
        self.read_cursor = delivered.cursor
        self.has_unsaved_delivery = False
        self.backoff = DeliveryBackoff()
        self._context = context
        self._notify = settings.notify
        self._builder = message_builder(receiver, settings, context.host)
        #: Not yet delivered; the messages of a batch stay until their results are read.
        self._pending: deque[Message] = deque()
        self._process: DeliveryProcess | None = None
        self._next_start = 0.0

    def reload(self, settings: Settings) -> None:
        """Apply new settings; the receiver itself has not changed."""
        self._notify = settings.notify
        self._builder.reload(settings, self._context.host)

    @property
    def is_sending(self) -> bool:
        """Whether a delivery process runs."""
        return self._process is not None

    @property
    def is_drained(self) -> bool:
        """Whether everything that was read has been delivered."""
        return not self._pending and self._builder.due() is None

    def capacity(self) -> int:
        """Return how many more events may be read now."""
        return self._builder.capacity()

    def read_events(self, db: Connection, now: Now) -> None:
        """Read a page of events; drop old ones when the receiver has failed too long."""
        events, cursor = events_after(
            db, self.read_cursor, self._notify.on, self.capacity()
        )
        if self._has_given_up(now):
            fresh = [event for event in events if not self._is_too_old(event, now)]
            self._record_dropped(len(events) - len(fresh))
            events = fresh
        self._builder.add(events, now)
        self.read_cursor = cursor

    def send(self, now: Now) -> None:
        """Start a batch if there are messages and none is under way; never fails."""
        if self.is_sending:
            return
        if not self._pending:
            self._pending.extend(self._builder.pop_messages(self.read_cursor, now))
        if self.is_drained:
            self.delivered = replace(self.delivered, cursor=self.read_cursor)
        self._skip_muted_health()
        has_messages = self._pending or self._has_health_message()
        if has_messages and now.uptime_s >= self._earliest_start():
            self._start_batch(now)

    def poll(self, now: Now) -> None:
        """Handle what the delivery process has done since the last call; never fails."""
        if self._process is None:
            return
        for result in self._process.poll(now.uptime_s):
            if result.ok:
                self._handle_success()
            else:
                self._handle_failure(result, now)
        if self._process.has_ended:
            self._process = None
            self._drop_health_message()

    def next_due(self, now: Now) -> float | None:
        """Return when to call `poll` and `send`, as `Now.uptime_s`; None: no need."""
        if self.is_sending:
            return now.uptime_s + POLL_INTERVAL_S
        if self._pending or self._has_health_message():
            return max(now.uptime_s, self._earliest_start())
        due = self._builder.due()
        return None if due is None else max(due, self._earliest_start())

    def stop(self, now: Now) -> None:
        """Ask the process, if any, to exit; `poll` until `is_sending` is False."""
        if self._process is not None:
            self._process.stop(now.uptime_s)

    def _start_batch(self, now: Now) -> None:
        self._next_start = now.uptime_s + START_INTERVAL_S
        if self._has_health_message():
            self._pending.appendleft(self._health_message(now))
        bodies = [message.body for message in self._pending]
        target, context = self.receiver.target, self._context
        try:
            self._process = DeliveryProcess(
                target, bodies, now.uptime_s, context.state_id
            )
        except OSError as error:
            words = f"cannot be notified: no process can be started: {error}"
            self._handle_failure(retry_later(words), now)
        else:
            context.epoll.register(self._process.fileno(), select.EPOLLIN)

    def _handle_success(self) -> None:
        self._pop_first()
        self.has_unsaved_delivery = True
        if self.backoff.failures:
            log.info("notify.recovered", receiver=self.receiver.name)
        self.backoff.on_success()

    def _handle_failure(self, failure: DeliveryResult, now: Now) -> None:
        name = self.receiver.name
        if not self.backoff.failures:
            log.warning("notify.failed", receiver=name, error=failure.said)
        self.backoff.on_failure(failure, now.uptime_s)
        if self.backoff.should_drop_message():
            self._drop_first()
        self._drop_health_message()
        if self._has_given_up(now):
            while self._pending and self._is_too_old(self._pending[0], now):
                self._drop_first()

    def _drop_first(self) -> None:
        self._record_dropped(self._pending[0].event_count)
        self._pop_first()

    def _pop_first(self) -> None:
        message = self._pending.popleft()
        if message.cursor is not None:
            self.delivered = replace(self.delivered, cursor=message.cursor)
        if message.degraded is not None:
            self.delivered = replace(self.delivered, degraded=message.degraded)

    def _record_dropped(self, count: int) -> None:
        if count:
            self.backoff.on_dropped(count)
            name, error = self.receiver.name, self.backoff.last_error
            log.warning("notify.gave_up", receiver=name, notices=count, error=error)

    def _drop_health_message(self) -> None:
        """Drop an undelivered one: the next batch has a new one, if it is still true."""
        if self._pending and self._pending[0].degraded is not None:
            self._pending.popleft()

    def _has_health_message(self) -> bool:
        """Return True if the receiver knows another health than the daemon has."""
        is_degraded = self._context.degraded_state.is_degraded
        return is_degraded not in {None, self.delivered.degraded}

    def _skip_muted_health(self) -> None:
        """Count a change of health as told, if `[notify] on` leaves it out."""
        is_degraded = bool(self._context.degraded_state.is_degraded)
        word = DEGRADED if is_degraded else RECOVERED
        if self._has_health_message() and word not in self._notify.on:
            self.delivered = replace(self.delivered, degraded=is_degraded)

    def _health_message(self, now: Now) -> Message:
        state = self._context.degraded_state
        body = self._builder.health_body(state, now)
        return Message(body=body, cursor=None, at=now.wall, degraded=state.is_degraded)

    def _earliest_start(self) -> float:
        return max(self._next_start, self.backoff.due)

    def _has_given_up(self, now: Now) -> bool:
        return self.backoff.has_timed_out(now.uptime_s, self._notify.give_up)

    def _is_too_old(self, item: Message | NotifyEvent, now: Now) -> bool:
        """Return True if older than give_up; a future time is from a clock that jumped."""
        return not now.wall - self._notify.give_up < item.at <= now.wall
