"""One parsed line of a drop: a link with its options, or a refused line. Pure."""

import re
from types import MappingProxyType
from typing import NamedTuple

from ytaudio_daemon.dropfile.link_target import find_range_emptied_by
from ytaudio_daemon.dropfile.reject_codes import REJECT_CODES
from ytaudio_daemon.model import Layer
from ytaudio_daemon.urls import CollectionLink, Link

#: Characters of what the person wrote that the receipt shows.
MAX_TEXT_CHARS = 500

#: The start of the remark on a mended link, before the link.
MENDED_REMARK = "read as "
#: Characters of a text that `printable` reads: a line may be long, and is read for each
#: of its links.
_MAX_READ_CHARS = 1 << 13

NO_OPTIONS: Layer = MappingProxyType({})

_USERINFO = re.compile(r"//[^\s/?#]*@")
#: Secrets that people paste with their links: tokens in addresses, passwords in commands.
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
#: Without one of these words `_SECRET` matches nothing; most lines have none.
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

    It is accepted, rejected (`code` is set) or switched off: the link is in a comment.
    Only the caller knows which accepted ones are duplicates. A tuple, since a drop may
    have a million of them.

    Attributes:
        line: Its first physical line, from 1.
        text: The text that the person wrote, `printable`; if the line has several
            links, this link and the options.
        link: The video, if one was named, even if the options were refused. For a
            mirror or a bare ID, the mended link.
        layer: The file's defaults and the line's own options, checked and canonical;
            of a refused line, the good ones.
        code: None if accepted, else one of `REJECT_CODES`.
        message: Why it is refused, and what is accepted instead; for an accepted link,
            how it was mended, or "".
        part: Its position among the links of the line, from 1; None if it is alone.
        is_switched_off: It is in a comment, so it asks for nothing.
        collection: The playlist, album or channel that it asks for instead of a video.
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

    def checked_with(self, defaults: Layer) -> "DropLine":
        """Return the line; refused if its limits and the defaults leave no video.

        Args:
            defaults: The options below the file's, from the session's `defaults.toml`.
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
        """The text that distinguishes it from the other lines of a list that grows."""
        return line_identity(self.text, self.link)

    @property
    def remedy(self) -> str:
        """The general remedy for the refusal; "" if it is accepted."""
        return REJECT_CODES[self.code].remedy if self.code else ""


def printable(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Return a text that is safe to show: no control characters, no secrets."""
    if len(text) > _MAX_READ_CHARS:
        # With the sign, credentials that were cut at their end are still hidden.
        text = f"{text[:_MAX_READ_CHARS]}@"
    if not text.isprintable():
        text = "".join(map(_printable_char, text))
    if "@" in text:
        text = _USERINFO.sub("//***@", text)
    lower = text.lower()
    if any(sign in lower for sign in _SECRET_SIGNS):
        text = _SECRET.sub(r"\1***", text)
    return text[:limit]


def line_identity(text: str, link: Link | None) -> str:
    """Return a line's text; with its link, if the text may have been cut."""
    return f"{text} {link.url}" if link and len(text) >= MAX_TEXT_CHARS else text


def _printable_char(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"


def too_long_line(number: int, line: str) -> DropLine:
    """Return the drop line of a line that is refused for its length alone."""
    return DropLine(
        line=number,
        text=printable(line.strip()),
        link=None,
        code="line_too_long",
        message="a line has at most 8 KiB (8,192 characters); write one link a line",
    )
