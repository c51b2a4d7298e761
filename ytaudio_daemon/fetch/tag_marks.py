# mypy: allow-untyped-calls
# mutagen says that it is typed, but most of its functions are not.
"""Reads which video an audio file came from, as its tags say it.

This program writes `YOUTUBE_ID` and the link (`fetch.tag`). yt-dlp's `--embed-metadata`
writes the link as `purl` and `comment`, of which each container keeps what it can:
https://github.com/yt-dlp/yt-dlp/blob/master/README.md#modifying-metadata. Other
programs write it as the web page of the file (ID3's W frames).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

import mutagen
from mutagen.aiff import AIFF
from mutagen.flac import FLAC
from mutagen.id3 import (
    ID3,
    Frame,
    Frames,
    Frames_2_2,
    ID3JunkFrameError,
    ID3NoHeaderError,
)
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from ytaudio_daemon.model.youtube_ids import is_video_id
from ytaudio_daemon.urls import MAX_LINK_CHARS, LinkError, parse_link

_ID_KEYS = frozenset({"youtube_id"})
#: Tags whose whole value is the link; a description holds links to other videos.
_LINK_KEYS = frozenset(
    {"purl", "url", "comment", "website", "webpage_url", "www", "source", "contact"}
)


class UnreadableTagsError(ValueError):
    """The file is not what its name says, or is damaged; the text says how."""


def video_in_tags(file: BinaryIO, ending: str) -> str | None:
    """Return the video that an audio file's tags name; None where they name none.

    Args:
        file: The file, open for reading, at its beginning.
        ending: Of its name, one of `TAGGED_ENDINGS`: the container.

    Raises:
        UnreadableTagsError: It cannot be read as that container.
        OSError: The disk failed.
    """
    try:
        pairs = list(_READERS[ending](file))
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # mutagen's parsers also raise ValueError, IndexError, struct.error and others.
        raise UnreadableTagsError(
            f"its tags cannot be read: {str(error) or type(error).__name__}"
        ) from error
    ids = [value for key, value in pairs if key in _ID_KEYS and is_video_id(value)]
    links = (_linked_video(value) for key, value in pairs if key in _LINK_KEYS)
    return next(iter(ids), None) or next(filter(None, links), None)


def _linked_video(value: str) -> str | None:
    """Return the video of a value that is a link and nothing else."""
    if len(value) > MAX_LINK_CHARS or len(value.split()) != 1:
        return None
    try:
        return parse_link(value).video_id
    except LinkError:
        return None


#: Bytes of a compressed ID3 frame (https://id3.org/id3v2.4.0-structure, 4.1), which
#: mutagen inflates whatever comes of it. Deflate makes at most 1,032 of one: 16 MiB.
_MAX_COMPRESSED_BYTES = 16 * 1024
_TEXT_FRAMES = frozenset({"TXXX", "TXX", "COMM", "COM"})


def _bounded(frame: type[Frame]) -> type[Frame]:
    """Return a frame's class that skips compressed content beyond the limit."""

    class BoundedFrame(frame):  # type: ignore[misc, valid-type] # a class all the same
        @classmethod
        def _fromData(cls, header: Any, flags: int, data: bytes) -> Any:  # noqa: N802 - mutagen's
            is_v24 = header.version >= (2, 4, 0)
            mask = Frame.FLAG24_COMPRESS if is_v24 else Frame.FLAG23_COMPRESS
            if flags & mask and len(data) > _MAX_COMPRESSED_BYTES:
                raise ID3JunkFrameError("compressed, and too long")
            return super()._fromData(header, flags, data)

    BoundedFrame.__name__ = frame.__name__  # by which mutagen knows a frame
    return BoundedFrame


def _names_video(name: str) -> bool:
    return name in _TEXT_FRAMES or name.startswith("W")


#: For mutagen's `known_frames`: the frames with a text or an address alone; of the others,
#: pictures above all, nothing is read. Those of ID3v2.2 are never compressed.
_READ_FRAMES: dict[str, type[Frame]] = {
    **{name: frame for name, frame in Frames_2_2.items() if _names_video(name)},
    **{name: _bounded(frame) for name, frame in Frames.items() if _names_video(name)},
}


def _id3_pairs(file: BinaryIO) -> Iterator[tuple[str, str]]:
    try:
        yield from _frames(ID3(file, known_frames=_READ_FRAMES))
    except ID3NoHeaderError:
        return


def _chunked_id3_pairs(kind: Callable[..., Any], file: BinaryIO) -> Any:
    return _frames(kind(file, known_frames=_READ_FRAMES).tags or {})


def _frames(frames: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts and addresses of ID3 frames (https://id3.org/id3v2.3.0, 4)."""
    for frame in frames.values():
        name = frame.FrameID
        if name in {"TXXX", "WXXX"}:
            key = frame.desc.lower()
            key = key if key in _ID_KEYS | _LINK_KEYS else "url" * (name == "WXXX")
        else:
            key = "comment" if name == "COMM" else "url" * name.startswith("W")
        if not key:
            continue
        values = [frame.url] if hasattr(frame, "url") else frame.text
        yield from ((key, str(value).strip()) for value in values)


_MP4_FREE = "----:com.apple.itunes:"


def _mp4_pairs(file: BinaryIO) -> Iterator[tuple[str, str]]:
    tags: Any = MP4(file).tags
    for name, values in (tags or {}).items():
        key = name.lower().removeprefix(_MP4_FREE)
        key = {"\xa9cmt": "comment", "purl": "purl"}.get(key, key)
        if key in _ID_KEYS | _LINK_KEYS and isinstance(values, list):
            yield from ((key, _text(value)) for value in values)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    return str(value).strip()


def _vorbis_pairs(file: BinaryIO) -> Iterator[tuple[str, str]]:
    audio = mutagen.File(file, options=[OggOpus, OggVorbis, OggFLAC, FLAC])
    if audio is None:
        raise UnreadableTagsError("no Ogg or FLAC")
    for name, value in audio.tags or ():
        yield name.lower(), str(value).strip()


def _wave_pairs(file: BinaryIO) -> Iterator[tuple[str, str]]:
    yield from _chunked_id3_pairs(WAVE, file)


def _aiff_pairs(file: BinaryIO) -> Iterator[tuple[str, str]]:
    yield from _chunked_id3_pairs(AIFF, file)


_READERS: Mapping[str, Callable[[BinaryIO], Iterator[tuple[str, str]]]] = {
    ".mp3": _id3_pairs,
    ".m4a": _mp4_pairs,
    ".m4b": _mp4_pairs,
    ".mp4": _mp4_pairs,
    ".flac": _vorbis_pairs,
    ".ogg": _vorbis_pairs,
    ".oga": _vorbis_pairs,
    ".opus": _vorbis_pairs,
    ".wav": _wave_pairs,
    ".aif": _aiff_pairs,
    ".aiff": _aiff_pairs,
}
#: The endings of files whose tags can be read.
TAGGED_ENDINGS = frozenset(_READERS)
