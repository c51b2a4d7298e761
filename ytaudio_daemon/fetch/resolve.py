"""Extracts a video's metadata and decides whether it may be fetched."""

from collections.abc import Mapping
from typing import Any

from ytaudio_daemon.fetch.failure_catalog import AttemptFailedError, failure_for
from ytaudio_daemon.fetch.ytdlp_client import YtDlpClient
from ytaudio_daemon.model import FetchRequest, Limits

Info = dict[str, Any]

#: Over, or never been: everything else is not finished yet.
_FINISHED = frozenset({None, "not_live", "was_live"})


class NoStreamsError(Exception):
    """YouTube offers no stream of the video; yt-dlp's warnings have the reason."""


class NotFinishedError(Exception):
    """The video is live, upcoming or being prepared.

    Args:
        live_status: yt-dlp's `live_status`.
    """

    def __init__(self, live_status: str) -> None:
        super().__init__(live_status)
        self.live_status = live_status


def extract(ydl: YtDlpClient, request: FetchRequest) -> Info:
    """Return yt-dlp's info dict of the video, before a stream is chosen.

    Raises:
        yt_dlp.utils.YoutubeDLError: YouTube sent no usable response.
        AttemptFailedError: The response is about another video.
    """
    info: Info = ydl.extract_info(
        request.url, download=False, ie_key="Youtube", process=False
    )
    # A video that must be paid for "redirects" to its trailer.
    if info.get("_type", "video") != "video" or info.get("id") != request.video_id:
        raise AttemptFailedError(failure_for("wrong_video"))
    return info


def check_downloadable(info: Mapping[str, Any], limits: Limits) -> None:
    """Raise if the video is not finished, is too long, or has no stream.

    Raises:
        AttemptFailedError: The policy forbids it.
        NotFinishedError: It is live, upcoming or being processed.
        NoStreamsError: It has no stream; the reason is among the warnings.
    """
    if info.get("live_status") not in _FINISHED:
        raise NotFinishedError(str(info["live_status"]))
    if not info.get("formats"):
        raise NoStreamsError("No video formats found")
    if all(source.get("has_drm") is True for source in info["formats"]):
        raise AttemptFailedError(failure_for("drm"))
    duration = info.get("duration") or 0
    if duration <= 0:
        raise AttemptFailedError(failure_for("no_duration"))
    if limits.max_duration_s and duration > limits.max_duration_s:
        raise AttemptFailedError(failure_for("too_long"))


def select_stream(ydl: YtDlpClient, info: Info, limits: Limits) -> Info:
    """Return `info` with the chosen stream's fields laid over it.

    Raises:
        NoStreamsError: None of the streams has sound.
        AttemptFailedError: The stream is bigger than allowed.
    """
    chosen: Info = ydl.process_ie_result(info, download=False)
    if not chosen.get("url"):
        raise NoStreamsError("Requested format is not available")
    size = chosen.get("filesize") or 0
    if limits.max_size_bytes and size > limits.max_size_bytes:
        raise AttemptFailedError(failure_for("too_big"))
    return chosen
