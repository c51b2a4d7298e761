"""What is wrong with a request, in words that need no knowledge of pydantic. Pure."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

#: Parts of a request, as FastAPI names them first in an error's place.
_PARTS = frozenset({"body", "query", "path", "header", "cookie"})
_NO_JSON = (
    "the body was not read as JSON: send an object, with the header "
    "Content-Type: application/json"
)


def validation_sentence(error: Mapping[str, Any]) -> str:
    """Return an error of pydantic's as a sentence that names the field, in small letters.

    Args:
        error: One of `RequestValidationError.errors()`.
    """
    place: Sequence[Any] = error["loc"]
    kind, facts = str(error["type"]), error.get("ctx") or {}
    if kind == "json_invalid":
        at = place[-1] if isinstance(place[-1], int) else 0
        return f"the body is not valid JSON at character {at}: {facts.get('error', '')}"
    if tuple(place) == ("body",):
        return "the body is missing; send JSON" if kind == "missing" else _NO_JSON
    explain = _SENTENCES.get(kind)
    words = explain(facts) if explain else _plain(str(error["msg"]))
    return f"{_field_name(place)} {words}"


def _field_name(place: Sequence[Any]) -> str:
    names = place[1:] if place and place[0] in _PARTS else place
    return ".".join(map(str, names))


def _plain(message: str) -> str:
    """Return pydantic's sentence as what may follow a field's name."""
    for start in ("Input ", "Value "):
        message = message.removeprefix(start)
    return message


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = MappingProxyType(
    {
        "missing": lambda _: "is missing",
        "extra_forbidden": lambda _: "is not known here",
        "string_type": lambda _: "must be a text, in double quotes",
        "int_type": lambda _: "must be a whole number, without quotes",
        "int_parsing": lambda _: "must be a whole number",
        "float_type": lambda _: "must be a number, without quotes",
        "bool_type": lambda _: "must be true or false, without quotes",
        "list_type": lambda _: "must be a list: [ … ]",
        "model_type": lambda _: "must be an object: { … }",
        "model_attributes_type": lambda _: "must be an object: { … }",
        "string_too_short": lambda f: f"needs {f['min_length']} characters at least",
        "string_too_long": lambda f: f"may have {f['max_length']} characters at most",
        "greater_than_equal": lambda f: f"must be {f['ge']} or more",
        "less_than_equal": lambda f: f"must be {f['le']} or less",
        "enum": lambda f: f"must be one of: {_choices(f)}",
        "literal_error": lambda f: f"must be one of: {_choices(f)}",
        "string_pattern_mismatch": lambda f: f"must look like {f['pattern']}",
    }
)


def _choices(facts: Mapping[str, Any]) -> str:
    """Return pydantic's list `'a', 'b' or 'c'` as `a, b, c`."""
    return str(facts["expected"]).replace(" or ", ", ").replace("'", "")
