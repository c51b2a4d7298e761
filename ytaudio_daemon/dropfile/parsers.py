"""Parses a drop with the parser of its kind. Pure."""

import io
from collections.abc import Callable, Iterator

from ytaudio_daemon.dropfile.drop_line import DropLine
from ytaudio_daemon.dropfile.encoding import decode_in_steps, split_lines
from ytaudio_daemon.dropfile.filenames import DropKind
from ytaudio_daemon.dropfile.json_lines import (
    MAX_JSON_LINE_CHARS,
    is_json_document,
    read_json_document,
    read_json_lines,
)
from ytaudio_daemon.dropfile.linkfiles import (
    read_desktop_file,
    read_url_file,
    read_webloc,
)
from ytaudio_daemon.dropfile.table import MAX_TABLE_LINE_CHARS, read_table
from ytaudio_daemon.dropfile.text import M3U, MARKDOWN, read_text
from ytaudio_daemon.dropfile.web_page import read_web_page

#: A reader of a whole text.
_TextReader = Callable[[str], Iterator[DropLine | None]]


def _read_whole(data: bytes, read: _TextReader) -> Iterator[DropLine | None]:
    """Yield None for each decoded piece of the text, then the drop lines of the whole."""
    return _read_pieces(decode_in_steps(data), read)


def _read_pieces(pieces: Iterator[str], read: _TextReader) -> Iterator[DropLine | None]:
    text = io.StringIO()
    for piece in pieces:
        text.write(piece)
        yield None
    yield from read(text.getvalue())


def _read_json(data: bytes) -> Iterator[DropLine | None]:
    if is_json_document(data):
        return _read_whole(data, read_json_document)
    return read_json_lines(split_lines(data, MAX_JSON_LINE_CHARS))


_PARSERS: dict[DropKind, Callable[[bytes], Iterator[DropLine | None]]] = {
    DropKind.TEXT: lambda data: read_text(split_lines(data)),
    DropKind.MARKDOWN: lambda data: read_text(split_lines(data), MARKDOWN),
    DropKind.M3U: lambda data: read_text(split_lines(data), M3U),
    DropKind.TABLE: lambda data: read_table(split_lines(data, MAX_TABLE_LINE_CHARS)),
    DropKind.HTML: lambda data: _read_whole(data, read_web_page),
    DropKind.JSON: lambda data: _read_whole(data, read_json_document),
    DropKind.JSONL: _read_json,
    DropKind.URL: lambda data: iter([read_url_file(data)]),
    DropKind.WEBLOC: lambda data: iter([read_webloc(data)]),
    DropKind.DESKTOP: lambda data: iter([read_desktop_file(data)]),
}


def parse(data: bytes, kind: DropKind) -> Iterator[DropLine]:
    """Return an iterator over the drop lines of a drop, in the order of their lines.

    They are parsed one after the other; memory stays flat. Whether the data is a drop
    at all is decided before the first one.

    Raises:
        NotADropError: Nothing in it is usable.
    """
    return (line for line in parse_in_steps(data, kind) if line is not None)


def parse_in_steps(data: bytes, kind: DropKind) -> Iterator[DropLine | None]:
    """Return an iterator as `parse` does, with None for other lines between them.

    A file may have a million blank lines between two drop lines: the reader can pause at
    each None.

    Raises:
        NotADropError: Nothing in it is usable.
    """
    return _PARSERS[kind](data)
