r"""Removes the escapes that links may have: shell, JSON, HTML, percent. Pure.

`watch\?v\=ID`, `https:\/\/`, `\u0026`, `&amp;`, `%3Fv%3D`.
"""

import html
import re
from urllib.parse import unquote

#: A run of backslashes is one escape: JSON within JSON doubles them.
_BACKSLASH = re.compile(
    r"(?<!\\)\\++(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([^A-Za-z0-9\s\\]))"
)
#: An HTML entity with its semicolon: `&copy=1` is a field of a query.
_ENTITY = re.compile(r"&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});")


def unescape(text: str) -> str:
    """Return the text with one layer of every kind of escape taken off."""
    text = _BACKSLASH.sub(_unescaped_char, text)
    text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return unquote(text)


def _unescaped_char(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else found[3]


def escaped(char: str, entity: str) -> str:
    """Return a pattern of one punctuation character, plain or escaped up to thrice.

    Args:
        char: The character.
        entity: Its name in HTML.
    """
    code = f"{ord(char):02x}"
    return (
        rf"(?:\\*{re.escape(char)}|%(?:25){{0,2}}{code}|\\+(?:u00|x){code}"
        rf"|&(?:amp;){{0,2}}(?:\#0*{ord(char)}|\#[xX]0*{code}|{entity});)"
    )
