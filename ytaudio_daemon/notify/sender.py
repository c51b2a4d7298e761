"""A receiver's one courier: started when there is a load, sent away when there is none."""

import math
import select
import time
from collections.abc import Iterator, Sequence

from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify.delivery.launcher import Courier
from ytaudio_daemon.notify.delivery.result import Answer, later
from ytaudio_daemon.notify.message_builders import Draft
from ytaudio_daemon.notify.receivers import Receiver

#: A courier without anything to do stays so long, in seconds.
CLAIM_POLL_S = 5.0
#: Beyond the time of a delivery: for its start on a busy machine, in seconds.
MARGIN_S = 15.0
#: One that was told to leave is looked for so often, in seconds.
LEAVING_S = 0.05


class Van:
    """At most one courier at a time; a new one starts when the old one is gone.

    Args:
        receiver: Whom it serves.
        epoll: Gets its socket.
        state_id: Marks it.
    """

    def __init__(self, receiver: Receiver, epoll: select.epoll, state_id: str) -> None:
        #: Drafts the courier has and has not answered for.
        self.load = 0
        self._receiver = receiver
        self._epoll = epoll
        self._state_id = state_id
        self._courier: Courier | None = None
        self._is_leaving = False
        self._deadline = math.inf
        self._idle_since: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no process."""
        return self._courier is None

    @property
    def is_free(self) -> bool:
        """Whether it would take a load now."""
        return self.load == 0 and not self._is_leaving

    def carry(self, drafts: Sequence[tuple[int, Draft]], now: Now) -> Answer | None:
        """Give the courier what it does not have yet; start one if need be.

        Args:
            drafts: Numbered, those it has first.
            now: The moment.

        Returns:
            What went wrong, or None.
        """
        if self._is_leaving:
            return None
        try:
            courier = self._courier or self._start()
        except OSError as error:
            return later(f"cannot be told: no process can be started: {error}")
        if not self.load:
            self._extend(now)
        self._idle_since = None
        for number, draft in drafts[self.load :]:
            if not courier.send(number, draft.body):
                break
            self.load += 1
        return None

    def answers(self) -> Iterator[tuple[int, Answer]]:
        """Yield what the courier says; nothing more once it was told to leave."""
        if self._courier is not None and not self._is_leaving:
            for number, answer in self._courier.answers():
                if self._is_leaving:
                    return
                yield number, answer

    def unload(self, now: Now) -> None:
        """Note that it has answered for one more; the next has all its time."""
        self.load -= 1
        self._extend(now)

    def is_overdue(self, now: Now) -> bool:
        """Tell whether it should have said something by now."""
        return self.load > 0 and now.uptime_s >= self._deadline

    def tend(self, now: Now, *, is_idle: bool) -> None:
        """Send away one that idles; forget one that is gone."""
        if self._courier is not None and not self._is_leaving and is_idle:
            self._idle_since = self._idle_since or now.uptime_s
            if now.uptime_s >= self._idle_since + CLAIM_POLL_S:
                self.send_away(at_once=False)
        if self._is_leaving and self._courier is not None:
            self._bury(self._courier)

    def send_away(self, *, at_once: bool) -> None:
        """Have the courier go; what it has in hand goes to the next one."""
        self.load = 0
        self._deadline = math.inf
        self._idle_since = None
        if self._courier is not None and not self._is_leaving:
            self._epoll.unregister(self._courier.fileno())
            self._courier.leave(time.monotonic(), at_once=at_once)
            self._is_leaving = True

    def next_due(self, now: Now) -> float | None:
        """Return when to look after it, by `Now.lived`."""
        if self._is_leaving:
            return now.uptime_s + LEAVING_S
        if self.load:
            return self._deadline
        return None if self._idle_since is None else self._idle_since + CLAIM_POLL_S

    def _start(self) -> Courier:
        self._courier = Courier(self._receiver.task, self._state_id)
        self._epoll.register(self._courier.fileno(), select.EPOLLIN)
        return self._courier

    def _bury(self, courier: Courier) -> None:
        if courier.is_gone(time.monotonic()):
            courier.close()
            self._courier, self._is_leaving = None, False

    def _extend(self, now: Now) -> None:
        self._deadline = now.uptime_s + self._receiver.task.timeout_s + MARGIN_S
