"""Checks that values from a worker have their declared types. Pure.

A worker handles foreign media and player code, so what it says is not trusted to be
what `json.loads` happens to make of it: a title that is a list must not reach the
ledger.
"""

import math
import types
from dataclasses import fields, is_dataclass
from typing import get_args, get_origin, get_type_hints

#: What the ledger's integer columns hold.
_INT64_RANGE = range(-(2**63), 2**63)


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
