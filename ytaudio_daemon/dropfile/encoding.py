r"""From the bytes of a drop to its lines. Pure.

Only `\r\n`, `\n` and `\r` end a line: `str.splitlines` splits at eight more
characters, which stand inside titles.
"""

import codecs
import io
import re
from collections.abc import Iterator
from functools import partial

from ytaudio_daemon.dropfile.drop_line import NotADropError

#: 8 KiB. Characters, so that a line written by `render_line` is never too long.
MAX_LINE_CHARS = 8192
_CHUNK_CHARS = 1 << 16
_HEAD_BYTES = 1 << 16
#: Text has none; random bytes have one in ten, UTF-16 without its mark one in two.
_MAX_CONTROL_SHARE = 1 / 20

#: All but white space, ESC and the separators 1C to 1F, which also occur in text.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x7f]")
_BOMS = (
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def split_lines(data: bytes) -> Iterator[str]:
    """Return an iterator over the lines, without their ends; memory stays flat.

    Bytes that are no UTF-8 become U+FFFD. A line of more than `MAX_LINE_CHARS` comes
    cut to one character more than that.

    Raises:
        NotADropError: The data is binary.
    """
    encoding = _encoding(data)
    head = data[:_HEAD_BYTES].decode(encoding, "replace")
    if len(_CONTROL.findall(head)) > len(head) * _MAX_CONTROL_SHARE:
        raise NotADropError(
            "this is binary data, or UTF-16 without a byte order mark; "
            "save it as plain text in UTF-8"
        )
    return _cut_lines(io.TextIOWrapper(io.BytesIO(data), encoding, "replace"))


def _encoding(data: bytes) -> str:
    """Return the encoding; a UTF-8 mark stays, as it may start any line (cat a b)."""
    return next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")


def _cut_lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield the lines; `text` has made a line feed of each of the three line ends."""
    limit = MAX_LINE_CHARS + 1
    for line in iter(partial(text.readline, limit), ""):
        if line.endswith("\n"):
            yield line[:-1]
        else:
            yield line
            _skip_to_line_end(text)


def _skip_to_line_end(text: io.TextIOWrapper) -> None:
    for piece in iter(partial(text.readline, _CHUNK_CHARS), ""):
        if piece.endswith("\n"):
            return
