"""The text form: links with options, a line each. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from ytaudio_daemon.dropfile.drop_line import DropLine, printable, too_long_line
from ytaudio_daemon.dropfile.encoding import MAX_LINE_CHARS
from ytaudio_daemon.dropfile.line_syntax import (
    LineKind,
    ParsedLine,
    layer_problem,
    parse_line,
)
from ytaudio_daemon.dropfile.option_syntax import merge_layers, read_options
from ytaudio_daemon.model import Layer
from ytaudio_daemon.urls import parse_plain_link

_BYTE_ORDER_MARK = "\ufeff"


def read_text(lines: Iterator[str]) -> Iterator[DropLine | None]:
    """Yield an entry for every line that names a link or should have; else None."""
    return _TextParser().read(lines)


class _TextParser:
    """Goes through the lines in order; remembers what the ones below depend on."""

    def __init__(self) -> None:
        #: The options of the file's option lines, later ones on top.
        self._defaults: Layer = {}
        #: The same as an entry without options of its own gets them.
        self._default_layer: Layer = {}
        #: The latest entry: an indented line may still go on with it.
        self._current: DropLine | None = None
        #: The open entry's own options.
        self._current_options: dict[str, object] = {}

    def read(self, lines: Iterator[str]) -> Iterator[DropLine | None]:
        for number, line in enumerate(lines, 1):
            link = parse_plain_link(line)
            if link is None:
                yield from self._parse_slowly(number, line)
                yield None
                continue
            if self._current is not None:
                yield self._current
            # Most lines of a big file end here: a bare link needs no more care.
            self._current_options = {}
            self._current = DropLine(
                line=number, text=line, link=link, layer=self._default_layer
            )
        yield from self._emit_current()

    def _parse_slowly(self, number: int, line: str) -> Iterator[DropLine]:
        line = line.lstrip(_BYTE_ORDER_MARK)
        bare = line.strip()
        if len(line) > MAX_LINE_CHARS:
            yield from self._emit_current()
            self._current = too_long_line(number, line)
        elif not bare or bare.startswith("#"):
            return
        else:
            parsed_line = parse_line(bare)
            goes_on = line[0].isspace() and parsed_line.kind is not LineKind.LINK
            if goes_on and self._current is not None:
                self._current = self._with_continuation(self._current, number, bare)
                return
            yield from self._emit_current()
            if parsed_line.kind is LineKind.OPTIONS:
                yield from self._set_defaults(number, bare)
            else:
                self._start_line(number, bare, parsed_line)

    def _emit_current(self) -> Iterator[DropLine]:
        if self._current is not None:
            yield self._current
        self._current = None
        self._current_options = {}

    def _start_line(self, number: int, bare: str, parsed_line: ParsedLine) -> None:
        self._current_options = dict(parsed_line.options)
        self._current = DropLine(
            line=number,
            text=printable(bare),
            link=parsed_line.link,
            layer=merge_layers(self._defaults, self._current_options),
            code=parsed_line.problem.code if parsed_line.problem else None,
            message=parsed_line.problem.message if parsed_line.problem else "",
        )

    def _with_continuation(
        self, drop_line: DropLine, number: int, bare: str
    ) -> DropLine:
        """Lay an indented line's options onto the entry above, or refuse that."""
        problem = read_options(bare, self._current_options) or layer_problem(
            self._current_options
        )
        drop_line = replace(
            drop_line,
            text=printable(f"{drop_line.text} {bare}"),
            layer=merge_layers(self._defaults, self._current_options),
        )
        if problem is None or drop_line.code is not None:
            return drop_line
        message = f"line {number}, which goes on with this link: {problem.message}"
        return replace(drop_line, code=problem.code, message=message)

    def _set_defaults(self, number: int, bare: str) -> Iterator[DropLine]:
        """Take a line of options for the lines below: all of it or nothing."""
        new: dict[str, object] = {}
        problem = read_options(bare, new) or layer_problem(new)
        if problem is None:
            self._defaults = {**self._defaults, **new}
            self._default_layer = merge_layers(self._defaults, {})
            return
        message = f"{problem.message}; none of this line was set for the lines below"
        yield DropLine(
            line=number,
            text=printable(bare),
            link=None,
            code=problem.code,
            message=message,
        )
