"""The facts that the stages of an attempt have gathered, for its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ytaudio_daemon.fetch.classify import Cause, Evidence
from ytaudio_daemon.fetch.metadata import VideoFacts
from ytaudio_daemon.fetch.po_tokens import TokenSource
from ytaudio_daemon.fetch.redact import log_tail
from ytaudio_daemon.fetch.ytdlp_client import LogCapture
from ytaudio_daemon.model import Failure, ListTotals, Outcome, Result
from ytaudio_daemon.model.cookies import CookiesFault


@dataclass(slots=True, kw_only=True)
class AttemptContext:
    """An attempt's facts, filled in by its stages.

    Attributes:
        ytdlp_version: yt-dlp's version.
        log_capture: yt-dlp's messages.
        failed_requests: Requests that were refused.
        facts: The video's metadata, once known.
        live_status: As yt-dlp names it, once known.
        downloaded_bytes: Fetched by this attempt.
        ffmpeg_errors: The error output of a failed conversion, or "".
        with_cookies: The source was fetched with an account's cookies.
        cookies_state: A `CookiesState`; "" when none were sent or needed.
        cookies_fault: Why the given cookies cannot be used, or None.
        tokens: The source of proof-of-origin tokens.
    """

    ytdlp_version: str
    log_capture: LogCapture = field(default_factory=LogCapture)
    failed_requests: Sequence[Cause] = ()
    facts: VideoFacts | None = None
    live_status: str | None = None
    downloaded_bytes: int = 0
    ffmpeg_errors: str = ""
    with_cookies: bool = False
    cookies_state: str = ""
    tokens: TokenSource = field(default_factory=lambda: TokenSource(""))
    cookies_fault: CookiesFault | None = None

    def start_over(self) -> None:
        """Remove the evidence of a request that is repeated with cookies; log lines stay."""
        earlier_lines = self.log_capture.lines
        self.log_capture = LogCapture()
        self.log_capture.lines.extend(earlier_lines)
        self.failed_requests, self.live_status = (), None

    def evidence(
        self, causes: Sequence[Cause], *, has_js_runtime: bool, now: datetime
    ) -> Evidence:
        """Return the evidence from which `classify` finds the failure."""
        return Evidence(
            causes=causes,
            warnings=tuple(self.log_capture.warnings),
            failed_requests=tuple(self.failed_requests),
            live_status=self.live_status,
            has_js_runtime=has_js_runtime,
            now=now,
        )

    def completed_outcome(self, result: Result) -> Outcome:
        """Return the outcome of a finished attempt."""
        return replace(self._base_outcome(), result=result)

    def listed_outcome(self, totals: ListTotals) -> Outcome:
        """Return the outcome of a listing that reached its end."""
        return replace(self._base_outcome(), listed=totals)

    def failed_outcome(self, failure: Failure) -> Outcome:
        """Return the outcome of a failed attempt."""
        tail = log_tail([*self.log_capture.lines, *self.ffmpeg_errors.splitlines()])
        return replace(self._base_outcome(), failure=replace(failure, log_tail=tail))

    def _base_outcome(self) -> Outcome:
        facts = self.facts
        return Outcome(
            downloaded_bytes=self.downloaded_bytes,
            engine=self.ytdlp_version,
            with_cookies=self.with_cookies,
            cookies_state=self.cookies_state,
            title=facts.own_title if facts else None,
            artist=facts.artist if facts else None,
            duration_s=facts.duration_s if facts else None,
            view_count=facts.view_count if facts else None,
        )
