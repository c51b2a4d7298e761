"""Converts the fetched stream to the wanted format, by a copy if possible."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ytaudio_daemon.fetch import ffmpeg, libav
from ytaudio_daemon.fetch.choose import CODEC_OF
from ytaudio_daemon.fetch.failure_catalog import AttemptFailedError, failure_for
from ytaudio_daemon.fetch.source import Source
from ytaudio_daemon.model import FetchRequest, Phase, Progress
from ytaudio_daemon.model.options import LOSSLESS

#: The muxer and its options.
_CONTAINER: Mapping[str, tuple[str, Mapping[str, str]]] = MappingProxyType(
    {
        "mp3": ("mp3", {"id3v2_version": "0"}),  # mutagen writes the tags
        "m4a": ("ipod", {"movflags": "+faststart"}),
        "ogg": ("ogg", {}),
        "opus": ("opus", {}),
        "flac": ("flac", {}),
        "wav": ("wav", {"rf64": "auto"}),
    }
)
_ENCODER = MappingProxyType(
    {
        "mp3": "libmp3lame",
        "m4a": "aac",
        "ogg": "libvorbis",
        "opus": "libopus",
        "flac": "flac",
        "wav": "pcm_s16le",
    }
)
#: FLAC's encoder takes its block size from the first frame, and none below 16 samples;
#: the first frame of an AAC stream may be shorter, so samples are put into equal frames.
_FILTER = MappingProxyType({"flac": ("-af", "asetnsamples=n=4096:p=0")})
#: Every sample as it was decoded.
_DECODED = ("-c:a", "pcm_f32le", "-rf64", "auto")
#: What the encoders accept, in kbit/s for each channel (tried with ffmpeg 5 and 9);
#: LAME's 320 is for the whole stream.
_KBPS_PER_CHANNEL = MappingProxyType({"ogg": (24, 240), "opus": (6, 256)})
_MAX_MP3_KBPS = 320
_PCM_BYTES_PER_S = 48_000 * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionPlan:
    """The way from the stream to the file.

    Attributes:
        format: The file's format, also its extension.
        copied: The stream is copied, not re-encoded.
        kbps: The encoder's bitrate, or None for a copy or a lossless format.
        note: A remark for the person, or "".
    """

    format: str
    copied: bool
    kbps: int | None
    note: str = ""


def plan_conversion(
    source: Source, options: Mapping[str, Any], fallback_bitrate: str
) -> ConversionPlan:
    """Decide between a copy and an encode. Pure."""
    target = str(options["format"])
    asked = options.get("bitrate")
    if source.codec == CODEC_OF[target] and asked is None:
        return ConversionPlan(format=target, copied=True, kbps=None)
    if target in LOSSLESS:
        note = f"{target} made from a lossy source: bigger, not better"
        return ConversionPlan(format=target, copied=False, kbps=None, note=note)
    wanted_kbps = int(str(asked or fallback_bitrate).removesuffix("k"))
    kbps = _clamp_kbps(target, wanted_kbps, source.channels)
    note = ""
    if kbps != wanted_kbps:
        note = f"{kbps}k instead of {wanted_kbps}k: the encoder allows no other"
    return ConversionPlan(format=target, copied=False, kbps=kbps, note=note)


def ffmpeg_arguments(plan: ConversionPlan, source: Path, target: Path) -> list[str]:
    """Return ffmpeg's arguments. Pure."""
    encoder = "copy" if plan.copied else _ENCODER[plan.format]
    codec = ["-c:a", encoder]
    if plan.kbps is not None:
        codec += ["-b:a", f"{plan.kbps}k"]
    if not plan.copied:
        codec += _FILTER.get(plan.format, ())
    muxer, options = _CONTAINER[plan.format]
    flags = (text for name, value in options.items() for text in (f"-{name}", value))
    return _sound_arguments(source, target, muxer, *codec, *flags)


def _sound_arguments(source: Path, target: Path, muxer: str, *flags: str) -> list[str]:
    return [
        *ffmpeg.input_arguments(source), "-map", "0:a:0", "-map_metadata", "-1",
        "-map_chapters", "-1", *flags, *ffmpeg.output_arguments(target, muxer),
    ]  # fmt: skip


def convert(
    request: FetchRequest,
    source: Source,
    plan: ConversionPlan,
    report: Callable[[Progress], None],
) -> tuple[Path, float]:
    """Make the audio file and return it with the last timestamp in seconds.

    Raises:
        AttemptFailedError: The result would be too big, ffmpeg failed, or its encoder
            refuses sound that decodes.
        ConversionError: The source does not decode, or cannot be copied.
    """
    _check_wav_size(request, source, plan)
    folder = Path(request.attempt_dir)
    path = folder / f"converted.{plan.format}"
    duration = source.facts.duration_s or 0

    def on_progress(seconds: float) -> None:
        percent = min(100.0, 100 * seconds / duration) if duration else None
        report(Progress(phase=Phase.CONVERTING, percent=percent))

    on_progress(0)
    media = folder / "source" / source.file
    if plan.copied and libav.is_usable(request):
        copied_s = libav.copy(media, path, *_CONTAINER[plan.format], on_progress)
        if copied_s is not None:
            return path, copied_s
    argv = ffmpeg_arguments(plan, media, path)
    done = ffmpeg.run(request.ffmpeg, argv, on_progress)
    if done.is_clean:
        return path, done.out_time_s
    if plan.copied:
        raise ConversionError(done.errors)
    return path, _convert_decoded(request.ffmpeg, plan, media, path, on_progress)


def _convert_decoded(
    ffmpeg_path: str,
    plan: ConversionPlan,
    media: Path,
    path: Path,
    on_progress: Callable[[float], None],
) -> float:
    """Decode all of the source first, then encode that; return the last timestamp.

    This distinguishes a source that does not decode from an encoder that refuses a good
    one; and an encoder may accept plain samples where it refused the stream's frames.

    Raises:
        AttemptFailedError: The encoder refuses the samples, too.
        ConversionError: The source does not decode.
    """
    decoded = path.with_name("converted.decoded")
    try:
        argv = _sound_arguments(media, decoded, "wav", *_DECODED)
        source = ffmpeg.run(ffmpeg_path, argv, on_progress)
        if not source.is_clean or not source.out_time_s:
            raise ConversionError(source.errors)
        argv = ffmpeg_arguments(plan, decoded, path)
        done = ffmpeg.run(ffmpeg_path, argv, on_progress)
    finally:
        decoded.unlink(missing_ok=True)
    if not done.is_clean:
        raise AttemptFailedError(failure_for("encoder_refused"))
    return source.out_time_s


class ConversionError(Exception):
    """ffmpeg could not convert the source; the message is ffmpeg's."""


def _clamp_kbps(target: str, kbps: int, channels: int | None) -> int:
    if target == "mp3":
        return min(kbps, _MAX_MP3_KBPS)
    if target not in _KBPS_PER_CHANNEL:
        return kbps
    low, high = _KBPS_PER_CHANNEL[target]
    # Unknown: what both one and two channels bear.
    return min(max(kbps, low * min(channels or 2, 2)), high * min(channels or 1, 2))


def _check_wav_size(
    request: FetchRequest, source: Source, plan: ConversionPlan
) -> None:
    """Refuse a wav that would outgrow the limit before writing gigabytes of it."""
    limit = request.limits.max_size_bytes
    pcm = (source.facts.duration_s or 0) * _PCM_BYTES_PER_S * (source.channels or 2)
    if plan.format == "wav" and limit and pcm > limit:
        raise AttemptFailedError(failure_for("too_big"))
