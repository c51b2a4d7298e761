"""Parses the text form: links with options, words and comments. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ytaudio_daemon.dropfile.comments import commented_links, is_comment
from ytaudio_daemon.dropfile.drop_line import DropLine, printable, too_long_line
from ytaudio_daemon.dropfile.encoding import MAX_LINE_CHARS, is_binary
from ytaudio_daemon.dropfile.line_options import apply_options
from ytaudio_daemon.dropfile.line_syntax import ParsedLine, link_options, parse_line
from ytaudio_daemon.dropfile.link_target import misused_options
from ytaudio_daemon.dropfile.no_link import no_link_error
from ytaudio_daemon.dropfile.option_syntax import (
    layer_problem,
    merge_layers,
    read_options,
)
from ytaudio_daemon.dropfile.parts import link_lines, refused_line, switched_off_lines
from ytaudio_daemon.model import Layer, OptionError
from ytaudio_daemon.urls import FoundLink, LinkError, find_links, parse_plain_link

_BYTE_ORDER_MARK = "\ufeff"
_LATE_LIST = OptionError("bad_option", "list=… stands on the line of the link itself")
#: Switched-off links that are held back below a link that an indented line may extend.
_MAX_HELD_BACK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDialect:
    """The meaning of lines without a link in a kind of text.

    Attributes:
        refuses_words: A line of words is refused, as it should have been a link.
        has_headings: `#` starts a heading, not a comment.
        has_directives: `#EXT…` is for players; links in it, of pictures, are ignored.
    """

    refuses_words: bool = True
    has_headings: bool = False
    has_directives: bool = False


PLAIN_TEXT = TextDialect()
MARKDOWN = TextDialect(refuses_words=False, has_headings=True)
M3U = TextDialect(refuses_words=False, has_directives=True)


def read_text(
    lines: Iterator[str | None], dialect: TextDialect = PLAIN_TEXT
) -> Iterator[DropLine | None]:
    """Yield a drop line for every link and for every line that should have one.

    None after each line that is no bare link, and for each None among the lines: a
    file may have a million blank lines between two drop lines, and the reader can pause
    at each.
    """
    return _TextParser(dialect).read(lines)


class _TextParser:
    """Parses lines in order, with the state that later lines depend on."""

    def __init__(self, dialect: TextDialect) -> None:
        self._dialect = dialect
        #: The options of the option lines so far, later ones over earlier ones.
        self._defaults: Layer = {}
        #: The layer of a link without options of its own.
        self._default_layer: Layer = {}
        #: The drop lines of the latest line, which an indented line may still extend.
        self._current: Sequence[DropLine] = ()
        #: The own options of `_current`.
        self._current_options: dict[str, object] = {}
        #: The links in comments below `_current`.
        self._switched_off: list[DropLine] = []
        self._has_refused_binary = False

    def read(self, lines: Iterator[str | None]) -> Iterator[DropLine | None]:
        number = 0
        for line in lines:
            if line is None:
                yield None
                continue
            number += 1
            link = parse_plain_link(line)
            if link is None:
                yield from self._parse_slowly(number, line)
                yield None
                continue
            if self._switched_off:
                yield from self._emit_current()
            yield from self._current
            # The fast path: most lines of a big file are a link and nothing else.
            self._current_options = {}
            self._current = (
                DropLine(line=number, text=line, link=link, layer=self._default_layer),
            )
        yield from self._emit_current()

    def _parse_slowly(self, number: int, line: str) -> Iterator[DropLine]:
        line = line.lstrip(_BYTE_ORDER_MARK)
        stripped = line.strip()
        if len(line) > MAX_LINE_CHARS:
            yield from self._emit_current()
            self._current = (too_long_line(number, line),)
        elif not stripped or self._is_directive(stripped):
            return
        elif self._is_comment(stripped):
            yield from self._switch_off(number, commented_links(stripped))
        else:
            yield from self._parse_words(
                number, stripped, is_indented=line[0].isspace()
            )

    def _is_directive(self, stripped: str) -> bool:
        return self._dialect.has_directives and stripped.startswith("#EXT")

    def _is_comment(self, stripped: str) -> bool:
        is_heading = self._dialect.has_headings and stripped.startswith("#")
        return not is_heading and is_comment(stripped)

    def _parse_words(
        self, number: int, stripped: str, *, is_indented: bool
    ) -> Iterator[DropLine]:
        parsed = parse_line(stripped)
        if parsed.links:
            yield from self._emit_current()
            self._start_links(number, stripped, parsed)
        elif is_indented and self._current:
            self._continue(number, stripped, parsed)
        elif parsed.is_option_line:
            yield from self._emit_current()
            yield from self._set_defaults(number, stripped)
        elif self._dialect.refuses_words or find_links(stripped):
            yield from self._emit_current()
            self._refuse_words(number, stripped)
        yield from self._switch_off(number, parsed.switched_off)

    def _refuse_words(self, number: int, stripped: str) -> None:
        if not is_binary(stripped):
            self._current = (refused_line(number, stripped, no_link_error(stripped)),)
        elif not self._has_refused_binary:
            self._has_refused_binary = True
            self._current = (refused_line(number, stripped, _binary_error()),)

    def _switch_off(
        self, number: int, links: Sequence[FoundLink]
    ) -> Iterator[DropLine]:
        """Hold links of a comment back, so that drop lines come in the order of lines."""
        self._switched_off += switched_off_lines(number, links)
        if len(self._switched_off) > _MAX_HELD_BACK:
            yield from self._emit_current()

    def _emit_current(self) -> Iterator[DropLine]:
        yield from self._current
        yield from self._switched_off
        self._current = ()
        self._current_options = {}
        self._switched_off = []

    def _start_links(self, number: int, stripped: str, parsed: ParsedLine) -> None:
        options = link_options(stripped, parsed)
        self._current_options = dict(options.options)
        layer = merge_layers(self._defaults, self._current_options)
        self._current = link_lines(
            number,
            stripped,
            parsed.links,
            options,
            layer,
            accepts_collections=True,
        )

    def _continue(self, number: int, stripped: str, parsed: ParsedLine) -> None:
        """Apply an indented line's options to the drop lines above; ignore its words."""
        if not parsed.written_options:
            return
        options = self._current_options
        before = {**options}
        problem = apply_options(parsed.written_options, options)
        problem = problem or layer_problem(options)
        layer = merge_layers(self._defaults, options)
        has_collection = any(drop_line.collection for drop_line in self._current)
        misused = misused_options(options, layer, has_collection=has_collection)
        problem = problem or misused
        if options.get("list") != before.get("list"):
            problem = problem or _LATE_LIST
        self._current = [
            _with_continuation(drop_line, number, stripped, layer, problem)
            for drop_line in self._current
        ]

    def _set_defaults(self, number: int, stripped: str) -> Iterator[DropLine]:
        """Set a line's options as defaults of the lines below; all of them or none."""
        new: dict[str, object] = {}
        problem = read_options(stripped, new) or layer_problem(new)
        if problem is None:
            self._defaults = {**self._defaults, **new}
            self._default_layer = merge_layers(self._defaults, {})
            return
        message = f"{problem.message}; none of this line was set for the lines below"
        yield refused_line(number, stripped, OptionError(problem.code, message))


def _binary_error() -> LinkError:
    return LinkError(
        "not_a_url",
        "this line holds binary data, and lines below may, too: cut them off, or save "
        "the file as plain text in UTF-8",
    )


def _with_continuation(
    drop_line: DropLine,
    number: int,
    stripped: str,
    layer: Layer,
    problem: OptionError | None,
) -> DropLine:
    drop_line = drop_line._replace(
        text=printable(f"{drop_line.text} {stripped}"), layer=layer
    )
    if problem is None or drop_line.code is not None:
        return drop_line
    message = f"line {number}, which goes on with this link: {problem.message}"
    return drop_line._replace(code=problem.code, message=message)
