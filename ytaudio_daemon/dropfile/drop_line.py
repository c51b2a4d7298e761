"""One line of a drop, as it was understood. Pure."""

import re
from dataclasses import dataclass, field

from ytaudio_daemon.model import Layer
from ytaudio_daemon.urls import Link

#: Of what the person wrote, kept for the receipt.
MAX_TEXT_CHARS = 500

_USERINFO = re.compile(r"//[^\s/?#]*@")


class NotADropError(ValueError):
    """Nothing in the file is usable: it is binary, or no link file at all.

    Args:
        message: One sentence for the person who dropped it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class DropLine:
    """A line of a drop with what it asks for, or why it is refused.

    Attributes:
        line: Its first physical line, from 1.
        text: What the person wrote, `shown`.
        link: The video, if one was named; also when the options were refused.
        layer: The file's defaults and the line's own options, checked and canonical;
            of a refused line, those that were good.
        code: None when usable, else one of the reject codes of `docs/drop-files.md`.
        message: Why it is refused, and what is accepted instead.
    """

    line: int
    text: str
    link: Link | None
    layer: Layer = field(default_factory=dict)
    code: str | None = None
    message: str = ""


def printable(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Return a text that is safe to show: no control characters, no credentials."""
    if not text.isprintable():
        text = "".join(map(_printable_char, text))
    if "@" in text:
        text = _USERINFO.sub("//***@", text)
    return text[:limit]


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
