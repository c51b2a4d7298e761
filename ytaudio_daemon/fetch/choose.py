"""Chooses the stream of a video to fetch. Pure.

The formats are yt-dlp's, in its own order: the worst first, the best last. Its
selection language is not used for `worst…`: there the worst language (a dubbed
track) and streams known to be damaged would win.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Format = Mapping[str, Any]

#: The codec whose stream can be copied into a container of that name.
CODEC_OF = {
    "mp3": "mp3",
    "m4a": "aac",
    "wav": "pcm_s16le",
    "flac": "flac",
    "ogg": "vorbis",
    "opus": "opus",
}


def codec_name(acodec: object) -> str:
    """Return ffmpeg's name for a codec as yt-dlp gives it (RFC 6381), or "unknown"."""
    text = str(acodec or "").lower()
    if text in {"mp4a.6b", "mp4a.69", "mp4a.40.34"}:  # MPEG layer 3 in MP4
        return "mp3"
    for prefix, name in _CODECS.items():
        if text.startswith(prefix):
            return name
    return "unknown"


_CODECS = {
    "mp4a": "aac",
    "aac": "aac",
    "opus": "opus",
    "vorbis": "vorbis",
    "mp3": "mp3",
    "flac": "flac",
    "ac-3": "ac3",
    "ec-3": "eac3",
}


def choose_stream(
    formats: Iterable[Format], *, target: str, quality: str
) -> tuple[Format, str] | None:
    """Return the stream to fetch and a remark ("" usually), or None without sound.

    Args:
        formats: As yt-dlp sorted them.
        target: The wanted file format, e.g. `opus`.
        quality: One of `model.options.QUALITIES`.
    """
    audible = _prefer_original_language(
        [f for f in formats if f.get("acodec") != "none"]
    )
    audio_only = [f for f in audible if f.get("vcodec") == "none"]
    muxed = [f for f in audible if f.get("vcodec") != "none"]
    if quality in {"best", "worst"}:
        first, second = muxed, audio_only
        note = "no muxed video exists; audio only was used"
    else:
        first, second = audio_only, muxed
        note = "no separate audio exists; a video's was used"
    pick = _worst if quality.startswith("worst") else _best
    if first:
        chosen = pick(_prefer_copyable(first, target, quality))
        return chosen, _language_remark(chosen)
    if not second:
        return None
    chosen = pick(second)
    return chosen, "; ".join(filter(None, (note, _language_remark(chosen))))


def _prefer_copyable(
    formats: Sequence[Format], target: str, quality: str
) -> Sequence[Format]:
    """Return the streams that can be copied into m4a or opus, or all if there are none."""
    if quality in {"best", "worst"} or target not in {"m4a", "opus"}:
        return formats
    fitting = [f for f in formats if codec_name(f.get("acodec")) == CODEC_OF[target]]
    return fitting or formats


def _prefer_original_language(formats: Sequence[Format]) -> list[Format]:
    """Return the undamaged streams in the original language, or all if there are none."""
    healthy = [
        f for f in formats if (f.get("preference") or 0) >= _MIN_HEALTHY_PREFERENCE
    ] or formats
    highest = max((_language_preference(f) for f in healthy), default=0)
    return [f for f in healthy if _language_preference(f) == highest]


#: yt-dlp gives -10 to streams that it takes for damaged (youtube/_video.py).
_MIN_HEALTHY_PREFERENCE = -9


def _language_preference(source: Format) -> int:
    return int(source.get("language_preference") or -1)


def _language_remark(source: Format) -> str:
    """Return the remark about a track that is not known to be the original, or "".

    yt-dlp names the language of streams that have one of several tracks only.
    """
    language, preference = source.get("language"), _language_preference(source)
    if not language or preference >= _ORIGINAL_PREFERENCE:
        return ""
    if preference == _DESCRIBED_PREFERENCE:
        return f"only sound with a description of the picture was offered ({language})"
    if preference == _DEFAULT_PREFERENCE and "dub" not in str(
        source.get("format_note")
    ):
        return (
            "no audio track is marked as the original one; the default was used "
            f"({language}), which may be dubbed"
        )
    return f"only dubbed audio tracks were offered; one of them was used ({language})"


#: As yt-dlp rates tracks (youtube/_video.py, `get_language_code_and_preference`).
_ORIGINAL_PREFERENCE = 10
_DEFAULT_PREFERENCE = 5
_DESCRIBED_PREFERENCE = -10


def _best(formats: Sequence[Format]) -> Format:
    return formats[-1]


def _worst(formats: Sequence[Format]) -> Format:
    return min(formats, key=lambda f: f.get("abr") or f.get("tbr") or 0)
