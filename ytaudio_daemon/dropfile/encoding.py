r"""From the bytes of a drop to its lines. Pure.

`\r\n`, `\n` and `\r` end a line, and so do the soft line ends of word processors.
Files that several programs wrote to may be UTF-8 and UTF-16 by turns.
"""

import codecs
import io
import re
from collections.abc import Iterator
from functools import partial

from ytaudio_daemon.dropfile.drop_line import NotADropError
from ytaudio_daemon.urls import find_links

#: 8 KiB. Characters, so that a line written by `render_line` is never too long.
MAX_LINE_CHARS = 8192
_CHUNK_CHARS = 1 << 16
_HEAD_CHARS = 1 << 16
#: Text has none; random bytes have one in ten, UTF-16 without its mark one in two.
_MAX_CONTROL_SHARE = 1 / 20

#: All but white space, ESC and the separators 1C to 1F, which also occur in text.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x7f]")
#: VT, FF, NEL and Unicode's two.
_SOFT_LINE_END = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_BOMS = (
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Characters of one byte, written in two: UTF-16 without its mark, of either order.
_WIDE_RUN = re.compile(
    rb"(?:[\t\n\r -~\xa0-\xff]\x00){4,}|(?:\x00[\t\n\r -~\xa0-\xff]){4,}"
)
#: Eight bytes that UTF-16 has only by an incredible chance.
_NARROW_LINK = re.compile(rb"(?i:https?://|youtu\.be/|youtube\.com/)")
_NARROW_CHARS = b"\t\n\r" + bytes(range(0x20, 0x7F))


def split_lines(data: bytes, max_chars: int = MAX_LINE_CHARS) -> Iterator[str]:
    """Return an iterator over the lines, without their ends; memory stays flat.

    Bytes that are no UTF-8 become U+FFFD.

    Args:
        data: The drop.
        max_chars: A longer line comes cut to one character more than that.

    Raises:
        NotADropError: The data is binary.
    """
    text = _decoded(data)
    _refuse_binary(text.read(_HEAD_CHARS))
    text.seek(0)
    return _read_lines(text, max_chars)


def decode_in_steps(data: bytes) -> Iterator[str]:
    """Return an iterator over the text of a drop, its line ends made line feeds.

    Raises:
        NotADropError: The data is binary.
    """
    text = _decoded(data)
    _refuse_binary(text.read(_HEAD_CHARS))
    text.seek(0)
    return iter(partial(text.read, _CHUNK_CHARS), "")


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
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    if encoding == "utf-16":
        data, encoding = _narrow_end(data)
    elif b"\x00" in data:
        data = _WIDE_RUN.sub(_narrowed, data)
    return io.TextIOWrapper(io.BytesIO(data), encoding, "replace")


def _narrow_end(data: bytes) -> tuple[bytes, str]:
    """Return UTF-16 with its encoding, made UTF-8 when text of bytes is appended."""
    link = _NARROW_LINK.search(data)
    if link is None:
        return data, "utf-16"
    at = len(data[: link.start()].rstrip(_NARROW_CHARS))
    at += at % 2  # the second byte of a line end in big-endian order
    head = data[:at].decode("utf-16", "replace").encode("utf-8", "replace")
    return head + _WIDE_RUN.sub(_narrowed, data[at:]), "utf-8"


def _narrowed(run: re.Match[bytes]) -> bytes:
    return run[0].replace(b"\x00", b"").decode("latin-1").encode()


def _read_lines(text: io.TextIOWrapper, max_chars: int) -> Iterator[str]:
    """Yield the lines; `text` has made a line feed of each of the three line ends."""
    limit = max_chars + 1
    for line in iter(partial(text.readline, limit), ""):
        if line.endswith("\n"):
            bare = line[:-1]
        else:
            bare = line
            _skip_to_line_end(text)
        if bare.isprintable():
            yield bare
        else:
            yield from _SOFT_LINE_END.split(bare)


def _skip_to_line_end(text: io.TextIOWrapper) -> None:
    for piece in iter(partial(text.readline, _CHUNK_CHARS), ""):
        if piece.endswith("\n"):
            return
