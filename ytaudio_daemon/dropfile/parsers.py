"""Every form of a drop, by its kind. Pure."""

from collections.abc import Callable, Iterator

from ytaudio_daemon.dropfile.drop_line import DropLine
from ytaudio_daemon.dropfile.encoding import split_lines
from ytaudio_daemon.dropfile.filenames import DropKind
from ytaudio_daemon.dropfile.jsonlines import read_json_lines
from ytaudio_daemon.dropfile.linkfiles import (
    read_desktop_file,
    read_url_file,
    read_webloc,
)
from ytaudio_daemon.dropfile.text import read_text

_LINE_PARSERS: dict[DropKind, Callable[[Iterator[str]], Iterator[DropLine | None]]] = {
    DropKind.TEXT: read_text,
    DropKind.JSONL: read_json_lines,
}
_LINK_FILE_PARSERS: dict[DropKind, Callable[[bytes], DropLine]] = {
    DropKind.URL: read_url_file,
    DropKind.WEBLOC: read_webloc,
    DropKind.DESKTOP: read_desktop_file,
}


def parse(data: bytes, kind: DropKind) -> Iterator[DropLine]:
    """Return an iterator over the entries of a drop, in the order of their lines.

    Entries come as they are asked for; memory stays flat. Whether the data is a drop
    at all is decided at once, before the first entry.

    Raises:
        NotADropError: Nothing in it is usable.
    """
    return (entry for entry in parse_in_steps(data, kind) if entry is not None)


def parse_in_steps(data: bytes, kind: DropKind) -> Iterator[DropLine | None]:
    """Return what `parse` does, with None for a line that is no entry of its own.

    A file may have a million blank lines between two entries: whoever reads it can
    pause after each.

    Raises:
        NotADropError: Nothing in it is usable.
    """
    if read_lines := _LINE_PARSERS.get(kind):
        return read_lines(split_lines(data))
    return iter([_LINK_FILE_PARSERS[kind](data)])
