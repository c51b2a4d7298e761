"""Downloads the chosen stream into a folder, within its limits.

A stalled download is not detected here: a read waits as long as single bytes come.
The pool does, by the bytes that are reported (`pool.timeouts`).
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.failures import AttemptFailedError
from ytaudio_daemon.fetch.ytdlp_client import YtDlpClient
from ytaudio_daemon.model import Limits, Phase, Progress

#: Bytes by which YouTube's announced size and the file may differ.
SIZE_TOLERANCE_BYTES = 4096
#: The endings of YouTube's streams. A file called `media.m3u8` would be a list of others.
MEDIA_EXTENSIONS = frozenset(
    {"m4a", "mp4", "webm", "weba", "mp3", "opus", "ogg", "flac", "wav", "aac", "3gp"}
)
_DISK_CHECK_S = 1.0


class DownloadMonitor:
    """Watches a running download: its size, and the free space of the disk.

    Args:
        limits: Size limit and disk reserve.
        folder: The folder that the download writes into.
        report: Receives the progress.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        limits: Limits,
        folder: Path,
        report: Callable[[Progress], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.received = 0
        self._limits = limits
        self._folder = folder
        self._report = report
        self._clock = clock
        self._disk_checked_at = -_DISK_CHECK_S

    def on_progress(self, status: Mapping[str, Any]) -> None:
        """Check the limits and report the progress; yt-dlp calls it for every block.

        Raises:
            AttemptFailedError: A limit is reached.
        """
        self.received = int(status.get("downloaded_bytes") or self.received)
        limit = self._limits.max_size_bytes
        if limit and self.received > limit:
            raise AttemptFailedError(failure_for("too_big"))
        now = self._clock()
        if now - self._disk_checked_at >= _DISK_CHECK_S:
            self._disk_checked_at = now
            check_free_space(self._folder, self._limits, needed=0)
        self._report(_progress(status, self.received))


def wait_until_available(info: Mapping[str, Any]) -> None:
    """Wait until `available_at`: YouTube refuses the stream before."""
    time.sleep(max(0.0, (info.get("available_at") or 0) - time.time()))


def download(
    ydl: YtDlpClient, info: Mapping[str, Any], folder: Path, monitor: DownloadMonitor
) -> Path:
    """Download the stream in `info` and return its file.

    Raises:
        AttemptFailedError: A limit was reached, or the stream is shorter than announced.
        yt_dlp.utils.YoutubeDLError, OSError: It could not be fetched or written.
    """
    path = folder / f"media.{_extension(info.get('ext'))}"
    ydl.add_progress_hook(monitor.on_progress)
    complete, _ = ydl.dl(str(path), dict(info))
    if not complete or not path.is_file():
        raise AttemptFailedError(failure_for("cut_off"))
    announced = info.get("filesize") or 0
    if path.stat().st_size < announced - SIZE_TOLERANCE_BYTES:
        raise AttemptFailedError(failure_for("cut_short"))
    return path


def check_free_space(folder: Path, limits: Limits, *, needed: int) -> None:
    """Raise if the disk would have less free space than the reserve.

    Raises:
        AttemptFailedError: With the code `disk_full`.
    """
    usage = os.statvfs(folder)
    if usage.f_bavail * usage.f_frsize - needed < limits.disk_reserve_bytes:
        raise AttemptFailedError(failure_for("disk_full"))


def _progress(status: Mapping[str, Any], received: int) -> Progress:
    total = status.get("total_bytes") or status.get("total_bytes_estimate")
    return Progress(
        phase=Phase.DOWNLOADING,
        percent=min(100.0, 100.0 * received / total) if total else None,
        downloaded_bytes=received,
        total_bytes=int(total) if total else None,
        speed_bps=status.get("speed"),
        eta_s=status.get("eta"),
    )


def _extension(ext: object) -> str:
    """Return the ending of the media file: ffmpeg also goes by it."""
    return str(ext) if ext in MEDIA_EXTENSIONS else "bin"
