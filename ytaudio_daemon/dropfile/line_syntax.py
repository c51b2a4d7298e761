"""Parses one line of the text form: links, options, words, comment. Pure."""

import re
from typing import NamedTuple

from ytaudio_daemon.dropfile.comments import comment_start, commented_links
from ytaudio_daemon.dropfile.line_options import (
    LineOption,
    apply_options,
    blank_out,
    find_options,
)
from ytaudio_daemon.dropfile.option_syntax import layer_problem
from ytaudio_daemon.dropfile.parts import LinkOptions
from ytaudio_daemon.model import OptionError
from ytaudio_daemon.urls import (
    FoundLink,
    find_links,
    find_other_sites,
    parse_plain_link,
    refused_bare_ids,
)

#: Every link has a slash, plain or escaped, and every comment its sign.
_HOLDS_NO_LINK = re.compile(r"[^/%\\&?#]*")


class ParsedLine(NamedTuple):
    """A line that is not blank and no comment.

    Attributes:
        links: The links among its words, good ones and refused ones.
        switched_off: The links in the comment at its end.
        written_options: Its options, in their order.
        is_option_line: It names no link and starts with an option.
    """

    links: list[FoundLink]
    switched_off: list[FoundLink]
    written_options: list[LineOption]
    is_option_line: bool


def parse_line(line: str) -> ParsedLine:
    """Parse a line that is neither blank nor a comment.

    Args:
        line: Without white space around it.
    """
    options = find_options(line)
    written, _, rest = line.partition(" ")
    link = parse_plain_link(written)
    if link is not None and _HOLDS_NO_LINK.fullmatch(rest):
        return ParsedLine([FoundLink(written, link)], [], options, is_option_line=False)
    return _parse_words(line, options)


def _parse_words(line: str, options: list[LineOption]) -> ParsedLine:
    words = blank_out(line, options)
    end = comment_start(words, options[0].start if options else None)
    options = [option for option in options if option.start < end]
    is_option_line = bool(options) and options[0].start == 0
    links = _links(words[:end], is_option_line=is_option_line)
    return ParsedLine(
        links,
        commented_links(line[end:]) if end < len(line) else [],
        options,
        is_option_line and not links,
    )


def _links(words: str, *, is_option_line: bool) -> list[FoundLink]:
    """Return the links of a line; if it has none, bare IDs and addresses of other sites."""
    links = find_links(words)
    if links or is_option_line:
        return links + list(find_other_sites(words, is_link_expected=False))
    ids = refused_bare_ids(words)
    return ids or list(find_other_sites(words, is_link_expected=True))


def link_options(line: str, parsed: ParsedLine) -> LinkOptions:
    """Return the options that hold for all links of a line."""
    own: dict[str, object] = {}
    problem = apply_options(parsed.written_options, own)
    written = (line[option.start : option.end] for option in parsed.written_options)
    return LinkOptions(
        options=own,
        text=" ".join(written),
        problem=problem or _misplaced_option(line, parsed) or layer_problem(own),
    )


def _misplaced_option(line: str, parsed: ParsedLine) -> OptionError | None:
    """Refuse an option before the first link: it may be part of a title."""
    if not parsed.written_options:
        return None
    option = parsed.written_options[0]
    if option.start > line.find(parsed.links[0].text):
        return None
    message = (
        f"{option.key}=… stands before the link: write the link first, then options"
    )
    return OptionError("bad_option", message)
