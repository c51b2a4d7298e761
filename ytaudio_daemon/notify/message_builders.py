"""How news become parcels: one for each, or one for much. No I/O."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify import notices, texts
from ytaudio_daemon.notify.digest import Digest
from ytaudio_daemon.notify.health_debounce import DegradedState
from ytaudio_daemon.notify.notices import NoticeContext
from ytaudio_daemon.notify.notify_event import NotifyEvent

#: Notices in hand at once, for a program.
MAX_PENDING = 16
#: News in one message to people.
MAX_DIGEST_EVENTS = 5000
#: News of one page of the ledger that go into a message: some milliseconds' work.
MAX_EVENTS_PER_PAGE = 250

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
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


class MessageBuilder(Protocol):
    """Takes in news, gives out drafts."""

    def reload(self, notice_context: NoticeContext, gather_s: float) -> None:
        """Take up new settings; the news it has stay."""

    def capacity(self, in_hand: int) -> int:
        """Return how many more news it takes, with so many drafts not yet told."""

    def add(self, news: Iterable[NotifyEvent], now: Now) -> None:
        """Take in what happened."""

    def pop_messages(self, cursor: int, in_hand: int, now: Now) -> list[Message]:
        """Give out what is to be told now.

        Args:
            cursor: The last event that was looked at for it.
            in_hand: Drafts that are not yet told.
            now: The moment.
        """

    def due(self) -> float | None:
        """Return when there will be a draft, by `Now.lived`; None when it has no news."""

    def health_message(self, degraded_state: DegradedState, now: Now) -> Message:
        """Return what to say when the daemon is degraded, or well again."""


class PerEventMessages:
    """A notice for each event, for programs."""

    def __init__(self, notice_context: NoticeContext) -> None:
        self._notice_context = notice_context
        self._events: deque[NotifyEvent] = deque()

    def reload(self, notice_context: NoticeContext, _gather_s: float) -> None:
        """Take up new settings."""
        self._notice_context = notice_context

    def capacity(self, in_hand: int) -> int:
        """Return how many more news it takes."""
        return max(0, MAX_PENDING - in_hand - len(self._events))

    def add(self, news: Iterable[NotifyEvent], _now: Now) -> None:
        """Take in what happened."""
        self._events.extend(news)

    def pop_messages(self, _cursor: int, _in_hand: int, _now: Now) -> list[Message]:
        """Give out all there is."""
        found = [
            Message(
                body=notices.event_notice(news, self._notice_context),
                cursor=news.event_id,
                at=news.at,
            )
            for news in self._events
        ]
        self._events.clear()
        return found

    def due(self) -> float | None:
        """Return 0 when there are news: they do not wait."""
        return 0.0 if self._events else None

    def health_message(self, degraded_state: DegradedState, now: Now) -> Message:
        """Return the notice about it."""
        is_degraded = bool(degraded_state.is_degraded)
        notice = notices.health_notice(
            degraded_state.problems,
            now.wall,
            self._notice_context,
            is_degraded=is_degraded,
        )
        return Message(body=notice, cursor=None, at=now.wall, degraded=is_degraded)


class DigestMessages:
    """One message for all that happens within a time, for people.

    Args:
        notice_context: What messages say of the daemon.
        gather_s: `[notify] gather`.
    """

    def __init__(self, notice_context: NoticeContext, gather_s: float) -> None:
        self._digest = Digest()
        self.reload(notice_context, gather_s)

    def reload(self, notice_context: NoticeContext, gather_s: float) -> None:
        """Take up new settings."""
        self._notice_context = notice_context
        self._gather_s = gather_s

    def capacity(self, _in_hand: int) -> int:
        """Return how many more news it takes."""
        return min(MAX_EVENTS_PER_PAGE, MAX_DIGEST_EVENTS - self._digest.size)

    def add(self, news: Iterable[NotifyEvent], now: Now) -> None:
        """Take in what happened."""
        for one in news:
            stays = self._notice_context.keeps_audio(one.session)
            self._digest.add(one, now.uptime_s, keeps_audio=stays)

    def pop_messages(self, cursor: int, in_hand: int, now: Now) -> list[Message]:
        """Give out the message, if its time has come and no other is still untold."""
        due = self.due()
        if in_hand or due is None or now.uptime_s < due:
            return []
        digest, self._digest = self._digest, Digest()
        body = message_body(digest.title(), digest.body(), digest.notify_type)
        return [Message(body=body, cursor=cursor, at=digest.at, size=digest.size)]

    def due(self) -> float | None:
        """Return when the message is to go."""
        if self._digest.began is None:
            return None
        is_full = self._digest.size >= MAX_DIGEST_EVENTS
        return 0.0 if is_full else self._digest.began + self._gather_s

    def health_message(self, degraded_state: DegradedState, now: Now) -> Message:
        """Return the message about it; it does not wait for others."""
        is_degraded = bool(degraded_state.is_degraded)
        words = notices.health_text(
            degraded_state.problems, self._notice_context, is_degraded=is_degraded
        )
        title, _, rest = words.partition("\n")
        mood = "warning" if is_degraded else "success"
        return Message(
            body=message_body(title, rest or title, mood),
            cursor=None,
            at=now.wall,
            degraded=is_degraded,
        )


def message_body(title: str, body: str, mood: str) -> Body:
    """Return what the courier of people is given."""
    return {
        "title": texts.plain_line(title, texts.MAX_REASON),
        "body": body,
        "mood": mood,
    }
