"""How news become parcels: one for each, or one for much. No I/O."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify import notices, texts
from ytaudio_daemon.notify.digest import Digest
from ytaudio_daemon.notify.health_debounce import Weather
from ytaudio_daemon.notify.notices import Terms
from ytaudio_daemon.notify.notify_event import News

#: Notices in hand at once, for a program.
WINDOW = 16
#: News in one message to people.
MAX_GATHERED = 5000
#: News of one page of the ledger that go into a message: some milliseconds' work.
GATHERED_AT_ONCE = 250

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be told.

    Attributes:
        body: What the courier gets.
        cursor: The last event that is told with it; None when it is about none.
        at: When the latest of it happened, wall clock.
        size: How much happened.
        degraded: What the receiver then knows of the daemon; None: what it knew.
    """

    body: Body
    cursor: int | None
    at: float
    size: int = 1
    degraded: bool | None = None


class Composer(Protocol):
    """Takes in news, gives out drafts."""

    def reload(self, terms: Terms, gather_s: float) -> None:
        """Take up new settings; the news it has stay."""

    def room(self, in_hand: int) -> int:
        """Return how many more news it takes, with so many drafts not yet told."""

    def take(self, news: Iterable[News], now: Now) -> None:
        """Take in what happened."""

    def drafts(self, cursor: int, in_hand: int, now: Now) -> list[Draft]:
        """Give out what is to be told now.

        Args:
            cursor: The last event that was looked at for it.
            in_hand: Drafts that are not yet told.
            now: The moment.
        """

    def due(self) -> float | None:
        """Return when there will be a draft, by `Now.lived`; None when it has no news."""

    def weather(self, weather: Weather, now: Now) -> Draft:
        """Return what to say when the daemon is degraded, or well again."""


class Singly:
    """A notice for each event, for programs."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._news: deque[News] = deque()

    def reload(self, terms: Terms, _gather_s: float) -> None:
        """Take up new settings."""
        self._terms = terms

    def room(self, in_hand: int) -> int:
        """Return how many more news it takes."""
        return max(0, WINDOW - in_hand - len(self._news))

    def take(self, news: Iterable[News], _now: Now) -> None:
        """Take in what happened."""
        self._news.extend(news)

    def drafts(self, _cursor: int, _in_hand: int, _now: Now) -> list[Draft]:
        """Give out all there is."""
        found = [
            Draft(
                body=notices.of_news(news, self._terms),
                cursor=news.event_id,
                at=news.at,
            )
            for news in self._news
        ]
        self._news.clear()
        return found

    def due(self) -> float | None:
        """Return 0 when there are news: they do not wait."""
        return 0.0 if self._news else None

    def weather(self, weather: Weather, now: Now) -> Draft:
        """Return the notice about it."""
        is_degraded = bool(weather.is_degraded)
        notice = notices.of_weather(
            weather.problems, now.wall, self._terms, is_degraded=is_degraded
        )
        return Draft(body=notice, cursor=None, at=now.wall, degraded=is_degraded)


class Gathered:
    """One message for all that happens within a time, for people.

    Args:
        terms: What messages say of the daemon.
        gather_s: `[notify] gather`.
    """

    def __init__(self, terms: Terms, gather_s: float) -> None:
        self._digest = Digest()
        self.reload(terms, gather_s)

    def reload(self, terms: Terms, gather_s: float) -> None:
        """Take up new settings."""
        self._terms = terms
        self._gather_s = gather_s

    def room(self, _in_hand: int) -> int:
        """Return how many more news it takes."""
        return min(GATHERED_AT_ONCE, MAX_GATHERED - self._digest.size)

    def take(self, news: Iterable[News], now: Now) -> None:
        """Take in what happened."""
        for one in news:
            stays = self._terms.audio_stays(one.session)
            self._digest.take(one, now.uptime_s, audio_stays=stays)

    def drafts(self, cursor: int, in_hand: int, now: Now) -> list[Draft]:
        """Give out the message, if its time has come and no other is still untold."""
        due = self.due()
        if in_hand or due is None or now.uptime_s < due:
            return []
        digest, self._digest = self._digest, Digest()
        body = message(digest.title(), digest.body(), digest.mood)
        return [Draft(body=body, cursor=cursor, at=digest.at, size=digest.size)]

    def due(self) -> float | None:
        """Return when the message is to go."""
        if self._digest.began is None:
            return None
        is_full = self._digest.size >= MAX_GATHERED
        return 0.0 if is_full else self._digest.began + self._gather_s

    def weather(self, weather: Weather, now: Now) -> Draft:
        """Return the message about it; it does not wait for others."""
        is_degraded = bool(weather.is_degraded)
        words = notices.weather_words(
            weather.problems, self._terms, is_degraded=is_degraded
        )
        title, _, rest = words.partition("\n")
        mood = "warning" if is_degraded else "success"
        return Draft(
            body=message(title, rest or title, mood),
            cursor=None,
            at=now.wall,
            degraded=is_degraded,
        )


def message(title: str, body: str, mood: str) -> Body:
    """Return what the courier of people is given."""
    return {
        "title": texts.harmless(title, texts.MAX_REASON),
        "body": body,
        "mood": mood,
    }
