"""Fetches the cover picture. No error here fails the job."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import YoutubeDLError

from ytaudio_daemon.fetch import ffmpeg
from ytaudio_daemon.fetch.failure_catalog import AttemptFailedError
from ytaudio_daemon.fetch.ytdlp_client import YtDlpClient

#: YouTube's largest thumbnails are below 1 MiB.
MAX_COVER_BYTES = 8 << 20
#: yt-dlp guesses 38 addresses; a video without any must not cost 38 requests.
MAX_TRIES = 5
_JPEG, _PNG = "image/jpeg", "image/png"


class NoCoverError(Exception):
    """There is no usable picture; the message is the reason."""


def fetch_cover(
    ydl: YtDlpClient, info: Mapping[str, Any], folder: Path, ffmpeg_path: str
) -> Path:
    """Return the largest picture as a JPEG or PNG file in `folder`.

    Raises:
        NoCoverError: For any reason at all but a full disk.
    """
    try:
        picture = _download_first(ydl, thumbnail_urls(info.get("thumbnails") or ()))
        path = folder / "cover"
        path.write_bytes(picture)
        if image_mime_type(picture) is None:
            path = _convert_to_jpeg(path, ffmpeg_path)
    except YoutubeDLError as error:
        raise NoCoverError(f"the picture could not be fetched: {error}") from error
    return path


def thumbnail_urls(thumbnails: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return addresses to try: the largest first, JPEG before WebP of a size. Pure.

    yt-dlp's `preference` puts sizes two apart, WebP one above JPEG. JPEG is what
    players understand and needs no conversion.
    """
    best: dict[int, tuple[bool, str]] = {}
    for thumbnail in thumbnails:
        url = str(thumbnail.get("url") or "")
        if not url.startswith("https://"):
            continue
        size = (int(thumbnail.get("preference") or 0) + 1) // 2
        offer = (".jpg" not in url.partition("?")[0], url)
        best[size] = min(best.get(size, offer), offer)
    return [best[size][1] for size in sorted(best, reverse=True)][:MAX_TRIES]


def image_mime_type(picture: bytes) -> str | None:
    """Return the MIME type of a whole JPEG or PNG; None for anything else. Pure."""
    if picture[:3] == b"\xff\xd8\xff" and b"\xff\xd9" in picture[-64:]:
        return _JPEG
    if picture[:8] == b"\x89PNG\r\n\x1a\n" and b"IEND" in picture[-16:]:
        return _PNG
    return None


def _download_first(ydl: YtDlpClient, urls: list[str]) -> bytes:
    for url in urls:
        try:
            with ydl.urlopen(url) as response:
                picture: bytes = response.read(MAX_COVER_BYTES + 1)
        except HTTPError:
            continue
        if 0 < len(picture) <= MAX_COVER_BYTES:
            return picture
    raise NoCoverError("YouTube has no picture for this video")


def _convert_to_jpeg(path: Path, ffmpeg_path: str) -> Path:
    """Convert a picture of any format, usually WebP, to JPEG."""
    jpeg = path.with_name("cover.jpg")
    arguments = [
        *ffmpeg.input_arguments(path, is_picture=True), "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "2",
        "-pix_fmt", "yuvj420p", "-update", "1", *ffmpeg.output_arguments(jpeg, "image2"),
    ]  # fmt: skip
    try:
        done = ffmpeg.run(ffmpeg_path, arguments)
    except AttemptFailedError as error:
        raise NoCoverError(f"the picture could not be converted: {error}") from error
    path.unlink()
    if done.code != 0 or image_mime_type(jpeg.read_bytes()) is None:
        raise NoCoverError("the picture is broken")
    return jpeg
