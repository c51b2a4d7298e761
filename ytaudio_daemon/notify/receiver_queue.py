"""One receiver's post: what it is still to be told, and the courier on its way.

A receiver is told one thing after the other, in order. While it fails the rest waits in
the ledger; nothing but a small window is held in memory.
"""

from dataclasses import dataclass, replace

import structlog

from ytaudio_daemon.ledger import Connection
from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify.backoff import Patience
from ytaudio_daemon.notify.delivery.result import Answer, later
from ytaudio_daemon.notify.health_debounce import Weather
from ytaudio_daemon.notify.message_builders import Composer
from ytaudio_daemon.notify.notify_event import DEGRADED, RECOVERED, news_after
from ytaudio_daemon.notify.receivers import Receiver
from ytaudio_daemon.notify.send_window import Hand
from ytaudio_daemon.notify.sender import Van

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What the settings say of all receivers: `[notify] on`, `give_up`."""

    on: frozenset[str]
    give_up_s: float


class Post:
    """Everything about one receiver.

    Args:
        receiver: Who is told.
        composer: Turns news into what it is told.
        van: Has its courier.
        charge: The settings' part; may be set anew.
        told: How much it has been told, from the ledger.
    """

    def __init__(
        self,
        receiver: Receiver,
        composer: Composer,
        van: Van,
        *,
        charge: Charge,
        told: DeliveryCursor,
    ) -> None:
        self.receiver = receiver
        self.composer = composer
        self.charge = charge
        self.told = told
        #: The last event that was read for it.
        self.read = told.cursor
        #: It was told something that the ledger does not know of yet.
        self.has_delivered = False
        self.patience = Patience()
        self._van = van
        self._hand = Hand()

    @property
    def is_at_rest(self) -> bool:
        """Whether it has been told all that was read for it."""
        return not self._hand and self.composer.due() is None

    def room(self) -> int:
        """Return how many more news it takes now."""
        return self.composer.room(len(self._hand))

    def read_on(self, db: Connection, now: Now) -> None:
        """Read a page of news; what is too old for a dead receiver is passed over."""
        page = news_after(db, self.read, self.charge.on, self.room())
        news = list(page.news)
        if self.patience.is_worn_out(now.uptime_s, self.charge.give_up_s):
            fresh = [
                one for one in news if not is_old(one.at, now, self.charge.give_up_s)
            ]
            self._give_up(len(news) - len(fresh))
            news = fresh
        self.composer.take(news, now)
        self.read = page.cursor

    def note_weather(self, weather: Weather, now: Now) -> None:
        """Have it told that the daemon is degraded, or well again, if it is not yet."""
        is_degraded = weather.is_degraded
        if is_degraded in {None, self._hand.knows_degraded(self.told)}:
            return
        if (DEGRADED if is_degraded else RECOVERED) not in self.charge.on:
            self.told = replace(self.told, degraded=is_degraded)
            return
        self._hand.take_back_weather(self._van.load)
        if is_degraded != self._hand.knows_degraded(self.told):
            draft = self.composer.weather(weather, now)
            self._hand.add(draft)

    def tend(self, now: Now) -> None:
        """Hear what the courier says; give up one that says nothing for too long."""
        for number, answer in self._van.answers():
            self._hear(number, answer, now)
        if self._van.is_overdue(now):
            timeout = self.receiver.task.timeout_s
            self._fail(later(f"did not answer within {timeout:g} s"), now)
        self._van.tend(now, is_idle=not self._hand)

    def send(self, now: Now) -> None:
        """Give the courier what there is to tell, unless it is to be left alone."""
        for draft in self.composer.drafts(self.read, len(self._hand), now):
            self._hand.add(draft)
        if self.is_at_rest:
            self.told = replace(self.told, cursor=self.read)
        if not self._hand or now.uptime_s < (self.patience.due or 0.0):
            return
        trouble = self._van.carry(self._hand.all(), now)
        if trouble is not None:
            self._fail(trouble, now)

    def next_due(self, now: Now) -> float | None:
        """Return when to call again, by `Now.lived`; None when only a word matters."""
        times = [self._van.next_due(now)]
        if not self._hand:
            times.append(self.composer.due())
        elif self._van.is_free:
            times.append(max(now.uptime_s, self.patience.due or 0.0))
        return min((due for due in times if due is not None), default=None)

    def leave(self) -> None:
        """Have its courier go, with what it is doing."""
        self._van.send_away(at_once=True)

    def is_gone(self, now: Now) -> bool:
        """Tell whether nothing of it runs any more."""
        self._van.tend(now, is_idle=False)
        return self._van.is_empty

    @property
    def is_under_way(self) -> bool:
        """Whether something is being told right now."""
        return self._van.load > 0

    def _hear(self, number: int, answer: Answer, now: Now) -> None:
        """Take in an answer; a failure's number says that those before were told."""
        told = number if answer.ok else number - 1
        while self._van.load and self._hand.first[0] <= told:
            self.told = self._hand.drop_first(self.told)
            self._van.unload(now)
            self.has_delivered = True
            if self.patience.failures:
                log.info("notify.recovered", receiver=self.receiver.name)
            self.patience.succeed()
        if not answer.ok:
            self._fail(answer, now)

    def _fail(self, answer: Answer, now: Now) -> None:
        """Note a failure; a courier that had nothing to do may go as it likes."""
        was_busy = self._van.load > 0 or self._van.is_empty
        self._van.send_away(at_once=True)
        if not was_busy:
            return
        if not self.patience.failures:
            log.warning("notify.failed", receiver=self.receiver.name, error=answer.said)
        self.patience.fail(answer, now.uptime_s)
        if self.patience.has_had_enough():
            self._give_up(self._hand.first[1].size)
            self.told = self._hand.drop_first(self.told)
        elif self.patience.is_worn_out(now.uptime_s, self.charge.give_up_s):
            while self._hand and is_old(
                self._hand.first[1].at, now, self.charge.give_up_s
            ):
                self._give_up(self._hand.first[1].size)
                self.told = self._hand.drop_first(self.told)

    def _give_up(self, notices: int) -> None:
        if not notices:
            return
        self.patience.give_up(notices)
        log.warning(
            "notify.gave_up",
            receiver=self.receiver.name,
            notices=notices,
            error=self.patience.said,
        )


def is_old(at: float, now: Now, give_up_s: float) -> bool:
    """Tell whether something has waited for so long to be told. Pure.

    A time to come is from a clock that jumped.
    """
    return not now.wall - give_up_s < at <= now.wall
