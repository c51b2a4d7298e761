"""Verifies that a file decodes, from the first sample to the announced last one.

ffmpeg's exit status is no proof: it is 0 for most files that were cut, zeroed or
have a hole. Decoded samples are: a missing fragment leaves the timestamps in place
and takes the samples away.
"""

from collections.abc import Callable
from pathlib import Path

from ytaudio_daemon.fetch import ffmpeg, libav
from ytaudio_daemon.fetch.failure_catalog import AttemptFailedError, failure_for
from ytaudio_daemon.model import FetchRequest

#: Low, because only the count matters; 16-bit mono.
_RATE = 8000
_BYTES_PER_S = _RATE * 2
#: Seconds by which timestamps and samples may differ: encoder delay and rounding.
HOLE_TOLERANCE_S = 0.5
#: YouTube announces whole seconds, and sound may end before the picture.
LENGTH_TOLERANCE_S = 2.0
LENGTH_TOLERANCE_PART = 0.01


def prove(
    request: FetchRequest,
    path: Path,
    *,
    announced_s: float,
    written_s: float,
    on_progress: Callable[[float], None],
) -> float:
    """Decode a finished file in full and return its seconds of sound.

    Args:
        request: Names ffmpeg, without which a defect is not believed.
        path: The file.
        announced_s: As for `find_defect`.
        written_s: Likewise.
        on_progress: Called about twice a second with the seconds done so far.

    Raises:
        AttemptFailedError: It has a defect, or ffmpeg cannot be started.
    """
    if libav.is_usable(request):
        decoded = libav.decode(path, on_progress)
        if decoded and find_defect(decoded, announced_s, written_s) is None:
            return decoded.samples_s
    decoded = _decode_by_program(request.ffmpeg, path, on_progress)
    if decoded is None:
        raise AttemptFailedError(failure_for("does_not_decode"))
    if (code := find_defect(decoded, announced_s, written_s)) is not None:
        raise AttemptFailedError(failure_for(code))
    return decoded.samples_s


def find_defect(
    decoded: libav.DecodedSound, announced_s: float, written_s: float
) -> str | None:
    """Return the failure code of the defect, or None if the audio is whole. Pure.

    Args:
        decoded: Of the finished file.
        announced_s: By YouTube.
        written_s: The last timestamp of the conversion: a hole in the source is
            still in it, and no longer in the converted samples.
    """
    if decoded.samples_s <= 0:
        return "does_not_decode"
    last_timestamp_s = max(decoded.out_time_s, written_s)
    if abs(last_timestamp_s - decoded.samples_s) > HOLE_TOLERANCE_S:
        return "holes"
    allowed = max(LENGTH_TOLERANCE_S, LENGTH_TOLERANCE_PART * announced_s)
    if decoded.samples_s < announced_s - allowed:
        return "cut_short"
    return "wrong_length" if decoded.samples_s > announced_s + allowed else None


def _decode_by_program(
    ffmpeg_path: str, path: Path, on_progress: Callable[[float], None]
) -> libav.DecodedSound | None:
    """Decode as `libav.decode` does, by the ffmpeg program; None if it reports an error.

    Raises:
        AttemptFailedError: ffmpeg cannot be started.
    """
    arguments = [
        *ffmpeg.input_arguments(path), "-map", "0:a:0", "-ac", "1", "-ar", str(_RATE),
        *ffmpeg.output_arguments(Path("/dev/null"), "s16le"),
    ]  # fmt: skip
    done = ffmpeg.run(ffmpeg_path, arguments, on_progress)
    if not done.is_clean:
        return None
    return libav.DecodedSound(
        samples_s=done.out_bytes / _BYTES_PER_S, out_time_s=done.out_time_s
    )
