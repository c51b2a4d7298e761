"""A receiver's one courier: started when there is a load, sent away when there is none."""

import math
import select
import time
from collections.abc import Iterator, Sequence

from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify.delivery.launcher import DeliveryProcess
from ytaudio_daemon.notify.delivery.result import DeliveryResult, retry_later
from ytaudio_daemon.notify.message_builders import Message
from ytaudio_daemon.notify.receivers import Receiver

#: A courier without anything to do stays so long, in seconds.
IDLE_TIMEOUT_S = 5.0
#: Beyond the time of a delivery: for its start on a busy machine, in seconds.
TIMEOUT_MARGIN_S = 15.0
#: One that was told to leave is looked for so often, in seconds.
REAP_INTERVAL_S = 0.05


class Sender:
    """At most one courier at a time; a new one starts when the old one is gone.

    Args:
        receiver: Whom it serves.
        epoll: Gets its socket.
        state_id: Marks it.
    """

    def __init__(self, receiver: Receiver, epoll: select.epoll, state_id: str) -> None:
        #: Drafts the courier has and has not answered for.
        self.in_flight = 0
        self._receiver = receiver
        self._epoll = epoll
        self._state_id = state_id
        self._process: DeliveryProcess | None = None
        self._is_stopping = False
        self._deadline = math.inf
        self._idle_since: float | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether there is no process."""
        return self._process is None

    @property
    def can_send(self) -> bool:
        """Whether it would take a load now."""
        return self.in_flight == 0 and not self._is_stopping

    def send(
        self, messages: Sequence[tuple[int, Message]], now: Now
    ) -> DeliveryResult | None:
        """Give the courier what it does not have yet; start one if need be.

        Args:
            messages: Numbered, those it has first.
            now: The moment.

        Returns:
            What went wrong, or None.
        """
        if self._is_stopping:
            return None
        try:
            delivery_process = self._process or self._start()
        except OSError as error:
            return retry_later(f"cannot be told: no process can be started: {error}")
        if not self.in_flight:
            self._reset_deadline(now)
        self._idle_since = None
        for number, message in messages[self.in_flight :]:
            if not delivery_process.send(number, message.body):
                break
            self.in_flight += 1
        return None

    def results(self) -> Iterator[tuple[int, DeliveryResult]]:
        """Yield what the courier says; nothing more once it was told to leave."""
        if self._process is not None and not self._is_stopping:
            for number, result in self._process.results():
                if self._is_stopping:
                    return
                yield number, result

    def ack(self, now: Now) -> None:
        """Note that it has answered for one more; the next has all its time."""
        self.in_flight -= 1
        self._reset_deadline(now)

    def is_overdue(self, now: Now) -> bool:
        """Tell whether it should have said something by now."""
        return self.in_flight > 0 and now.uptime_s >= self._deadline

    def stop_idle_or_reap(self, now: Now, *, is_idle: bool) -> None:
        """Send away one that idles; forget one that is gone."""
        if self._process is not None and not self._is_stopping and is_idle:
            self._idle_since = self._idle_since or now.uptime_s
            if now.uptime_s >= self._idle_since + IDLE_TIMEOUT_S:
                self.stop(at_once=False)
        if self._is_stopping and self._process is not None:
            self._reap(self._process)

    def stop(self, *, at_once: bool) -> None:
        """Have the courier go; what it has in hand goes to the next one."""
        self.in_flight = 0
        self._deadline = math.inf
        self._idle_since = None
        if self._process is not None and not self._is_stopping:
            self._epoll.unregister(self._process.fileno())
            self._process.stop(time.monotonic(), at_once=at_once)
            self._is_stopping = True

    def next_due(self, now: Now) -> float | None:
        """Return when to look after it, by `Now.lived`."""
        if self._is_stopping:
            return now.uptime_s + REAP_INTERVAL_S
        if self.in_flight:
            return self._deadline
        return None if self._idle_since is None else self._idle_since + IDLE_TIMEOUT_S

    def _start(self) -> DeliveryProcess:
        self._process = DeliveryProcess(self._receiver.target, self._state_id)
        self._epoll.register(self._process.fileno(), select.EPOLLIN)
        return self._process

    def _reap(self, delivery_process: DeliveryProcess) -> None:
        if delivery_process.is_gone(time.monotonic()):
            delivery_process.close()
            self._process, self._is_stopping = None, False

    def _reset_deadline(self, now: Now) -> None:
        self._deadline = (
            now.uptime_s + self._receiver.target.timeout_s + TIMEOUT_MARGIN_S
        )
