"""Texts that every database and every file takes. Pure."""

import re
from typing import Any

#: A lone surrogate, as YouTube's JSON has where an emoji was cut in two, has no UTF-8;
#: PostgreSQL takes no NUL.
_UNSTORABLE = re.compile("[\ud800-\udfff\x00]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable_text(text: str) -> str:
    """Return a text in which each character that cannot be stored is replaced."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def storable(value: Any) -> Any:
    """Return plain JSON types whose texts can be stored."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {key: storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return value
