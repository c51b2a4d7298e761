"""Checks the types of values from a worker, and makes their texts storable. Pure.

A worker handles foreign media and player code, so the types of its JSON are not
trusted: a title that is a list must not reach the ledger.
"""

import math
import re
import types
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

#: A lone surrogate, as YouTube's JSON has where an emoji was cut in two, has no UTF-8;
#: PostgreSQL takes no NUL.
_UNSTORABLE = re.compile("[\ud800-\udfff\x00]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
#: What the ledger's integer columns hold.
_INT64_RANGE = range(-(2**63), 2**63)


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


def check_types(value: object) -> None:
    """Check the field types of a dataclass instance, and of those in its fields.

    Raises:
        TypeError: A field's value is not of its declared type.
    """
    hints = get_type_hints(type(value))
    for field in fields(value):  # type: ignore[arg-type] # only called with dataclasses
        found = getattr(value, field.name)
        if not _fits(found, hints[field.name]):
            raise TypeError(f"{field.name} holds a {type(found).__name__}")
        if is_dataclass(found):
            check_types(found)


def _fits(value: object, hint: object) -> bool:
    if get_origin(hint) is types.UnionType:
        return any(_fits(value, one) for one in get_args(hint))
    if hint is float:
        return _is_number(value) and math.isfinite(value)  # type: ignore[arg-type] # it is one
    if hint is int:
        return type(value) is int and value in _INT64_RANGE
    return isinstance(value, hint)  # type: ignore[arg-type] # all others are classes


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
