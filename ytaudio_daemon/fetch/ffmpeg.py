"""Runs one ffmpeg: no network, no stdin, in our process group, with progress."""

import errno
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ytaudio_daemon.fetch.failure_catalog import AttemptFailedError, failure_for
from ytaudio_daemon.model.host_errors import find_host_error_in

#: The formats of YouTube's streams and pictures. A playlist (hls, concat, dash, image2 …)
#: could name other users' files, or an address.
FORMATS = ("matroska", "mov", "mp3", "ogg", "flac", "wav", "aac")
_PICTURE_FORMATS = ("webp", "webp_pipe", "jpeg_pipe", "png_pipe", "gif", "mov")
_QUIET = ("-nostdin", "-hide_banner", "-nostats", "-v", "error", "-xerror")
#: No network, whatever addresses the media contains.
PROTOCOLS = "file,pipe"
_MAX_STDERR = 8000
#: ffmpeg's own status when SIGTERM, SIGINT or the like made it stop (ffmpeg 9).
_EXIT_BY_SIGNAL = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class FfmpegResult:
    """The end of an ffmpeg process.

    Attributes:
        code: Its exit status; negative when a signal ended it.
        errors: The end of its error output; "" if it printed none.
        out_time_s: The last timestamp it wrote, in seconds.
        out_bytes: Bytes written, or 0 when it does not know.
    """

    code: int
    errors: str
    out_time_s: float
    out_bytes: int

    @property
    def is_clean(self) -> bool:
        """Whether it exited with 0 and printed no error."""
        return self.code == 0 and not self.errors


def input_arguments(path: Path, *, is_picture: bool = False) -> list[str]:
    """Return the arguments that read `path`, whatever its name begins with.

    Its content says what format it has, and it may have no other than these.
    """
    formats = _PICTURE_FORMATS if is_picture else FORMATS
    return [
        "-protocol_whitelist", PROTOCOLS, "-format_whitelist", ",".join(formats),
        "-i", f"file:{path}",
    ]  # fmt: skip


def output_arguments(path: Path, container: str) -> list[str]:
    """Return the arguments that write `path` in that container."""
    return ["-f", container, "-y", f"file:{path}"]


def run(
    ffmpeg: str,
    arguments: Sequence[str],
    on_progress: Callable[[float], None] = lambda _seconds: None,
) -> FfmpegResult:
    """Run ffmpeg to its end.

    Args:
        ffmpeg: Absolute path.
        arguments: Inputs and outputs.
        on_progress: Called about twice a second with the seconds done so far.

    Raises:
        AttemptFailedError: It cannot be started, found the disk full or its input gone,
            outgrew the limit of a file, or was killed: that says nothing about what it
            was reading.
    """
    argv = [ffmpeg, *_QUIET, "-progress", "pipe:1", *arguments]
    with tempfile.TemporaryFile() as errors:
        report = _run_process(argv, errors.fileno(), on_progress)
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - _MAX_STDERR))
        error_text = errors.read().decode("utf-8", "replace").strip()
    _raise_if_input_removed(int(report["code"]), arguments)
    _raise_host_error(error_text)
    _raise_if_killed(int(report["code"]), error_text)
    return FfmpegResult(
        code=int(report["code"]),
        errors=error_text,
        out_time_s=_parse_number(report.get("out_time_us")) / 1e6,
        out_bytes=int(_parse_number(report.get("total_size"))),
    )


def _run_process(
    argv: Sequence[str], errors: int, on_progress: Callable[[float], None]
) -> dict[str, str]:
    """Run the process; return the last value of every progress key, and the exit `code`."""
    report: dict[str, str] = {}
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
            text=True, errors="replace",
        )  # fmt: skip
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.EACCES, errno.ENOEXEC}:
            raise AttemptFailedError(failure_for("ffmpeg_missing")) from error
        raise
    with process:
        for line in process.stdout or ():
            key, _, value = line.strip().partition("=")
            report[key] = value
            if key == "progress":
                on_progress(_parse_number(report.get("out_time_us")) / 1e6)
    return report | {"code": str(process.returncode)}


def _raise_if_input_removed(code: int, arguments: Sequence[str]) -> None:
    """Raise when it failed and its input, the attempt's own file, is no longer there."""
    inputs = [after for word, after in pairwise(arguments) if word == "-i"]
    if code and not all(Path(name.removeprefix("file:")).exists() for name in inputs):
        raise AttemptFailedError(failure_for("work_removed"))


def _raise_host_error(error_text: str) -> None:
    host_error = find_host_error_in(error_text, _HOST_ERRNOS)
    if host_error is not None:
        raise AttemptFailedError(host_error.failure())
    for text, code in _CODES_BY_TEXT.items():
        if text in error_text:
            raise AttemptFailedError(failure_for(code))


def _raise_if_killed(code: int, error_text: str) -> None:
    if code == -signal.SIGXFSZ:  # RLIMIT_FSIZE
        raise AttemptFailedError(failure_for("too_big"))
    if (code < 0 or code == _EXIT_BY_SIGNAL) and not error_text:
        raise AttemptFailedError(failure_for("converter_died"))


#: Certainly the host's; EIO is left out, since ffmpeg's "Input/output error" is often
#: about the input.
_HOST_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOMEM})
_CODES_BY_TEXT = {
    "File too large": "too_big",
    "Unknown encoder": "ffmpeg_unfit",
    "not a suitable output format": "ffmpeg_unfit",
}


def _parse_number(text: str | None) -> float:
    """Return ffmpeg's number, 0 for its "N/A"."""
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
