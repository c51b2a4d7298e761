"""Resolves and downloads a video: the stages with network."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch import Reporter, po_tokens, resolve, ytdlp_client
from ytaudio_daemon.fetch import source as sources
from ytaudio_daemon.fetch.attempt_context import AttemptContext
from ytaudio_daemon.fetch.choose import Format, choose_stream, codec_name
from ytaudio_daemon.fetch.cover import NoCoverError, fetch_cover
from ytaudio_daemon.fetch.download import (
    DownloadMonitor,
    check_free_space,
    download,
    wait_until_available,
)
from ytaudio_daemon.fetch.metadata import video_facts
from ytaudio_daemon.fetch.redact import redact
from ytaudio_daemon.fetch.source import Source
from ytaudio_daemon.model import FetchRequest, Phase, Progress
from ytaudio_daemon.system import failpoints


class _StreamSelector:
    """Chooses the stream for yt-dlp, which calls it as its format selector."""

    def __init__(self, request: FetchRequest) -> None:
        self.note = ""
        self._target = str(request.options["format"])
        self._quality = str(request.options["quality"])

    def __call__(self, context: Mapping[str, Any]) -> Iterator[Format]:
        chosen = choose_stream(
            context["formats"], target=self._target, quality=self._quality
        )
        if chosen is not None:
            stream, self.note = chosen
            yield stream


def fetch_source(
    request: FetchRequest, report: Reporter, context: AttemptContext
) -> Source:
    """Fetch the stream and its picture, and seal them as a finished source.

    Raises:
        Exception: Any of yt-dlp's; `classify` finds its failure.
    """
    report.progress(Progress(phase=Phase.RESOLVING))
    # Before the first request: nothing is asked that could not be kept.
    check_free_space(sources.begin(request), request.limits, needed=0)
    selector = _StreamSelector(request)
    context.tokens = po_tokens.begin(request.network.pot_provider)
    parameters = ytdlp_client.ytdlp_params(request, context.log_capture, selector)
    parameters[po_tokens.PARAMETER] = context.tokens
    with ytdlp_client.YtDlpClient(parameters) as ydl:
        context.failed_requests = ydl.failed_requests
        info = _resolve(ydl, request, context)
        # The picture first: a kill between the two must not cost the whole stream.
        cover, remark = _cover(ydl, request, info)
        path = _download(ydl, request, info, report, context)
    remarks = (selector.note, remark, context.tokens.note())
    notes = tuple(note for note in remarks if note)
    source = _source(request, info, path, cover, notes)
    sources.seal(request, source)
    failpoints.failpoint("source.finished", f"{request.key}/{request.attempt}")
    return source


def _resolve(
    ydl: ytdlp_client.YtDlpClient, request: FetchRequest, context: AttemptContext
) -> resolve.Info:
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
        context.downloaded_bytes = monitor.received


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
