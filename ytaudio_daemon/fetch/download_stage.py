"""Resolves and downloads a video: the stages with network."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch import Reporter, po_tokens, resolve, ytdlp_client
from ytaudio_daemon.fetch import source as sources
from ytaudio_daemon.fetch.account_cookies import AccountCookies
from ytaudio_daemon.fetch.attempt_context import AttemptContext
from ytaudio_daemon.fetch.choose import Format, choose_stream, codec_name
from ytaudio_daemon.fetch.classify import MEDIA_CODES, classify
from ytaudio_daemon.fetch.cover import NoCoverError, fetch_cover
from ytaudio_daemon.fetch.exception_facts import causes_of
from ytaudio_daemon.fetch.failures import AttemptFailedError
from ytaudio_daemon.fetch.metadata import video_facts
from ytaudio_daemon.fetch.redact import redact
from ytaudio_daemon.fetch.source import Source
from ytaudio_daemon.fetch.stream_download import (
    DownloadMonitor,
    check_free_space,
    download,
    wait_until_available,
)
from ytaudio_daemon.model import FetchRequest, Phase, Progress
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.urls import Link


class StreamSelector:
    """Chooses the stream for yt-dlp, which calls it as its format selector.

    Args:
        request: Its options name the format and the quality.
    """

    def __init__(self, request: FetchRequest) -> None:
        self.note = ""
        self._target = str(request.options["format"])
        self._quality = str(request.options["quality"])

    def __call__(self, context: Mapping[str, Any]) -> Iterator[Format]:
        """Yield the chosen stream, if any has sound; `note` then has a remark on it."""
        chosen = choose_stream(
            context["formats"], target=self._target, quality=self._quality
        )
        if chosen is not None:
            stream, self.note = chosen
            yield stream


def fetch_source(
    request: FetchRequest,
    report: Reporter,
    context: AttemptContext,
    cookies: AccountCookies | None = None,
) -> Source:
    """Fetch the stream and its picture, and seal them as a finished source.

    Args:
        request: Names the video.
        report: Gets the progress.
        context: Its facts and evidence are filled in.
        cookies: An account's, sent with the requests.

    Raises:
        Exception: Any of yt-dlp's; `classify` finds its failure.
    """
    report.progress(Progress(phase=Phase.RESOLVING))
    # Before the first request: nothing is fetched that could not be stored.
    check_free_space(sources.begin(request), request.limits, needed=0)
    # An address may have expired, or be bound to a session that YouTube dislikes: asked
    # for once more in a fresh session, before anything is charged.
    source = _fetch_unless_refused(request, report, context, cookies)
    source = source or _fetch_once(request, report, context, cookies)
    sources.seal(request, source)
    failpoints.failpoint("source.finished", f"{request.key}/{request.attempt}")
    return source


def _fetch_unless_refused(
    request: FetchRequest,
    report: Reporter,
    context: AttemptContext,
    cookies: AccountCookies | None,
) -> Source | None:
    """Return the source; None when YouTube refused the stream's address."""
    try:
        return _fetch_once(request, report, context, cookies)
    except Exception as error:
        if not _was_media_refused(error, context):
            raise
    return None


def _fetch_once(
    request: FetchRequest,
    report: Reporter,
    context: AttemptContext,
    cookies: AccountCookies | None,
) -> Source:
    selector = StreamSelector(request)
    with open_client(request, context, selector, cookies) as ydl:
        addressed = _with_music_address(request, with_cookies=cookies is not None)
        info = resolve_stream(ydl, addressed, context)
        # The picture first: a kill between the two must not cost the downloaded stream.
        cover, remark = _cover(ydl, request, info)
        path = _download(ydl, request, info, report, context)
    remarks = (selector.note, remark, context.tokens.note())
    notes = tuple(note for note in remarks if note)
    source = _source(request, info, path, cover, notes)
    return replace(source, with_cookies=cookies is not None)


