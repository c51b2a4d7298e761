# mypy: allow-untyped-calls
# mutagen says that it is typed, but most of its functions are not.
"""Writes tags and the cover into an audio file, in process, with mutagen.

For old players mp3 and wav get ID3 2.3, because Windows and most car
radios read no 2.4 (https://id3.org/id3v2.3.0); mutagen writes its texts as UTF-16,
so nothing is lost.
"""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mutagen.flac import FLAC, Picture
from mutagen.id3 import (
    APIC,
    COMM,
    TALB,
    TCON,
    TDRC,
    TIT2,
    TPE1,
    TPE2,
    TPOS,
    TRCK,
    TXXX,
    WOAS,
    PictureType,
)
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from ytaudio_daemon.fetch.cover import image_mime_type

Tags = Mapping[str, str]


def write_tags(
    path: Path, tags: Tags, picture: bytes, *, video_id: str, url: str
) -> None:
    """Write tags and cover into the file; its extension decides the container.

    Args:
        path: The audio file, changed in place.
        tags: By the names in `model.options.TAGS`.
        picture: A JPEG or PNG, or nothing.
        video_id: Kept beside the tags, to find the video again.
        url: Likewise.

    Raises:
        mutagen.MutagenError, OSError: The file is none of that kind, or the disk full.
    """
    whole = {**tags, "video_id": video_id, "url": url}
    _WRITERS[path.suffix](path, whole, picture)


def can_hold_tags(path: Path) -> bool:
    """Return whether mutagen can write into the file: not into a wav beyond 4 GiB (RF64)."""
    with path.open("rb") as file:
        return file.read(4) != b"RF64"


def read_stream(path: Path) -> tuple[int, int]:
    """Return an audio file's sample rate in Hz and its channels; 0 when unknown."""
    if not can_hold_tags(path):
        return 0, 0
    info = _OPENERS[path.suffix](path).info
    # Opus always plays at 48 kHz (RFC 7845, 5.1), so mutagen does not say it.
    return int(getattr(info, "sample_rate", 48_000)), int(info.channels)


def _mp3(path: Path, tags: Tags, picture: bytes) -> None:
    audio = MP3(path)
    if audio.tags is None:
        audio.add_tags()
    _fill_id3(audio.tags, tags, picture)
    audio.save(v1=0, v2_version=3)


def _wav(path: Path, tags: Tags, picture: bytes) -> None:
    audio = WAVE(path)
    if audio.tags is None:
        audio.add_tags()
    _fill_id3(audio.tags, tags, picture)
    audio.save(v2_version=3)


def _fill_id3(id3: Any, tags: Tags, picture: bytes) -> None:
    id3.clear()
    for key, frame in _ID3_FRAMES.items():
        if key in tags:
            id3.add(frame(encoding=1, text=[tags[key]]))
    if "comment" in tags:
        id3.add(COMM(encoding=1, lang="eng", desc="", text=[tags["comment"]]))
    id3.add(WOAS(url=tags["url"]))
    id3.add(TXXX(encoding=1, desc="YOUTUBE_ID", text=[tags["video_id"]]))
    if picture:
        id3.add(
            APIC(
                encoding=0,
                mime=image_mime_type(picture),
                type=PictureType.COVER_FRONT,
                desc="",
                data=picture,
            )
        )
    id3.update_to_v23()


_ID3_FRAMES = {
    "title": TIT2,
    "artist": TPE1,
    "album": TALB,
    "album_artist": TPE2,
    "track": TRCK,
    "disc": TPOS,
    "date": TDRC,
    "genre": TCON,
}


