"""The result that callers get for a download, and the events while it runs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ytaudio_daemon.model import Outcome, Phase, Progress

#: Called with a dictionary for each event; `docs/python.md` lists the keys.
ProgressCallback = Callable[[dict[str, Any]], object]

_CONVERTING = frozenset({Phase.CONVERTING, Phase.VERIFYING, Phase.PUBLISHING})


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadResult:
    """The end of a download. A failed one is a result, too, not an exception.

    Attributes:
        success: Whether the audio file exists and was proven to decode in full.
        output_path: The finished file, absolute; None when it failed.
        file_size_bytes: The size of that file.
        title, artist, duration_seconds, view_count: The video's; None where YouTube
            does not say, or the attempt failed before.
        error_message: One plain sentence if the download failed, else None.
    """

    success: bool
    output_path: str | None = None
    file_size_bytes: int | None = None
    title: str | None = None
    artist: str | None = None
    duration_seconds: float | None = None
    view_count: int | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryResult(DownloadResult):
    """The end of one entry of a playlist, an album or a channel.

    Attributes:
        url: The link of its video; of a list that cannot be read, the list's.
        position: Its place in the list, from 1; None for the list itself.
        collection_title: The list's title; None while it is not known.
    """

    url: str
    position: int | None = None
    collection_title: str | None = None

    @classmethod
    def rejected(cls, url: object, message: str) -> "EntryResult":
        """Return the result of a link that names no list."""
        return cls(success=False, url=str(url), error_message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionEntry:
    """One video of a playlist, an album or a channel.

    Attributes:
        position: Its place in the list, from 1.
        video_id: YouTube's 11 characters.
        url: Its link.
        title, channel, duration_seconds: As the list shows them, or None.
        upload_date: `YYYY-MM-DD`, about right, or None.
        unavailable: Why YouTube does not hand it out: private, deleted, members, live,
            upcoming or blocked; None when it seems to be there.
        not_selected: Why the selection leaves it out, in a few words, or None.
    """

    position: int
    video_id: str
    url: str
    title: str | None = None
    channel: str | None = None
    duration_seconds: float | None = None
    upload_date: str | None = None
    unavailable: str | None = None
    not_selected: str | None = None


def rejected_result(message: str) -> DownloadResult:
    """Return the result of a download that was not begun."""
    return DownloadResult(success=False, error_message=message)


def result_of(outcome: Outcome, output_path: Path | None) -> DownloadResult:
    """Return the result for an outcome.

    Args:
        outcome: The last attempt's outcome.
        output_path: The finished file.
    """
    made = outcome.result
    if made is None or output_path is None:
        failure = outcome.failure
        return DownloadResult(
            success=False,
            title=outcome.title,
            artist=outcome.artist,
            duration_seconds=outcome.duration_s,
            view_count=outcome.view_count,
            error_message=failure.message if failure else "It failed.",
        )
    return DownloadResult(
        success=True,
        output_path=str(output_path),
        file_size_bytes=made.size_bytes,
        title=made.title,
        artist=made.artist,
        duration_seconds=made.duration_s,
        view_count=made.view_count,
    )


def progress_event(url: str, progress: Progress) -> dict[str, Any]:
    """Return the event for a progress report.

    `progress_percent` and `downloaded_bytes` are always numbers, so that callers can
    format them without checking for None.
    """
    converting = progress.phase in _CONVERTING
    return {
        "status": "converting" if converting else "downloading",
        "phase": str(progress.phase),
        "url": url,
        "title": progress.title,
        "progress_percent": progress.percent or 0.0,
        "downloaded_bytes": progress.downloaded_bytes or 0,
        "total_bytes": progress.total_bytes,
        "speed": progress.speed_bps,
        "eta": progress.eta_s,
        "output_path": None,
        "error_message": None,
    }


def final_event(url: str, result: DownloadResult) -> dict[str, Any]:
    """Return the event for the end of a download, success or failure."""
    size = result.file_size_bytes
    return {
        "status": "finished" if result.success else "error",
        "phase": None,
        "url": url,
        "title": result.title,
        "progress_percent": 100.0 if result.success else 0.0,
        "downloaded_bytes": size or 0,
        "total_bytes": size,
        "speed": None,
        "eta": None,
        "output_path": result.output_path,
        "error_message": result.error_message,
    }


class ProgressForwarder:
    """Converts the progress reports of workers into events for the callback.

    Args:
        url: As the caller wrote it.
        callback: Gets the events; None for none.
    """

    def __init__(self, url: str, callback: ProgressCallback | None) -> None:
        self._url = url
        self._callback = callback
        self._latest = Progress(phase="resolving")

    def __call__(self, progress: Progress) -> None:
        """Forward a report, with missing fields filled in from the previous one."""
        if self._callback is None:
            return
        known = self._latest
        self._latest = replace(
            progress,
            title=progress.title or known.title,
            downloaded_bytes=progress.downloaded_bytes or known.downloaded_bytes,
            total_bytes=progress.total_bytes or known.total_bytes,
        )
        self._callback(progress_event(self._url, self._latest))
