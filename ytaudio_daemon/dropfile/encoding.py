r"""Decodes the bytes of a drop into lines. Pure.

`\r\n`, `\n` and `\r` end a line, and so do the soft line ends of word processors.
Files that several programs wrote to may be UTF-8 and UTF-16 by turns.
"""

import codecs
import io
import re
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from ytaudio_daemon.dropfile.drop_line import NotADropError
from ytaudio_daemon.urls import find_links

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: 8 KiB. Characters, so that a line written by `render_line` is never too long.
MAX_LINE_CHARS = 8192
_CHUNK_CHARS = 1 << 16
_HEAD_CHARS = 1 << 16
#: The most bytes of `_HEAD_CHARS` characters in UTF-8 and UTF-16.
_HEAD_BYTES = 4 * _HEAD_CHARS
#: The largest share of control characters in text. Text has none; random bytes have one
#: in ten, UTF-16 without its mark one in two.
_MAX_CONTROL_SHARE = 1 / 20

#: Control characters but white space, ESC and the separators 1C to 1F, which occur in
#: text, too.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x7f]")
#: VT, FF, NEL and Unicode's two.
_SOFT_LINE_END = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: An even number, so that no character of UTF-16 is cut.
_BLOCK_BYTES = 1 << 17
#: Latin text in UTF-16 without its mark, in either byte order.
_WIDE_RUN = re.compile(
    rb"(?:[\t\n\r -~\xa0-\xff]\x00){4,}|(?:\x00[\t\n\r -~\xa0-\xff]){4,}"
)
#: Single-byte text: at least seven bytes that UTF-16 has only by an incredible chance.
_NARROW_LINKS = (b"http://", b"https://", b"youtu.be/", b"youtube.com/")
_NARROW_CHARS = b"\t\n\r" + bytes(range(0x20, 0x7F))


def split_lines(data: bytes, max_chars: int = MAX_LINE_CHARS) -> Iterator[str | None]:
    """Return an iterator over the lines, without their ends; memory stays flat.

    Bytes that are no UTF-8 become U+FFFD. The rest of a line that is too long is skipped
    in pieces, with None after each, so that the reader can pause: the line may be as
    long as the drop, and bytes that are no text take long to decode.

    Args:
        data: The drop.
        max_chars: A longer line comes cut to one character more than that.

    Raises:
        NotADropError: The data is binary.
    """
    _refuse_binary(_head(data))
    return _read_lines(_decoded(data), max_chars)


def decode_in_steps(data: bytes) -> Iterator[str]:
    """Return an iterator over the text of a drop, its line ends made line feeds.

    Raises:
        NotADropError: The data is binary.
    """
    _refuse_binary(_head(data))
    return iter(partial(_decoded(data).read, _CHUNK_CHARS), "")


def _head(data: bytes) -> str:
    return _decoded(data[:_HEAD_BYTES]).read(_HEAD_CHARS)


def _refuse_binary(head: str) -> None:
    if is_binary(head) and not _has_good_line(head):
        raise NotADropError("this is binary data; save it as plain text in UTF-8")


def is_binary(text: str) -> bool:
    """Return whether a text has more control characters than people write."""
    return len(_CONTROL.findall(text)) > len(text) * _MAX_CONTROL_SHARE


def _has_good_line(head: str) -> bool:
    """Return whether a line of text with a link stands beside the binary data."""
    return any(not is_binary(line) and find_links(line) for line in head.split("\n"))


def _decoded(data: bytes) -> io.TextIOWrapper:
    """Return a stream of the text; costly conversions are made block by block."""
    is_wide = any(data.startswith(mark) for mark in _BOMS)
    narrow_from = _narrow_start(data) if is_wide else 0 if b"\x00" in data else None
    if narrow_from is None:
        encoding = "utf-16" if is_wide else "utf-8"
        return io.TextIOWrapper(io.BytesIO(data), encoding, "replace")
    blocks = chain(_utf8_blocks(data, narrow_from), _narrow_blocks(data, narrow_from))
    return io.TextIOWrapper(io.BufferedReader(_BlockReader(blocks)), "utf-8", "replace")


class _BlockReader(io.RawIOBase):
    """Reads bytes that come in blocks."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._rest))
        target[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def _narrow_start(data: bytes) -> int | None:
    """Return where single-byte text is appended to UTF-16, or None."""
    small = data.lower()
    found = [at for mark in _NARROW_LINKS if (at := small.find(mark)) >= 0]
    if not found:
        return None
    start = len(data[: min(found)].rstrip(_NARROW_CHARS))
    return start + start % 2  # the second byte of a line end in big-endian order


def _utf8_blocks(data: bytes, end: int) -> Iterator[bytes]:
    """Yield the UTF-16 before `end` as UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for at in range(0, end, _BLOCK_BYTES):
        text = decoder.decode(data[at : min(at + _BLOCK_BYTES, end)])
        yield text.encode("utf-8", "replace")


def _narrow_blocks(data: bytes, start: int) -> Iterator[bytes]:
    """Yield the bytes from `start` on, with UTF-16 without a mark converted to UTF-8."""
    while start < len(data):
        stop = start + _BLOCK_BYTES
        line_end = data.rfind(b"\n", start, stop) + 1
        stop = line_end if line_end and stop < len(data) else stop
        yield _WIDE_RUN.sub(_narrowed, data[start:stop])
        start = stop


def _narrowed(run: re.Match[bytes]) -> bytes:
    return run[0].replace(b"\x00", b"").decode("latin-1").encode()


def _read_lines(text: io.TextIOWrapper, max_chars: int) -> Iterator[str | None]:
    """Yield the lines; `text` has made a line feed of each of the three line ends."""
    limit = max_chars + 1
    for line in iter(partial(text.readline, limit), ""):
        if line.endswith("\n"):
            bare = line[:-1]
        else:
            bare = line
            yield from _skip_to_line_end(text)
        if bare.isprintable():
            yield bare
        else:
            yield from _SOFT_LINE_END.split(bare)


def _skip_to_line_end(text: io.TextIOWrapper) -> Iterator[None]:
    for piece in iter(partial(text.readline, _CHUNK_CHARS), ""):
        if piece.endswith("\n"):
            return
        yield None
