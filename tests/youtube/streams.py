"""The formats a video comes in, and the media URLs that lead to them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from tests.youtube import challenge
from tests.youtube.video import Sound, Video

MEDIA_HOST = "rr3---sn-4g5e6nzl.googlevideo.com"


@dataclass(frozen=True, slots=True)
class Stream:
    """One of YouTube's itags, with what a player response says about it."""

    itag: int
    sound: Sound
    mime: str
    codecs: str
    bitrate: int
    sample_rate: int
    quality: str

    @property
    def suffix(self) -> str:
        """Return the file suffix that ffmpeg knows the container by."""
        return "webm" if self.mime.endswith("webm") else "mp4"


#: itags, codecs and typical bitrates as yt-dlp's test data and `-F` listings show them.
STREAMS: tuple[Stream, ...] = (
    Stream(18, "muxed", "video/mp4", "avc1.42001E, mp4a.40.2", 200_000, 44100, "LOW"),
    Stream(139, "aac", "audio/mp4", "mp4a.40.5", 48_000, 22050, "LOW"),
    Stream(140, "aac", "audio/mp4", "mp4a.40.2", 128_000, 44100, "MEDIUM"),
    Stream(249, "opus", "audio/webm", "opus", 50_000, 48000, "LOW"),
    Stream(250, "opus", "audio/webm", "opus", 70_000, 48000, "LOW"),
    Stream(251, "opus", "audio/webm", "opus", 130_000, 48000, "MEDIUM"),
)
BY_ITAG: dict[int, Stream] = {stream.itag: stream for stream in STREAMS}


def streams_of(video: Video) -> tuple[Stream, ...]:
    """Return the streams that exist of a video."""
    return tuple(stream for stream in STREAMS if stream.sound in video.formats)


def streaming_data(
    video: Video, ei: str, sizes: Mapping[int, int], host: str = MEDIA_HOST
) -> dict[str, Any]:
    """Return the `streamingData` of a player response.

    Args:
        video: whose formats.
        ei: the event ID of this response, which the URLs carry.
        sizes: bytes by itag.
        host: the media server to name.

    """
    entries = [
        (stream, _entry(video, stream, ei, sizes[stream.itag], host))
        for stream in streams_of(video)
    ]
    data: dict[str, Any] = {
        "expiresInSeconds": "21540",
        "formats": [entry for stream, entry in entries if stream.sound == "muxed"],
        "adaptiveFormats": [
            entry for stream, entry in entries if stream.sound != "muxed"
        ],
    }
    if video.status == "drm":
        data["licenseInfos"] = [{"drmFamily": "WIDEVINE", "url": "https://"}]
    if video.status == "sabr":
        data["serverAbrStreamingUrl"] = f"https://{host}/videoplayback?sabr=1"
    if video.status in {"live", "post_live"}:
        path = f"/api/manifest/hls_variant/id/{video.id}.1/file/index.m3u8"
        data["hlsManifestUrl"] = f"https://manifest.googlevideo.com{path}"
    return data


def _entry(
    video: Video, stream: Stream, ei: str, size: int, host: str
) -> dict[str, Any]:
    muxed = stream.sound == "muxed"
    entry: dict[str, Any] = {
        "itag": stream.itag,
        "mimeType": f'{stream.mime}; codecs="{stream.codecs}"',
        "bitrate": stream.bitrate,
        "averageBitrate": int(size * 8 / video.duration_s),
        "lastModified": "1700000000000000",
        "contentLength": str(size),
        "approxDurationMs": str(int(video.duration_s * 1000)),
        "quality": "medium" if muxed else "tiny",
        "audioQuality": f"AUDIO_QUALITY_{stream.quality}",
        "audioSampleRate": str(stream.sample_rate),
        "audioChannels": 2,
        "projectionType": "RECTANGULAR",
    }
    if muxed:
        entry |= {"width": 640, "height": 360, "fps": 25, "qualityLabel": "360p"}
    if video.status in {"live", "post_live"}:
        # Endless while live: there is a length of a piece, but none of the whole.
        del entry["contentLength"], entry["approxDurationMs"]
        entry["targetDurationSec"] = 5
    if video.status == "drm":
        entry["drmFamilies"] = ["WIDEVINE", "PLAYREADY"]
    return entry | _address(video, stream, ei, size, host)


def _address(
    video: Video, stream: Stream, ei: str, size: int, host: str
) -> dict[str, str]:
    """Return the part of a format that says where it lies, open or scrambled."""
    if video.status == "sabr":
        return {}
    query = {
        "expire": "4102444800",
        "ei": ei,
        "ip": "127.0.0.1",
        "id": f"o-{video.id}",
        "itag": str(stream.itag),
        "source": "youtube",
        "requiressl": "yes",
        "mime": stream.mime,
        "clen": str(size),
        "dur": f"{video.duration_s:.3f}",
        "lmt": "1700000000000000",
    }
    base = f"https://{host}/videoplayback?"
    signature = challenge.signature_of(ei, stream.itag)
    if not video.challenge:
        return {"url": base + urlencode(query | {"sig": signature})}
    url = base + urlencode(query | {"n": challenge.n_of(ei)})
    scrambled = challenge.scramble(signature)
    return {"signatureCipher": f"s={scrambled}&sp=sig&url={quote(url, safe='')}"}


@dataclass(frozen=True, slots=True)
class Address:
    """What a media URL names, and whether it may be used."""

    video_id: str
    itag: int
    ei: str
    solved: bool
    #: The proof-of-origin token.
    pot: str = ""

    @classmethod
    def parse(cls, query: str) -> "Address":
        """Read a media URL's query; a missing part is read as wrong."""
        values = {key: found[0] for key, found in parse_qs(query).items()}
        ei, named = values.get("ei", ""), values.get("itag", "")
        itag = int(named) if named.isdecimal() else 0
        n = values.get("n")
        return cls(
            video_id=values.get("id", "").removeprefix("o-"),
            itag=itag,
            ei=ei,
            pot=values.get("pot", ""),
            solved=values.get("sig") == challenge.signature_of(ei, itag)
            and (n is None or n == challenge.solve_n(challenge.n_of(ei))),
        )


def event_id(number: int) -> str:
    """Return the event ID of the numbered player response."""
    return hashlib.sha256(f"ei{number}".encode()).hexdigest()[:22]
