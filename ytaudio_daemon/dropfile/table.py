"""Parses tables: a spreadsheet's or an export's CSV and TSV. Pure.

Any cell may hold links. In a column with a name such as `Video ID` or `id` bare IDs are
accepted, too; a column named like an option holds that option.
"""

import csv
import re
from collections.abc import Generator, Iterator
from itertools import chain

from ytaudio_daemon.dropfile.comments import commented_links, is_comment
from ytaudio_daemon.dropfile.drop_line import DropLine
from ytaudio_daemon.dropfile.line_options import LineOption, apply_options
from ytaudio_daemon.dropfile.link_target import link_target
from ytaudio_daemon.dropfile.option_keys import DROP_OPTION_KEYS
from ytaudio_daemon.dropfile.option_syntax import layer_problem, merge_layers
from ytaudio_daemon.dropfile.parts import (
    LinkOptions,
    link_lines,
    switched_off_lines,
    without_author_pages,
)
from ytaudio_daemon.dropfile.portions import portions
from ytaudio_daemon.model.collection_options import (
    COLLECTION_KEYS,
    KEYS_OF_VIDEOS,
    YES_OR_NO,
)
from ytaudio_daemon.model.options import OPTION_KEYS
from ytaudio_daemon.model.youtube_ids import is_video_id
from ytaudio_daemon.urls import (
    FoundLink,
    Link,
    distinct_links,
    find_links,
    refused_bare_ids,
)

#: A longer line is cut; columns with descriptions of videos are long.
MAX_TABLE_LINE_CHARS = 1 << 16
#: The most lines of a quoted cell, which may not have more characters than a line either;
#: in a longer one the quote was an ordinary character.
_MAX_ROW_LINES = 100
_DELIMITERS = "\t;,|"
_NOT_A_LETTER = re.compile(r"[\W_]+")
_ID_NAMES = frozenset({"id", "videoid", "youtubeid", "ytid", "mediaid"})
_CHANNEL_ID = "channelid"


def read_table(lines: Iterator[str | None]) -> Iterator[DropLine | None]:
    """Yield the drop lines of every row, and None behind them."""
    table = _Table()
    for numbered in _chunks(lines):
        if numbered is not None:
            yield from table.read(*numbered)
        yield None


def _chunks(
    lines: Iterator[str | None],
) -> Iterator[tuple[int, list[str]] | None]:
    """Yield runs of lines in which all quotes are closed, with their first number.

    None comes for each None among the lines.
    """
    chunk: list[str] = []
    number = quotes = chars = 0
    for line in lines:
        if line is None:
            yield None
            continue
        number += 1
        chunk.append(line.strip("\ufeff") if number == 1 else line)
        quotes += line.count('"')
        chars += len(line)
        is_long = len(chunk) == _MAX_ROW_LINES or chars >= MAX_TABLE_LINE_CHARS
        if quotes % 2 == 0 or is_long:
            yield number - len(chunk) + 1, chunk
            chunk, quotes, chars = [], 0, 0
    if chunk:
        yield number - len(chunk) + 1, chunk


