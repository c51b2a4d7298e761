"""What an attempt has learnt so far: kept for its outcome, also when it fails."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ytaudio_daemon.fetch.classify import Cause, Evidence
from ytaudio_daemon.fetch.metadata import Facts
from ytaudio_daemon.fetch.redact import log_tail
from ytaudio_daemon.fetch.ytdlp_client import Transcript
from ytaudio_daemon.model import Failure, Outcome, Result


@dataclass(slots=True, kw_only=True)
class Diary:
    """Filled in step by step.

    Attributes:
        engine: yt-dlp's version.
        transcript: What yt-dlp said.
        answers: Requests that were refused.
        facts: The video's metadata, once known.
        live_status: As yt-dlp names it, once known.
        downloaded_bytes: Fetched by this attempt.
        ffmpeg_said: Its complaints, if any.
    """

    engine: str
    transcript: Transcript = field(default_factory=Transcript)
    answers: Sequence[Cause] = ()
    facts: Facts | None = None
    live_status: str | None = None
    downloaded_bytes: int = 0
    ffmpeg_said: str = ""

    def evidence(
        self, causes: Sequence[Cause], *, has_js_runtime: bool, now: datetime
    ) -> Evidence:
        """Return all that speaks for the reason of a failure."""
        return Evidence(
            causes=causes,
            warnings=tuple(self.transcript.warnings),
            answers=tuple(self.answers),
            live_status=self.live_status,
            has_js_runtime=has_js_runtime,
            now=now,
        )

    def success(self, result: Result) -> Outcome:
        """Return the outcome of a finished attempt."""
        return replace(self._known(), result=result)

    def failure(self, failure: Failure) -> Outcome:
        """Return the outcome of a failed attempt."""
        said = [*self.transcript.lines, *self.ffmpeg_said.splitlines()]
        return replace(self._known(), failure=replace(failure, log_tail=log_tail(said)))

    def _known(self) -> Outcome:
        facts = self.facts
        return Outcome(
            downloaded_bytes=self.downloaded_bytes,
            engine=self.engine,
            title=facts.title if facts else None,
            artist=facts.artist if facts else None,
            duration_s=facts.duration_s if facts else None,
            view_count=facts.view_count if facts else None,
        )
