"""Parses the JSON forms: one value a line, or one document. Pure."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from ytaudio_daemon.dropfile.comments import commented_links, is_comment
from ytaudio_daemon.dropfile.drop_line import DropLine, printable, too_long_line
from ytaudio_daemon.dropfile.encoding import MAX_LINE_CHARS
from ytaudio_daemon.dropfile.json_options import json_options
from ytaudio_daemon.dropfile.json_reader import read_pieces
from ytaudio_daemon.dropfile.json_records import Record, find_records
from ytaudio_daemon.dropfile.option_syntax import merge_layers
from ytaudio_daemon.dropfile.parts import (
    link_lines,
    number_parts,
    refused_line,
    switched_off_lines,
)
from ytaudio_daemon.dropfile.portions import portions
from ytaudio_daemon.model import OptionError
from ytaudio_daemon.urls import LinkError, find_links

#: yt-dlp writes all that it knows of a video into one line.
MAX_JSON_LINE_CHARS = 1 << 20
_HEAD_BYTES = 4096
_EXAMPLE = '{"url": "https://youtu.be/dQw4w9WgXcQ", "format": "mp3"}'


def read_json_document(text: str) -> Iterator[DropLine | None]:
    """Yield a drop line for every link of a document: an array, an object, or several.

    None comes between them, so that the reader can pause.
    """
    return number_parts(_document_drop_lines(text))


def _document_drop_lines(text: str) -> Iterator[DropLine | None]:
    number = 1
    for piece in read_pieces(text):
        yield None
        for record in find_records(piece[1], piece[0]) if piece else ():
            if record is None:
                yield None
                continue
            number = max(number, getattr(record.text, "line", number))
            yield from _record_drop_lines(number, record)


def read_json_lines(lines: Iterator[str | None]) -> Iterator[DropLine | None]:
    """Yield the drop lines of each line; None for a blank line, and within a long one."""
    number = 0
    for line in lines:
        if line is None:
            yield None
            continue
        number += 1
        stripped = line.strip("\ufeff \t")
        if not stripped or stripped.isspace():
            yield None
        elif is_comment(stripped):
            for portion in portions(stripped):
                yield from switched_off_lines(number, commented_links(portion))
                yield None
        else:
            yield from _line_drop_lines(number, stripped)


def is_json_document(data: bytes) -> bool:
    """Return whether a file of JSON lines is one document, spread over its lines."""
    head = data[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.partition(b"\n")[0].strip() in {b"[", b"{"}


def _line_drop_lines(number: int, stripped: str) -> Iterator[DropLine | None]:
    """Yield the drop lines of a line; refuse a long one that names no link."""
    drop_lines: list[DropLine] = []
    for drop_line in _parsed_drop_lines(number, stripped):
        if drop_line is None:
            yield None
        else:
            drop_lines.append(drop_line)
    is_long = len(stripped) > MAX_LINE_CHARS
    if is_long and all(drop_line.code == "not_a_url" for drop_line in drop_lines):
        drop_lines = [too_long_line(number, stripped)]
    yield from number_parts(drop_lines)


def _parsed_drop_lines(number: int, stripped: str) -> Iterator[DropLine | None]:
    try:
        value = _parse_value(stripped)
    except (LinkError, OptionError) as error:
        yield from _refused_drop_lines(number, stripped, error)
        return
    has_links = False
    for record in find_records(value):
        yield None
        if record is not None:
            has_links = True
            yield from _record_drop_lines(number, record, stripped)
    if not has_links:
        problem = f'there is no "url" text in it; write {_EXAMPLE}'
        yield refused_line(number, stripped, LinkError("not_a_url", problem))


def _record_drop_lines(
    number: int, record: Record, shown: str | None = None
) -> list[DropLine]:
    """Return the drop lines of a record, all with its own options."""
    options = json_options(record.fields, names_collection=record.names_collection)
    layer = merge_layers({}, options.options)
    drop_lines = link_lines(
        number,
        shown or record.text,
        record.links,
        options,
        layer,
        accepts_collections=record.accepts_collections,
    )
    return [drop_line._replace(part=None) for drop_line in drop_lines]


def _refused_drop_lines(
    number: int, stripped: str, error: LinkError | OptionError
) -> Iterator[DropLine | None]:
    """Yield the links of a line that is no JSON, each refused with its mended form."""
    has_links = False
    for portion in portions(stripped):
        yield None
        for link in [found.link for found in find_links(portion) if found.link]:
            has_links = True
            yield refused_line(number, stripped, error, link)
    if not has_links:
        yield refused_line(number, stripped, error)


def _parse_value(stripped: str) -> Any:
    """Parse one JSON value; a comma behind it, from an array, is ignored.

    Raises:
        LinkError: It is no JSON, so it names no link.
        OptionError: A key is given twice.
    """
    try:
        return json.loads(
            stripped.rstrip(", \t"),
            object_pairs_hook=_reject_duplicates,
            parse_constant=_reject_constant,
        )
    except OptionError:
        raise
    except (ValueError, RecursionError) as exc:
        reason = exc.msg if isinstance(exc, json.JSONDecodeError) else "unusual values"
        raise LinkError(
            "not_a_url", f"this is not JSON ({reason}); write {_EXAMPLE}"
        ) from exc


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; refuse a key that is given twice, where json.loads takes the last."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise OptionError("bad_option", f"{printable(key, 40)!r} is given twice")
        found[key] = value
    return found


def _reject_constant(word: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(word)
