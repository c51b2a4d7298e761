"""Events become messages: one for each event, or one for many. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify import notices, texts
from ytaudio_daemon.notify.digest import Digest
from ytaudio_daemon.notify.health_debounce import DegradedState
from ytaudio_daemon.notify.notices import NoticeContext
from ytaudio_daemon.notify.notify_event import NotifyEvent
from ytaudio_daemon.notify.receivers import Receiver
from ytaudio_daemon.settings import Settings

#: Messages of one batch; no more are held in memory before they are sent.
MAX_BATCH = 200
#: Events of one digest.
MAX_DIGEST_EVENTS = 5000
#: Events added to a digest at once: some milliseconds of work.
MAX_EVENTS_PER_PAGE = 250

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to a receiver.

    Attributes:
        body: JSON for the delivery process.
        cursor: The last event that it covers; None for one about the daemon's health.
        at: When the latest of these happened, wall clock.
        event_count: How many events it covers.
        degraded: Whether it reports that the daemon is degraded, or has recovered;
            None: it reports neither.
    """

    body: Body
    cursor: int | None
    at: float
    event_count: int = 1
    degraded: bool | None = None


class PerEventMessages:
    """One notice for each event, for programs."""

    def __init__(self, settings: Settings, host: str) -> None:
        self._messages: list[Message] = []
        self.reload(settings, host)

    def reload(self, settings: Settings, host: str) -> None:
        """Apply new settings to the messages still to be built."""
        self._notice_context = NoticeContext.from_settings(settings, host)

    def capacity(self) -> int:
        """Return how many more events it accepts now."""
        return MAX_BATCH - len(self._messages)

    def add(self, events: Iterable[NotifyEvent], _now: Now) -> None:
        """Build the messages of some events."""
        self._messages += (
            Message(
                body=notices.event_notice(event, self._notice_context),
                cursor=event.event_id,
                at=event.at,
            )
            for event in events
        )

    def due(self) -> float | None:
        """Return 0 when there are messages (they do not wait), else None."""
        return 0.0 if self._messages else None

    def pop_messages(self, _cursor: int, _now: Now) -> list[Message]:
        """Remove and return all messages."""
        messages, self._messages = self._messages, []
        return messages

    def health_body(self, degraded_state: DegradedState, now: Now) -> Body:
        """Return the body of a message that the daemon is degraded, or has recovered."""
        return notices.health_notice(
            degraded_state.problems,
            now.wall,
            self._notice_context,
            is_degraded=bool(degraded_state.is_degraded),
        )


class DigestMessages:
    """One message for all that happens within `[notify] gather`, for people."""

    def __init__(self, settings: Settings, host: str) -> None:
        self._digest = Digest()
        self.reload(settings, host)

    def reload(self, settings: Settings, host: str) -> None:
        """Apply new settings to the digest under way, too."""
        self._notice_context = NoticeContext.from_settings(settings, host)
        self._gather_s = settings.notify.gather

    def capacity(self) -> int:
        """Return how many more events it accepts now."""
        return min(MAX_EVENTS_PER_PAGE, MAX_DIGEST_EVENTS - self._digest.size)

    def add(self, events: Iterable[NotifyEvent], now: Now) -> None:
        """Add events to the digest."""
        for event in events:
            keeps_audio = self._notice_context.keeps_audio(event.session)
            self._digest.add(
                event,
                now.uptime_s,
                keeps_audio=keeps_audio,
                circumstances=self._notice_context.circumstances,
            )

    def due(self) -> float | None:
        """Return when the digest is sent, as `Now.uptime_s`; None while it is empty."""
        if self._digest.began is None:
            return None
        is_full = self._digest.size >= MAX_DIGEST_EVENTS
        return 0.0 if is_full else self._digest.began + self._gather_s

    def pop_messages(self, cursor: int, now: Now) -> list[Message]:
        """Remove and return the digest as a message, if it is due.

        Args:
            cursor: The last event that was read for it.
            now: The current time.
        """
        due = self.due()
        if due is None or now.uptime_s < due:
            return []
        digest, self._digest = self._digest, Digest()
        body = message_body(digest.title(), digest.body(), digest.notify_type)
        return [
            Message(body=body, cursor=cursor, at=digest.at, event_count=digest.size)
        ]

    def health_body(self, degraded_state: DegradedState, _now: Now) -> Body:
        """Return the body of a message that the daemon is degraded, or has recovered."""
        is_degraded = bool(degraded_state.is_degraded)
        text = texts.health_text(
            self._notice_context.host, degraded_state.problems, is_degraded=is_degraded
        )
        title, _, rest = text.partition("\n")
        return message_body(
            title, rest or title, "warning" if is_degraded else "success"
        )


def message_builder(
    receiver: Receiver, settings: Settings, host: str
) -> PerEventMessages | DigestMessages:
    """Return the builder for a receiver: people get digests, programs every event."""
    builder = DigestMessages if receiver.gets_digest else PerEventMessages
    return builder(settings, host)


def message_body(title: str, body: str, notify_type: str) -> Body:
    """Return the JSON of a message to people; `notify_type` is Apprise's word."""
    return {
        "title": texts.plain_line(title, texts.MAX_REASON),
        "body": body,
        "type": notify_type,
    }
