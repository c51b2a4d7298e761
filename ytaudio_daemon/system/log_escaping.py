"""Escapes control sequences of terminals in logs. Pure.

Names of drops and titles come from strangers, and logs are read with `cat` and `tail`.
U+009B begins a terminal's command as ESC [ does (ECMA-48), and U+202E turns the rest of
a line around; JSON requires neither of them to be escaped (RFC 8259, section 7).
"""

import json
from collections.abc import MutableMapping
from typing import Any


def escape_json(line: str) -> str:
    """Return JSON of the same meaning in which every character is printable."""
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def escape_text(text: str) -> str:
    """Return a text in which all but line breaks and tabs is printable."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\n\t" else _escape_char(c) for c in text
    )


def escape_values(
    _logger: object, _method: str, event_dict: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Escape every text of an event; a processor of structlog."""
    for name, value in event_dict.items():
        if isinstance(value, str):
            event_dict[name] = escape_text(value)
    return event_dict


def _escape_char(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
