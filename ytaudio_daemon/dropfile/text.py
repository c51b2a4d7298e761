"""The text form: links with options, a line each. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from ytaudio_daemon.dropfile.drop_line import Entry, shown, too_long
from ytaudio_daemon.dropfile.encoding import MAX_LINE_CHARS
from ytaudio_daemon.dropfile.line_syntax import Form, Row, layer_problem, take_apart
from ytaudio_daemon.dropfile.option_syntax import laid_over, read_options
from ytaudio_daemon.model import Layer
from ytaudio_daemon.urls import plain_link

_BYTE_ORDER_MARK = "\ufeff"


def read_text(lines: Iterator[str]) -> Iterator[Entry]:
    """Yield an entry for every line that names a link or should have."""
    return _TextReader().read(lines)


class _TextReader:
    """Goes through the lines in order; remembers what the ones below depend on."""

    def __init__(self) -> None:
        #: The options of the file's option lines, later ones on top.
        self._defaults: Layer = {}
        #: The same as an entry without options of its own gets them.
        self._default_layer: Layer = {}
        #: The latest entry: an indented line may still go on with it.
        self._open: Entry | None = None
        #: The open entry's own options.
        self._own: dict[str, object] = {}

    def read(self, lines: Iterator[str]) -> Iterator[Entry]:
        for number, line in enumerate(lines, 1):
            link = plain_link(line)
            if link is None:
                yield from self._look_closer(number, line)
                continue
            if self._open is not None:
                yield self._open
            # Most lines of a big file end here: a bare link needs no more care.
            self._own = {}
            self._open = Entry(
                line=number, text=line, link=link, layer=self._default_layer
            )
        yield from self._close()

    def _look_closer(self, number: int, line: str) -> Iterator[Entry]:
        line = line.lstrip(_BYTE_ORDER_MARK)
        bare = line.strip()
        if len(line) > MAX_LINE_CHARS:
            yield from self._close()
            self._open = too_long(number, line)
        elif not bare or bare.startswith("#"):
            return
        else:
            row = take_apart(bare)
            goes_on = line[0].isspace() and row.form is not Form.LINK
            if goes_on and self._open is not None:
                self._open = self._extended(self._open, number, bare)
                return
            yield from self._close()
            if row.form is Form.OPTIONS:
                yield from self._set_defaults(number, bare)
            else:
                self._start(number, bare, row)

    def _close(self) -> Iterator[Entry]:
        if self._open is not None:
            yield self._open
        self._open = None
        self._own = {}

    def _start(self, number: int, bare: str, row: Row) -> None:
        self._own = dict(row.own)
        self._open = Entry(
            line=number,
            text=shown(bare),
            link=row.link,
            layer=laid_over(self._defaults, self._own),
            code=row.problem.code if row.problem else None,
            message=row.problem.message if row.problem else "",
        )

    def _extended(self, entry: Entry, number: int, bare: str) -> Entry:
        """Lay an indented line's options onto the entry above, or refuse that."""
        problem = read_options(bare, self._own) or layer_problem(self._own)
        entry = replace(
            entry,
            text=shown(f"{entry.text} {bare}"),
            layer=laid_over(self._defaults, self._own),
        )
        if problem is None or entry.code is not None:
            return entry
        message = f"line {number}, which goes on with this link: {problem.message}"
        return replace(entry, code=problem.code, message=message)

    def _set_defaults(self, number: int, bare: str) -> Iterator[Entry]:
        """Take a line of options for the lines below: all of it or nothing."""
        new: dict[str, object] = {}
        problem = read_options(bare, new) or layer_problem(new)
        if problem is None:
            self._defaults = {**self._defaults, **new}
            self._default_layer = laid_over(self._defaults, {})
            return
        message = f"{problem.message}; none of this line was set for the lines below"
        yield Entry(
            line=number,
            text=shown(bare),
            link=None,
            code=problem.code,
            message=message,
        )
