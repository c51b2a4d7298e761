"""One link of a drop, as it was understood. Pure."""

import re
from types import MappingProxyType
from typing import NamedTuple

from ytaudio_daemon.dropfile.link_target import find_range_emptied_by
from ytaudio_daemon.dropfile.reject_codes import REJECT_CODES
from ytaudio_daemon.model import Layer
from ytaudio_daemon.urls import CollectionLink, Link

#: Of what the person wrote, kept for the receipt.
MAX_TEXT_CHARS = 500

#: How the remark on a mended link begins; behind it stands the link.
MENDED_REMARK = "read as "
#: What of a text is looked at to show it: each of a million links may be in one line.
_MAX_WRITTEN_CHARS = 1 << 13

NO_OPTIONS: Layer = MappingProxyType({})

_USERINFO = re.compile(r"//[^\s/?#]*@")
#: What people paste with their links: addresses with tokens, commands with passwords.
_SECRET = re.compile(
    r"""
    ( (?: token | passw(?:or)?d | secret | api_?key | signature
        | (?<![a-z]) (?: auth | sig | pwd ) ) (?: = | ["']\s?:\s?["'] )
    | --(?:[a-z]{1,9}-)?(?:password|token) \s
    | authorization \s?[:=]\s? (?: (?:bearer|basic) \s )?
    | cookie: \s? (?= [^\s=]+ = )
    ) ["']? [^\s&"'<>]+
    """,
    re.VERBOSE | re.IGNORECASE,
)
#: Without one of these `_SECRET` finds nothing: most lines are spared the search.
_SECRET_SIGNS = ("token", "passw", "secret", "key", "sig", "auth", "pwd", "cookie")


class NotADropError(ValueError):
    """Nothing in the file is usable: it is binary, or no link file at all.

    Args:
        message: One sentence for the person who dropped it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class DropLine(NamedTuple):
    """A link of a drop with what it asks for, or a line that names none.

    It is accepted, rejected (`code` is set) or switched off: the link stands in a
    comment. Only the caller knows which accepted ones are duplicates. It is a tuple
    because they come by the million.

    Attributes:
        line: Its first physical line, from 1.
        text: What the person wrote, `printable`; of several links in a line, its own
            part and the options.
        link: The video, if one was named; also when the options were refused. Of a
            mirror or a bare ID the mended link.
        layer: The file's defaults and the line's own options, checked and canonical;
            of a refused line, those that were good.
        code: None when usable, else one of `REJECT_CODES`.
        message: Why it is refused, and what is accepted instead; of an accepted link,
            how it was mended, or "".
        part: Its place among the links of the line, from 1; None where it is alone.
        is_switched_off: It stands in a comment, so nothing is asked for.
        collection: The playlist, album or channel that it asks for in place of a video.
    """

    line: int
    text: str
    link: Link | None
    layer: Layer = NO_OPTIONS
    code: str | None = None
    message: str = ""
    part: int | None = None
    is_switched_off: bool = False
    collection: CollectionLink | None = None

    def over(self, defaults: Layer) -> "DropLine":
        """Return the line, refused if its limits and the defaults leave no video.

        Args:
            defaults: The options below those of the file.
        """
        if self.collection is None or self.code is not None:
            return self
        problem = find_range_emptied_by(defaults, self.layer)
        if problem is None:
            return self
        return self._replace(code=problem.code, message=problem.message)

    @property
    def place(self) -> str:
        """The line and the part, as receipts name it: `3`, or `3.1`."""
        return str(self.line) if self.part is None else f"{self.line}.{self.part}"

    @property
    def identity(self) -> str:
        """What tells it from the other lines of a list that grows."""
        return line_identity(self.text, self.link)

    @property
    def remedy(self) -> str:
        """What helps against the refusal in general, or "" when there is none."""
        return REJECT_CODES[self.code].remedy if self.code else ""


def printable(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Return a text that is safe to show: no control characters, no secrets."""
    if len(text) > _MAX_WRITTEN_CHARS:  # the sign: a name that is cut shows nothing
        text = f"{text[:_MAX_WRITTEN_CHARS]}@"
    if not text.isprintable():
        text = "".join(map(_printable_char, text))
    if "@" in text:
        text = _USERINFO.sub("//***@", text)
    lower = text.lower()
    if any(sign in lower for sign in _SECRET_SIGNS):
        text = _SECRET.sub(r"\1***", text)
    return text[:limit]


def line_identity(text: str, link: Link | None) -> str:
    """Return what tells a line from others: of a text that was cut, its link, too."""
    return f"{text} {link.url}" if link and len(text) >= MAX_TEXT_CHARS else text


def _printable_char(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"


def too_long_line(number: int, line: str) -> DropLine:
    """Return the entry of a line that is refused for its length alone."""
    return DropLine(
        line=number,
        text=printable(line.strip()),
        link=None,
        code="line_too_long",
        message="a line has at most 8 KiB (8,192 characters); write one link a line",
    )
