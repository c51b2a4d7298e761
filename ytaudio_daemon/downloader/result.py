"""What callers get: a result for each download, and news while it runs. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ytaudio_daemon.model import Outcome, Phase, Progress

#: Gets a dictionary for each piece of news; `docs/python.md` lists the keys.
ProgressCallback = Callable[[dict[str, Any]], object]

_CONVERTING = frozenset({Phase.CONVERTING, Phase.VERIFYING, Phase.PUBLISHING})


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadResult:
    """How a download ended. A failed one is a result too, not an exception.

    Attributes:
        success: Whether the audio is there, proven to decode in full.
        output_path: The finished file, absolute; None when it failed.
        file_size_bytes: Of that file.
        title, artist, duration_seconds, view_count: Of the video; None where
            YouTube does not tell, or the attempt did not come so far.
        error_message: One plain sentence when it failed, else None.
    """

    success: bool
    output_path: str | None = None
    file_size_bytes: int | None = None
    title: str | None = None
    artist: str | None = None
    duration_seconds: float | None = None
    view_count: int | None = None
    error_message: str | None = None


def rejected_result(message: str) -> DownloadResult:
    """Return the result of a download that was not begun."""
    return DownloadResult(success=False, error_message=message)


def result_of(outcome: Outcome, output_path: str | None) -> DownloadResult:
    """Return what callers get for an outcome.

    Args:
        outcome: Of the last attempt.
        output_path: Where its audio was put.
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
        output_path=output_path,
        file_size_bytes=made.size_bytes,
        title=made.title,
        artist=made.artist,
        duration_seconds=made.duration_s,
        view_count=made.view_count,
    )


def progress_event(url: str, progress: Progress) -> dict[str, Any]:
    """Return what a callback is told of a running download.

    `progress_percent` and `downloaded_bytes` are numbers from the start, so that they
    can be formatted without a look.
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
    """Return what a callback is told at the end, of success or failure."""
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
