"""One line of the text form taken apart: words, link, options. Pure."""

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from ytaudio_daemon.dropfile.option_syntax import read_options, tokenize
from ytaudio_daemon.model import Layer, OptionError
from ytaudio_daemon.model.options import OPTION_KEYS, refuse_contradictions
from ytaudio_daemon.urls import Link, LinkError, parse_link

_COMMENT = re.compile(r"(?:^|\s)#")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*=")
_KNOWN_KEY = re.compile(
    r"(?<!\S)(?:" + "|".join(map(re.escape, OPTION_KEYS)) + r")=", re.IGNORECASE
)
#: A link among words: glued to what stands before, in <> or (), ended by a comma.
_LINK = re.compile(
    r"""
      https?://[^\s<>"]+
    | (?<![A-Za-z0-9_@./-]) (?:(?:www|m|music)\.)?
      (?:youtube(?:-nocookie)?\.com|youtu\.be) / [^\s<>"]*
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: What else was meant as a link, so that it is refused by its own name.
_OTHER_LINK = re.compile(
    r"""
    (?<!\S) (?: [A-Za-z][A-Za-z0-9+.-]{0,15}:// \S+
              | (?:[A-Za-z0-9-]{1,63}\.)+ [A-Za-z]{2,63} [/:] \S* )
    """,
    re.VERBOSE,
)
_TRAILING_PUNCTUATION = ")]}>\"'»\u201d\u2019,.;!\u200b\u200e\u200f"


class LineKind(Enum):
    """What a line is, before its options are looked at."""

    #: It names a link, good or bad.
    LINK = auto()
    #: It starts with an option and names no link.
    OPTIONS = auto()
    #: Neither.
    OTHER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedLine:
    """A line that is not blank and no comment.

    Attributes:
        kind: What it is.
        link: Of a good link.
        options: The good options behind it.
        problem: Why the line is refused; nothing yet for the form OPTIONS, as that
            depends on what stands above.
    """

    kind: LineKind
    link: Link | None = None
    options: Layer = field(default_factory=dict)
    problem: LinkError | OptionError | None = None


def parse_line(line: str) -> ParsedLine:
    """Take a line apart that is neither blank nor a comment.

    Args:
        line: Without white space around it.
    """
    if _KNOWN_KEY.match(line):
        return _parse_options_line(line)
    comment = _COMMENT.search(line)
    uncommented = line[: comment.start()] if comment else line
    found = _LINK.search(uncommented) or _OTHER_LINK.search(uncommented)
    if found is not None:
        # From the link on, quotes count: a # inside them is no comment.
        return _parse_link_line(line[: found.start()], found[0], line[found.end() :])
    if _KEY.match(line):
        return ParsedLine(kind=LineKind.OPTIONS)
    return ParsedLine(kind=LineKind.OTHER, problem=_no_link_error(line))


def layer_problem(layer: Layer) -> OptionError | None:
    """Return what contradicts itself in the options of one line."""
    try:
        refuse_contradictions(layer)
    except OptionError as error:
        return error
    return None


def _parse_options_line(line: str) -> ParsedLine:
    """Look for a link that stands behind its options instead of before them."""
    strays = (value for key, value in tokenize(line) if not key)
    found = next(filter(None, map(_LINK.match, strays)), None)
    if found is None:
        return ParsedLine(kind=LineKind.OPTIONS)
    return _parse_link_line(line[: line.index(found[0])], found[0], "")


def _parse_link_line(before: str, link_text: str, after: str) -> ParsedLine:
    own: dict[str, object] = {}
    problem_of_options = read_options(
        after.lstrip(_TRAILING_PUNCTUATION), own
    ) or layer_problem(own)
    try:
        link = parse_link(link_text.rstrip(_TRAILING_PUNCTUATION))
    except LinkError as error:
        return ParsedLine(kind=LineKind.LINK, options=own, problem=error)
    problem = _misplaced_option(before) or problem_of_options
    return ParsedLine(kind=LineKind.LINK, link=link, options=own, problem=problem)


def _misplaced_option(before: str) -> OptionError | None:
    found = _KNOWN_KEY.search(before)
    if found is None:
        return None
    message = f"{found[0]}… stands before the link: write the link first, then options"
    return OptionError("bad_option", message)


def _no_link_error(line: str) -> LinkError:
    if _LINK.search(line):
        message = "the link stands behind a #, which starts a comment: remove the #"
    else:
        message = (
            "there is no link in this line; write one such as "
            "https://youtu.be/dQw4w9WgXcQ, or start the line with # if it is a comment"
        )
    return LinkError("not_a_url", message)
