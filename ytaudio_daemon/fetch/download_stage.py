"""Resolve and download: everything that touches the network."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch import Reporter, resolve, ytdlp_client
from ytaudio_daemon.fetch import source as sources
from ytaudio_daemon.fetch.attempt_context import Diary
from ytaudio_daemon.fetch.choose import Format, choose, codec_name
from ytaudio_daemon.fetch.cover import NoCoverError, fetch_cover
from ytaudio_daemon.fetch.download import Bounds, await_start, check_disk, download
from ytaudio_daemon.fetch.metadata import facts_of
from ytaudio_daemon.fetch.redact import redact
from ytaudio_daemon.fetch.source import Source
from ytaudio_daemon.model import FetchRequest, Phase, Progress
from ytaudio_daemon.system import failpoints


class _Choice:
    """Chooses the stream for yt-dlp, which calls it as its format selector."""

    def __init__(self, request: FetchRequest) -> None:
        self.note = ""
        self._target = str(request.options["format"])
        self._quality = str(request.options["quality"])

    def __call__(self, context: Mapping[str, Any]) -> Iterator[Format]:
        chosen = choose(context["formats"], target=self._target, quality=self._quality)
        if chosen is not None:
            stream, self.note = chosen
            yield stream


def gather(request: FetchRequest, report: Reporter, diary: Diary) -> Source:
    """Fetch the stream and its picture, and seal them as a finished source.

    Raises:
        Exception: Anything of yt-dlp's; `classify` makes sense of it.
    """
    report.progress(Progress(phase=Phase.RESOLVING))
    # Before the first request: nothing is asked that could not be kept.
    check_disk(sources.begin(request), request.limits, needed=0)
    choice = _Choice(request)
    parameters = ytdlp_client.parameters(request, diary.transcript, choice)
    with ytdlp_client.Engine(parameters) as ydl:
        diary.answers = ydl.answers
        info = _resolve(ydl, request, diary)
        # The picture first: a kill between the two must not cost the whole stream.
        cover, remark = _cover(ydl, request, info)
        path = _download(ydl, request, info, report, diary)
    notes = tuple(note for note in (choice.note, remark) if note)
    source = _source(request, info, path, cover, notes)
    sources.seal(request, source)
    failpoints.failpoint("source.finished", f"{request.key}/{request.attempt}")
    return source


def _resolve(
    ydl: ytdlp_client.Engine, request: FetchRequest, diary: Diary
) -> resolve.Info:
    info = resolve.extract(ydl, request)
    diary.facts = facts_of(info)
    diary.live_status = info.get("live_status")
    resolve.check(info, request.limits)
    return resolve.select(ydl, info, request.limits)


def _download(
    ydl: ytdlp_client.Engine,
    request: FetchRequest,
    info: resolve.Info,
    report: Reporter,
    diary: Diary,
) -> Path:
    folder = sources.folder_of(request)
    check_disk(folder, request.limits, needed=int(info.get("filesize") or 0))
    await_start(info)
    title = diary.facts.title if diary.facts else None
    report.progress(Progress(phase=Phase.DOWNLOADING, percent=0.0, title=title))
    bounds = Bounds(request.limits, folder, report.progress)
    try:
        return download(ydl, info, folder, bounds)
    finally:
        diary.downloaded_bytes = bounds.received


def _cover(
    ydl: ytdlp_client.Engine, request: FetchRequest, info: resolve.Info
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
        facts=facts_of(info),
        wanted=sources.wanted(request.options),
        file=path.name,
        size_bytes=path.stat().st_size,
        format_id=str(info.get("format_id") or ""),
        codec=codec_name(info.get("acodec")),
        bitrate_bps=int(1000 * kbps) if kbps else None,
        channels=info.get("audio_channels"),
        cover=cover,
        notes=notes,
    )
