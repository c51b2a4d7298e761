# mypy: allow-untyped-calls
# mutagen says that it is typed, but most of its functions are not.
"""The ID3 frames that can name a video, read so that a small file stays small.

Frames may be compressed (https://id3.org/id3v2.4.0-structure, 4.1), and mutagen inflates
them whatever comes of it. These are the frames with a text or an address alone; of the
others, pictures above all, nothing is read.
"""

from typing import Any

from mutagen.id3 import Frame, Frames, Frames_2_2, ID3JunkFrameError

#: Bytes of a compressed frame. Deflate makes at most 1,032 of one: 16 MiB.
MAX_COMPRESSED_BYTES = 16 * 1024
_TEXTS = frozenset({"TXXX", "TXX", "COMM", "COM"})


def _bounded(frame: type[Frame]) -> type[Frame]:
    """Return a frame's class that passes over what is compressed and too long."""

    class BoundedFrame(frame):  # type: ignore[misc, valid-type] # a class all the same
        @classmethod
        def _fromData(cls, header: Any, flags: int, data: bytes) -> Any:  # noqa: N802 - mutagen's
            is_v24 = header.version >= (2, 4, 0)
            mask = Frame.FLAG24_COMPRESS if is_v24 else Frame.FLAG23_COMPRESS
            if flags & mask and len(data) > MAX_COMPRESSED_BYTES:
                raise ID3JunkFrameError("compressed, and too long")
            return super()._fromData(header, flags, data)

    BoundedFrame.__name__ = frame.__name__  # by which mutagen knows a frame
    return BoundedFrame


def _is_read(name: str) -> bool:
    return name in _TEXTS or name.startswith("W")


#: For mutagen's `known_frames`. Those of ID3v2.2 are never compressed.
READ_FRAMES: dict[str, type[Frame]] = {
    **{name: frame for name, frame in Frames_2_2.items() if _is_read(name)},
    **{name: _bounded(frame) for name, frame in Frames.items() if _is_read(name)},
}