class _Table:
    """Parses row by row, and remembers the columns of the header."""

    def __init__(self) -> None:
        self._delimiter = ""
        self._id_columns: list[int] = []
        self._option_columns: dict[int, str] = {}
        #: It is an export of all channels that somebody follows, which asks for none.
        self._is_subscriptions = False

    def read(self, number: int, chunk: list[str]) -> Iterator[DropLine | None]:
        if not self._delimiter and any(chunk):
            self._delimiter = _delimiter(chunk[0])
        try:
            rows = csv.reader(
                [f"{line}\n" for line in chunk], delimiter=self._delimiter or ","
            )
            start = 0
            for cells in rows:
                yield from self._read_row(
                    number + start, chunk[start : rows.line_num], cells
                )
                start = rows.line_num
        except csv.Error:  # a cell of more than 128 KiB
            for at, line in enumerate(chunk):
                yield from self._read_row(number + at, [line], [line])

    def _read_row(
        self, number: int, written: list[str], cells: list[str]
    ) -> Iterator[DropLine | None]:
        """Yield the drop lines of a row, and None while its links are looked for."""
        line = written[0].strip()
        if not any(cells):
            return
        if line and line[0] != self._delimiter and is_comment(line):
            switched_off = commented_links(line)
            yield from switched_off_lines(number, switched_off)
            if not switched_off:  # `#` is the name of many a first column
                self._read_header(cells)
            return
        found = yield from self._find_links(written, cells)
        if links := self._links(found, cells):
            options = self._options(cells, links)
            layer = merge_layers({}, options.options)
            yield from link_lines(
                number,
                line,
                links,
                options,
                layer,
                accepts_collections=not self._is_subscriptions,
            )
        else:
            self._read_header(cells)

    def _find_links(
        self, written: list[str], cells: list[str]
    ) -> Generator[None, None, list[FoundLink]]:
        """Return the links in the texts of a row; yield None after each portion."""
        found: list[FoundLink] = []
        for texts in self._texts(written, cells):
            for portion in chain.from_iterable(map(portions, texts)):
                found += find_links(portion)
                yield None
            if found:
                break
        return found

    def _links(self, found: list[FoundLink], cells: list[str]) -> list[FoundLink]:
        """Return the links of a row; where none names a video, its bare IDs, too.

        Args:
            found: The links in its texts.
            cells: All of its cells; some may hold bare IDs.
        """
        ids = [cells[at].strip() for at in self._id_columns if at < len(cells)]
        links = [FoundLink(bare, Link(bare)) for bare in ids if is_video_id(bare)]
        links = without_author_pages(distinct_links([*links, *found]))
        if any(each.link for each in links):
            return links
        return [*chain.from_iterable(map(refused_bare_ids, cells)), *links]

    def _texts(self, written: list[str], cells: list[str]) -> Iterator[list[str]]:
        """Yield texts to search for links, until one has some.

        First the cells that are no options; then the row as written, since the table's
        delimiter may have cut a link.
        """
        if self._option_columns:
            columns = self._option_columns
            yield [cell for at, cell in enumerate(cells) if at not in columns]
        yield written

    def _options(self, cells: list[str], links: list[FoundLink]) -> LinkOptions:
        """Return a row's options; a collection's count only where it names one."""
        written = {
            key: cells[column].strip()
            for column, key in self._option_columns.items()
            if column < len(cells) and cells[column].strip()
        }
        for key in KEYS_OF_VIDEOS & written.keys():
            if written[key].lower() not in YES_OR_NO:  # an everyday word
                del written[key]
        layer = {"list": written["list"].lower()} if "list" in written else {}
        if not written.keys().isdisjoint(COLLECTION_KEYS) and not any(
            link_target(link, layer).collection for link in links
        ):
            written = {
                key: value
                for key, value in written.items()
                if key not in COLLECTION_KEYS or key in KEYS_OF_VIDEOS
            }
        own: dict[str, object] = {}
        line_options = [LineOption(key, value, 0, 0) for key, value in written.items()]
        problem = apply_options(line_options, own) or layer_problem(own)
        return LinkOptions(options=own, problem=problem)

    def _read_header(self, cells: list[str]) -> None:
        """Read a row as names of columns; a file may have several tables.

        The names of a collection's options are everyday words: a row with no others is a
        header only if there was none before.
        """
        names = [cell.strip("\ufeff \t").lower() for cell in cells]
        ids = [at for at, name in enumerate(names) if _is_id_name(name)]
        options = {
            at: name for at, name in enumerate(names) if name in DROP_OPTION_KEYS
        }
        has_header = bool(self._id_columns or self._option_columns)
        is_clear = bool(ids) or any(name in OPTION_KEYS for name in options.values())
        if is_clear or (options and not has_header):
            self._id_columns, self._option_columns = ids, options
        if any(_CHANNEL_ID in _words_of(name) for name in names):
            self._is_subscriptions = True


def _delimiter(line: str) -> str:
    """Return the delimiter of a table's cells, by its first line."""
    if line.lower().startswith("sep=") and len(line) > len("sep="):
        return line[len("sep=")]
    return max(_DELIMITERS, key=line.count)


def _is_id_name(name: str) -> bool:
    """Return whether a column holds IDs: `Video ID`, `videoId`, `Video-ID`, `id`."""
    words = _words_of(name)
    return not _ID_NAMES.isdisjoint(words) and _CHANNEL_ID not in words


def _words_of(name: str) -> list[str]:
    """Return the words of a column's name, and all of them as one."""
    words = _NOT_A_LETTER.split(name)
    return [*words, "".join(words)]