def _was_media_refused(error: Exception, context: AttemptContext) -> bool:
    """Return whether a stream's address was answered with 403, 404 or the like.

    False where the token provider has failed: that explains it, and it is asked only
    once in an attempt.
    """
    if isinstance(error, AttemptFailedError) or context.tokens.failure:
        return False
    evidence = context.evidence(
        causes_of(error), has_js_runtime=True, now=datetime.now(UTC)
    )
    return classify(evidence).code in MEDIA_CODES


@contextlib.contextmanager
def open_client(
    request: FetchRequest,
    context: AttemptContext,
    selector: StreamSelector,
    cookies: AccountCookies | None = None,
) -> Iterator[ytdlp_client.YtDlpClient]:
    """Open yt-dlp for one video; its evidence and its tokens go into the context."""
    context.tokens = po_tokens.token_source(request.network.pot_provider)
    parameters = ytdlp_client.ytdlp_params(
        request, context.log_capture, selector, cookies.for_ytdlp() if cookies else None
    )
    parameters[po_tokens.PARAMETER] = context.tokens
    with ytdlp_client.YtDlpClient(parameters) as ydl, storing_cookies(cookies, ydl):
        context.failed_requests = ydl.failed_requests
        yield ydl


@contextlib.contextmanager
def storing_cookies(
    cookies: AccountCookies | None, ydl: ytdlp_client.YtDlpClient
) -> Iterator[None]:
    """Store the cookies that YouTube refreshed at the end, also of a failed attempt."""
    try:
        yield
    finally:
        if cookies is not None:
            with contextlib.suppress(OSError):  # the audio is worth more
                cookies.store_refreshed(ydl.cookiejar)


def _with_music_address(request: FetchRequest, *, with_cookies: bool) -> FetchRequest:
    """Return the request, with YouTube Music's address for a song if cookies are sent.

    Only there, and only to an account, yt-dlp offers Premium's audio
    (extractor/youtube/_video.py, `_get_requested_clients`).
    """
    if not (with_cookies and request.is_music):
        return request
    return replace(request, url=Link(request.video_id, is_music=True).music_url)


def resolve_stream(
    ydl: ytdlp_client.YtDlpClient, request: FetchRequest, context: AttemptContext
) -> resolve.Info:
    """Return the info dict with the chosen stream; the facts go into the context.

    Raises:
        Exception: Any of yt-dlp's; `classify` finds its failure.
    """
    info = resolve.extract(ydl, request)
    context.facts = video_facts(info)
    context.live_status = info.get("live_status")
    resolve.check_downloadable(info, request.limits)
    return resolve.select_stream(ydl, info, request.limits)


def _download(
    ydl: ytdlp_client.YtDlpClient,
    request: FetchRequest,
    info: resolve.Info,
    report: Reporter,
    context: AttemptContext,
) -> Path:
    folder = sources.folder_of(request)
    check_free_space(folder, request.limits, needed=int(info.get("filesize") or 0))
    wait_until_available(info)
    title = context.facts.title if context.facts else None
    report.progress(Progress(phase=Phase.DOWNLOADING, percent=0.0, title=title))
    monitor = DownloadMonitor(request.limits, folder, report.progress)
    try:
        return download(ydl, info, folder, monitor)
    finally:
        context.downloaded_bytes += monitor.received


def _cover(
    ydl: ytdlp_client.YtDlpClient, request: FetchRequest, info: resolve.Info
) -> tuple[str, str]:
    """Return the picture's file name and no remark, or the reverse."""
    try:
        path = fetch_cover(ydl, info, sources.folder_of(request), request.ffmpeg)
    except NoCoverError as error:
        return "", redact(f"no cover: {error}")
    return path.name, ""


def _source(
    request: FetchRequest,
    info: resolve.Info,
    path: Path,
    cover: str,
    notes: tuple[str, ...],
) -> Source:
    kbps = info.get("abr") or (info.get("tbr") if info.get("vcodec") == "none" else 0)
    return Source(
        facts=video_facts(info),
        wanted=sources.selection_key(request.options),
        file=path.name,
        size_bytes=path.stat().st_size,
        format_id=str(info.get("format_id") or ""),
        codec=codec_name(info.get("acodec")),
        bitrate_bps=int(1000 * kbps) if kbps else None,
        channels=info.get("audio_channels"),
        cover=cover,
        notes=notes,
    )
