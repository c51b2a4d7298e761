"""Parses the fields of an address's query. Pure."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

_FIELD_END = re.compile(r"[&;?]")


def query_fields(query: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of a query, keys in lower case; also divided by `?` and `;`."""
    for pair in _FIELD_END.split(query):
        key, equals, value = pair.partition("=")
        if equals:
            yield unquote_plus(key).lower(), unquote_plus(value)
