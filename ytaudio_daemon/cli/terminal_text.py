"""Makes any text safe to print on a terminal."""

#: Joins emoji; the only invisible character that titles need.
_ZERO_WIDTH_JOINER = "\u200d"


def terminal_safe(text: str) -> str:
    """Return a text that cannot steer a terminal.

    Titles and names come from strangers: control characters, direction marks and
    lone surrogates are written out as escapes; any kind of space becomes a plain one.
    """
    if text.isprintable():
        return text
    return "".join(map(_terminal_safe_char, text))


def _terminal_safe_char(char: str) -> str:
    if char.isprintable() or char == _ZERO_WIDTH_JOINER:
        return char
    if char.isspace() and char not in "\n\r\t\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029":
        return " "
    return char.encode("unicode_escape").decode("ascii")
