"""Converts the progress reports of workers into events for a program's callback."""

from dataclasses import replace

from ytaudio_daemon.downloader.result import ProgressCallback, progress_event
from ytaudio_daemon.model import Progress


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
