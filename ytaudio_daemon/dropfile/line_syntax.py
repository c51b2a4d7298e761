"""One line of the text form taken apart: words, link, options. Pure."""

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from ytaudio_daemon.dropfile.option_syntax import read_options, words
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
_CLOSING = ")]}>\"'»\u201d\u2019,.;!\u200b\u200e\u200f"


class Form(Enum):
    """What a line is, before its options are looked at."""

    #: It names a link, good or bad.
    LINK = auto()
    #: It starts with an option and names no link.
    OPTIONS = auto()
    #: Neither.
    WORDS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line that is not blank and no comment.

    Attributes:
        form: What it is.
        link: Of a good link.
        own: The good options behind it.
        problem: Why the line is refused; nothing yet for the form OPTIONS, as that
            depends on what stands above.
    """

    form: Form
    link: Link | None = None
    own: Layer = field(default_factory=dict)
    problem: LinkError | OptionError | None = None


def take_apart(line: str) -> Row:
    """Take a line apart that is neither blank nor a comment.

    Args:
        line: Without white space around it.
    """
    if _KNOWN_KEY.match(line):
        return _options_row(line)
    comment = _COMMENT.search(line)
    said = line[: comment.start()] if comment else line
    found = _LINK.search(said) or _OTHER_LINK.search(said)
    if found is not None:
        # From the link on, quotes count: a # inside them is no comment.
        return _link_row(line[: found.start()], found[0], line[found.end() :])
    if _KEY.match(line):
        return Row(form=Form.OPTIONS)
    return Row(form=Form.WORDS, problem=_no_link(line))


def layer_problem(layer: Layer) -> OptionError | None:
    """Return what contradicts itself in the options of one line."""
    try:
        refuse_contradictions(layer)
    except OptionError as error:
        return error
    return None


def _options_row(line: str) -> Row:
    """Look for a link that stands behind its options instead of before them."""
    strays = (value for key, value in words(line) if not key)
    found = next(filter(None, map(_LINK.match, strays)), None)
    if found is None:
        return Row(form=Form.OPTIONS)
    return _link_row(line[: line.index(found[0])], found[0], "")


def _link_row(before: str, link_text: str, after: str) -> Row:
    own: dict[str, object] = {}
    problem_of_options = read_options(after.lstrip(_CLOSING), own) or layer_problem(own)
    try:
        link = parse_link(link_text.rstrip(_CLOSING))
    except LinkError as error:
        return Row(form=Form.LINK, own=own, problem=error)
    problem = _misplaced(before) or problem_of_options
    return Row(form=Form.LINK, link=link, own=own, problem=problem)


def _misplaced(before: str) -> OptionError | None:
    found = _KNOWN_KEY.search(before)
    if found is None:
        return None
    message = f"{found[0]}… stands before the link: write the link first, then options"
    return OptionError("bad_option", message)


def _no_link(line: str) -> LinkError:
    if _LINK.search(line):
        message = "the link stands behind a #, which starts a comment: remove the #"
    else:
        message = (
            "there is no link in this line; write one such as "
            "https://youtu.be/dQw4w9WgXcQ, or start the line with # if it is a comment"
        )
    return LinkError("not_a_url", message)
