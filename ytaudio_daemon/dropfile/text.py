"""The text form: links with options, words and comments. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ytaudio_daemon.dropfile.comments import commented_links, is_comment
from ytaudio_daemon.dropfile.drop_line import DropLine, printable, too_long_line
from ytaudio_daemon.dropfile.encoding import MAX_LINE_CHARS, is_binary
from ytaudio_daemon.dropfile.line_options import apply_options
from ytaudio_daemon.dropfile.line_syntax import ParsedLine, link_options, parse_line
from ytaudio_daemon.dropfile.link_target import misused_list_option, misused_option
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
#: Switched-off links below a link that indented lines may still go on with.
_MAX_HELD_BACK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDialect:
    """What lines without a link mean in a kind of text.

    Attributes:
        refuses_words: A line of words should have been a link; else it is prose.
        has_headings: `#` starts a heading, not a comment.
        has_directives: `#EXT…` is for players, and its links are pictures.
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
    """Yield an entry for every link and for every line that should have one.

    None after each line that is no bare link, and for each None among the lines: a
    file may have a million blank lines between two entries, and the reader can pause
    at each.
    """
    return _TextParser(dialect).read(lines)


class _TextParser:
    """Goes through the lines in order; remembers what the ones below depend on."""

    def __init__(self, dialect: TextDialect) -> None:
        self._dialect = dialect
        #: The options of the file's option lines, later ones on top.
        self._defaults: Layer = {}
        #: The same as an entry without options of its own gets them.
        self._default_layer: Layer = {}
        #: The entries of the latest line: an indented line may still go on with them.
        self._current: Sequence[DropLine] = ()
        #: Their own options.
        self._current_options: dict[str, object] = {}
        #: What stands below the latest entries, in comments.
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
            # Most lines of a big file end here: a bare link needs no more care.
            self._current_options = {}
            self._current = (
                DropLine(line=number, text=line, link=link, layer=self._default_layer),
            )
        yield from self._emit_current()

    def _parse_slowly(self, number: int, line: str) -> Iterator[DropLine]:
        line = line.lstrip(_BYTE_ORDER_MARK)
        bare = line.strip()
        if len(line) > MAX_LINE_CHARS:
            yield from self._emit_current()
            self._current = (too_long_line(number, line),)
        elif not bare or self._is_directive(bare):
            return
        elif self._is_comment(bare):
            yield from self._switch_off(number, commented_links(bare))
        else:
            yield from self._parse_words(number, bare, is_indented=line[0].isspace())

    def _is_directive(self, bare: str) -> bool:
        return self._dialect.has_directives and bare.startswith("#EXT")

    def _is_comment(self, bare: str) -> bool:
        is_heading = self._dialect.has_headings and bare.startswith("#")
        return not is_heading and is_comment(bare)

    def _parse_words(
        self, number: int, bare: str, *, is_indented: bool
    ) -> Iterator[DropLine]:
        parsed = parse_line(bare)
        if parsed.links:
            yield from self._emit_current()
            self._start_links(number, bare, parsed)
        elif is_indented and self._current:
            self._continue(number, bare, parsed)
        elif parsed.is_option_line:
            yield from self._emit_current()
            yield from self._set_defaults(number, bare)
        elif self._dialect.refuses_words or find_links(bare):
            yield from self._emit_current()
            self._refuse_words(number, bare)
        yield from self._switch_off(number, parsed.switched_off)

    def _refuse_words(self, number: int, bare: str) -> None:
        if not is_binary(bare):
            self._current = (refused_line(number, bare, no_link_error(bare)),)
        elif not self._has_refused_binary:
            self._has_refused_binary = True
            self._current = (refused_line(number, bare, _binary_error()),)

    def _switch_off(
        self, number: int, links: Sequence[FoundLink]
    ) -> Iterator[DropLine]:
        """Hold links of a comment back, so that entries come in the order of lines."""
        self._switched_off += switched_off_lines(number, links)
        if len(self._switched_off) > _MAX_HELD_BACK:
            yield from self._emit_current()

    def _emit_current(self) -> Iterator[DropLine]:
        yield from self._current
        yield from self._switched_off
        self._current = ()
        self._current_options = {}
        self._switched_off = []

    def _start_links(self, number: int, bare: str, parsed: ParsedLine) -> None:
        options = link_options(bare, parsed)
        self._current_options = dict(options.options)
        layer = merge_layers(self._defaults, self._current_options)
        self._current = link_lines(
            number,
            bare,
            parsed.links,
            options,
            layer,
            takes_collections=True,
        )

    def _continue(self, number: int, bare: str, parsed: ParsedLine) -> None:
        """Lay an indented line's options onto the entries above; words are free."""
        if not parsed.written_options:
            return
        options = self._current_options
        before = {**options}
        problem = apply_options(parsed.written_options, options) or layer_problem(
            options
        )
        layer = merge_layers(self._defaults, options)
        is_list = any(entry.collection for entry in self._current)
        misused = misused_list_option(layer) if is_list else misused_option(options)
        problem = problem or misused
        if options.get("list") != before.get("list"):
            problem = problem or _LATE_LIST
        self._current = [
            _with_continuation(entry, number, bare, layer, problem)
            for entry in self._current
        ]

    def _set_defaults(self, number: int, bare: str) -> Iterator[DropLine]:
        """Take a line of options for the lines below: all of it or nothing."""
        new: dict[str, object] = {}
        problem = read_options(bare, new) or layer_problem(new)
        if problem is None:
            self._defaults = {**self._defaults, **new}
            self._default_layer = merge_layers(self._defaults, {})
            return
        message = f"{problem.message}; none of this line was set for the lines below"
        yield refused_line(number, bare, OptionError(problem.code, message))


def _binary_error() -> LinkError:
    return LinkError(
        "not_a_url",
        "this line holds binary data, and lines below may, too: cut them off, or save "
        "the file as plain text in UTF-8",
    )


def _with_continuation(
    entry: DropLine, number: int, bare: str, layer: Layer, problem: OptionError | None
) -> DropLine:
    entry = entry._replace(text=printable(f"{entry.text} {bare}"), layer=layer)
    if problem is None or entry.code is not None:
        return entry
    message = f"line {number}, which goes on with this link: {problem.message}"
    return entry._replace(code=problem.code, message=message)
