"""One message for much: what is said of ten thousand links fits on a screen. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from ytaudio_daemon.notify import texts
from ytaudio_daemon.notify.notify_event import COMPLETED, News

#: Named in one message; the others are counted.
MAX_SESSIONS = 8
MAX_TITLES = 5
MAX_FAILURES = 5
#: The shortest bound among the services that many use (Discord's 2,000), with room for
#: what they put around it.
MAX_BODY_BYTES = 1800


@dataclass(slots=True)
class Digest:
    """Takes in news and keeps what a message can hold.

    Attributes:
        began: When the first news came in, by `Now.lived`; None while there is none.
        at: When the latest news happened, wall clock.
    """

    began: float | None = None
    at: float = 0.0
    _finished: Counter[str] = field(default_factory=Counter)
    _failed: Counter[str] = field(default_factory=Counter)
    _titles: list[str] = field(default_factory=list)
    _failures: list[str] = field(default_factory=list)
    _ended: list[str] = field(default_factory=list)
    _endings: int = 0

    def take(self, news: News, uptime_s: float, *, audio_stays: bool) -> None:
        """Take in one more thing that happened."""
        self.began = uptime_s if self.began is None else self.began
        self.at = max(self.at, news.at)
        if news.job is not None and news.event == COMPLETED:
            self._finished[news.job.session_name] += 1
            _keep(self._titles, texts.title_of(news.job), MAX_TITLES)
        elif news.job is not None:
            self._failed[news.job.session_name] += 1
            _keep(self._failures, texts.failure_of(news.job), MAX_FAILURES)
        elif news.session is not None:
            self._endings += 1
            words = texts.ended(news.session, audio_stays=audio_stays)
            _keep(self._ended, words, MAX_SESSIONS)

    @property
    def size(self) -> int:
        """How much happened."""
        return self._finished.total() + self._failed.total() + self._endings

    @property
    def mood(self) -> str:
        """Return Apprise's word: success, failure, or info when only sessions ended."""
        if self._failed:
            return "failure"
        return "success" if self._finished else "info"

    def title(self) -> str:
        """Return the message's first line."""
        finished, failed = self._finished.total(), self._failed.total()
        if not finished and not failed:
            return f"ytaudio: {_count(self._endings, 'session')} ended"
        return f"ytaudio: {texts.tally(finished, failed)}"

    def body(self) -> str:
        """Return the message."""
        lines = [*self._sessions(), *self._songs(), *self._losses(), *self._ended]
        more = self._endings - len(self._ended)
        if more:
            lines.append(f"{_count(more, 'more session')} ended.")
        text = "\n".join(lines)
        return text if len(text) <= MAX_BODY_BYTES else f"{text[: MAX_BODY_BYTES - 1]}…"

    def _sessions(self) -> list[str]:
        totals = self._finished + self._failed
        named = [name for name, _ in totals.most_common(MAX_SESSIONS)]
        lines = [self._session(name) for name in named]
        others = len(totals) - len(named)
        if others:
            finished = self._finished.total() - sum(self._finished[n] for n in named)
            failed = self._failed.total() - sum(self._failed[n] for n in named)
            count = _count(others, "more session")
            lines.append(f"{texts.tally(finished, failed)} in {count}.")
        return lines

    def _session(self, name: str) -> str:
        words = texts.tally(self._finished[name], self._failed[name])
        return f"{words} in session {texts.harmless(name, texts.MAX_TITLE)}."

    def _songs(self) -> list[str]:
        more = self._finished.total() - len(self._titles)
        names = [*self._titles, f"and {more:,} more"] if more else self._titles
        return [f"Finished: {', '.join(names)}"] if names else []

    def _losses(self) -> list[str]:
        lines = [f"Failed: {failure}" for failure in self._failures]
        more = self._failed.total() - len(self._failures)
        if more:
            lines.append(f"{more:,} more failed: `ytaudio jobs --state failed`")
        return lines


def _keep(kept: list[str], text: str, limit: int) -> None:
    if len(kept) < limit:
        kept.append(text)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
