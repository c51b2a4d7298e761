"""Sums up many events in one message that fits on a screen. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.model.collection import CollectionState
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.notify import texts
from ytaudio_daemon.notify.notify_event import COMPLETED, NotifyEvent

#: Sessions, titles, failures and drops named in one message; the others are counted.
MAX_SESSIONS = 8
MAX_TITLES = 5
MAX_FAILURES = 5
MAX_REFUSALS = 5
#: Below the lowest limit of widely used services (Discord: 2,000 characters), with room
#: for what they add.
MAX_BODY_BYTES = 1800


@dataclass(slots=True)
class Digest:
    """Counts events, and keeps the names of the first few of each kind.

    Attributes:
        began: When the first event was added, as `Now.uptime_s`; None while empty.
        at: When the latest event happened, wall clock.
    """

    began: float | None = None
    at: float = 0.0
    _finished: Counter[str] = field(default_factory=Counter)
    _failed: Counter[str] = field(default_factory=Counter)
    #: Finished jobs and collections by name, and the number of jobs behind these names.
    _titles: list[str] = field(default_factory=list)
    _titled_count: int = 0
    _failures: list[str] = field(default_factory=list)
    _explained_count: int = 0
    _refusals: list[str] = field(default_factory=list)
    _refused_count: int = 0
    _ended_lines: list[str] = field(default_factory=list)
    _ended_count: int = 0

    def add(
        self,
        event: NotifyEvent,
        uptime_s: float,
        *,
        keeps_audio: bool,
        circumstances: Circumstances = NOTHING_SET,
    ) -> None:
        """Add one event."""
        self.began = uptime_s if self.began is None else self.began
        self.at = max(self.at, event.at)
        if event.job is not None and event.event == COMPLETED:
            self._finished[event.job.session_name] += 1
            self._name_finished(texts.job_title(event.job), 1)
        elif event.collection is not None:
            self._add_collection(event, event.collection, circumstances)
        elif event.drop is not None:
            self._refused_count += 1
            _append_up_to(self._refusals, texts.event_text(event), MAX_REFUSALS)
        elif event.job is not None:
            self._failed[event.job.session_name] += 1
            self._name_failed(texts.failure_text(event.job, circumstances), 1)
        elif event.session is not None:
            self._ended_count += 1
            words = texts.session_ended_text(event.session, keeps_audio=keeps_audio)
            _append_up_to(self._ended_lines, words, MAX_SESSIONS)

    def _add_collection(
        self,
        event: NotifyEvent,
        collection: CollectionDetails,
        circumstances: Circumstances,
    ) -> None:
        counts, name = collection.counts, collection.session_name
        if event.new_titles:  # of a followed one: earlier events had the others
            self._finished[name] += len(event.new_titles)
            for title in event.new_titles:
                shown = texts.plain_line(title, texts.MAX_TITLE)
                self._name_finished(f"{texts.collection_title(collection)}: {shown}", 1)
        elif counts.completed:
            self._finished[name] += counts.completed
            titled = f"{texts.collection_title(collection)} ({counts.completed:,})"
            self._name_finished(titled, counts.completed)
        failed = counts.failed + (collection.state is CollectionState.FAILED)
        if failed:
            self._failed[name] += failed
            self._name_failed(texts.collection_text(collection, circumstances), failed)

    def _name_finished(self, title: str, jobs: int) -> None:
        if len(self._titles) < MAX_TITLES:
            self._titles.append(title)
            self._titled_count += jobs

    def _name_failed(self, why: str, jobs: int) -> None:
        if len(self._failures) < MAX_FAILURES:
            self._failures.append(why)
            self._explained_count += jobs

    @property
    def size(self) -> int:
        """The number of events."""
        jobs = self._finished.total() + self._failed.total()
        return jobs + self._refused_count + self._ended_count

    @property
    def notify_type(self) -> str:
        """Return Apprise's word: failure, warning of refused lines, success, or info."""
        if self._failed:
            return "failure"
        if self._refused_count:
            return "warning"
        return "success" if self._finished else "info"

    def title(self) -> str:
        """Return the title of the message."""
        finished, failed = self._finished.total(), self._failed.total()
        if not finished and not failed and self._refused_count:
            return f"ytaudio: {_count(self._refused_count, 'drop')} with rejected lines"
        if not finished and not failed:
            return f"ytaudio: {_count(self._ended_count, 'session')} ended"
        return f"ytaudio: {texts.job_counts_text(finished, failed)}"

    def body(self) -> str:
        """Return the body of the message."""
        lines = [
            *self._session_lines(),
            *self._title_lines(),
            *self._failure_lines(),
            *self._refusal_lines(),
            *self._ended_lines,
        ]
        more = self._ended_count - len(self._ended_lines)
        if more:
            lines.append(f"{_count(more, 'more session')} ended.")
        text = "\n".join(lines)
        return text if len(text) <= MAX_BODY_BYTES else f"{text[: MAX_BODY_BYTES - 1]}…"

    def _session_lines(self) -> list[str]:
        totals = self._finished + self._failed
        named = [name for name, _ in totals.most_common(MAX_SESSIONS)]
        lines = [self._session_line(name) for name in named]
        others = len(totals) - len(named)
        if others:
            finished = self._finished.total() - sum(self._finished[n] for n in named)
            failed = self._failed.total() - sum(self._failed[n] for n in named)
            count = _count(others, "more session")
            lines.append(f"{texts.job_counts_text(finished, failed)} in {count}.")
        return lines

    def _session_line(self, name: str) -> str:
        words = texts.job_counts_text(self._finished[name], self._failed[name])
        return f"{words} in session {texts.plain_line(name, texts.MAX_TITLE)}."

    def _title_lines(self) -> list[str]:
        more = self._finished.total() - self._titled_count
        names = [*self._titles, f"and {more:,} more"] if more else self._titles
        return [f"Finished: {', '.join(names)}"] if names else []

    def _failure_lines(self) -> list[str]:
        lines = [f"Failed: {failure}" for failure in self._failures]
        more = self._failed.total() - self._explained_count
        if more:
            lines.append(f"{more:,} more failed: `ytaudio jobs --state failed`")
        return lines

    def _refusal_lines(self) -> list[str]:
        more = self._refused_count - len(self._refusals)
        if not more:
            return self._refusals
        return [*self._refusals, f"{_count(more, 'more drop')} with rejected lines"]


def _append_up_to(kept: list[str], text: str, limit: int) -> None:
    if len(kept) < limit:
        kept.append(text)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