class _Cover(MP4Cover):
    """A picture that does not spell out its bytes: mutagen sorts atoms by their texts."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


def _m4a(path: Path, tags: Tags, picture: bytes) -> None:
    audio = MP4(path)
    audio.tags = None  # the old ones go with the one rewrite, that of `save`
    audio.add_tags()
    for key, atom in _MP4_ATOMS.items():
        if key in tags:
            audio[atom] = [tags[key]]
    for key, atom in (("track", "trkn"), ("disc", "disk")):
        if place := _place_of_total(tags.get(key, "")):
            audio[atom] = [place]
    audio["----:com.apple.iTunes:YOUTUBE_ID"] = [MP4FreeForm(tags["video_id"].encode())]
    audio["----:com.apple.iTunes:URL"] = [MP4FreeForm(tags["url"].encode())]
    if picture:
        is_png = image_mime_type(picture) == "image/png"
        form = MP4Cover.FORMAT_PNG if is_png else MP4Cover.FORMAT_JPEG
        audio["covr"] = [_Cover(picture, imageformat=form)]
    audio.save()


_MP4_ATOMS = {
    "title": "\xa9nam",
    "artist": "\xa9ART",
    "album": "\xa9alb",
    "album_artist": "aART",
    "date": "\xa9day",
    "genre": "\xa9gen",
    "comment": "\xa9cmt",
}


def _place_of_total(text: str) -> tuple[int, int] | None:
    """Return "3/12" as (3, 12), each capped at 16 bits as MP4 stores them."""
    number, _, total = text.partition("/")
    if not number.strip().isdecimal():
        return None
    last = int(total) if total.strip().isdecimal() else 0
    return min(int(number), 0xFFFF), min(last, 0xFFFF)


def _flac(path: Path, tags: Tags, picture: bytes) -> None:
    audio = FLAC(path)
    _fill_vorbis(audio, tags)
    audio.clear_pictures()
    if picture:
        audio.add_picture(_flac_picture(picture))
    audio.save()


def _ogg(path: Path, tags: Tags, picture: bytes) -> None:
    audio = _OPENERS[path.suffix](path)
    _fill_vorbis(audio, tags)
    if picture:
        block = base64.b64encode(_flac_picture(picture).write()).decode("ascii")
        audio["METADATA_BLOCK_PICTURE"] = [block]
    audio.save()


def _fill_vorbis(audio: Any, tags: Tags) -> None:
    if audio.tags is None:
        audio.add_tags()
    audio.tags.clear()
    for key, value in tags.items():
        name = _VORBIS_KEYS.get(key, key.upper())
        number, _, total = (part.strip() for part in value.partition("/"))
        if key in _VORBIS_TOTALS and total.isdecimal():
            audio[name], audio[_VORBIS_TOTALS[key]] = [number], [total]
        else:
            audio[name] = [value]


#: https://xiph.org/vorbis/doc/v-comment.html names the common ones.
_VORBIS_KEYS = {
    "album_artist": "ALBUMARTIST",
    "track": "TRACKNUMBER",
    "disc": "DISCNUMBER",
    "video_id": "YOUTUBE_ID",
    "url": "PURL",
}

#: Vorbis comments have no "3/12": the total has a field of its own, as MusicBrainz
#: Picard writes it (https://picard-docs.musicbrainz.org/en/appendices/tag_mapping.html).
_VORBIS_TOTALS = {"track": "TOTALTRACKS", "disc": "TOTALDISCS"}


def _flac_picture(picture: bytes) -> Picture:
    block = Picture()
    block.type = PictureType.COVER_FRONT
    block.mime = image_mime_type(picture) or ""
    block.data = picture
    return block


_OPENERS: Mapping[str, Callable[[Path], Any]] = {
    ".mp3": MP3,
    ".m4a": MP4,
    ".wav": WAVE,
    ".flac": FLAC,
    ".ogg": OggVorbis,
    ".opus": OggOpus,
}
_WRITERS: Mapping[str, Callable[[Path, Tags, bytes], None]] = {
    ".mp3": _mp3,
    ".m4a": _m4a,
    ".wav": _wav,
    ".flac": _flac,
    ".ogg": _ogg,
    ".opus": _ogg,
}
