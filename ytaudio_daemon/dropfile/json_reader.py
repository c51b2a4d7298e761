"""JSON read as it comes: piece by piece, with line numbers, and with its slips. Pure.

`json.loads` needs the whole document in memory, says nothing of lines, and has
nothing left of a document that is cut off or has one comma too many.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

#: Keys whose values describe a video: pictures, media files, its author's page.
FACT_KEYS = frozenset(
    {"thumbnail", "thumbnails", "icon", "iconuri", "favicon", "avatar", "image"}
    | {"images", "artwork", "formats", "requested_formats", "requested_downloads"}
    | {"requested_subtitles", "subtitles", "automatic_captions", "fragments"}
    | {"description", "channel_url", "uploader_url", "author_url", "heatmap"}
)

#: A text that is never closed goes on to the end.
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[{}\[\]:]|[^\s{}\[\]:",]+', re.DOTALL
)


class JsonText(str):
    """A text of a JSON document; `line` is where it begins."""

    __slots__ = ("line",)

    line: int


class _Container:
    """An array or object that is not closed yet."""

    def __init__(self, key: str, items: list[Any] | dict[str, Any]) -> None:
        #: What it is called in the object around it, or its array is.
        self.key = key
        self.items = items
        #: Of an object: the key whose value comes next.
        self.next_key: str | None = None

    def add(self, value: Any) -> None:
        """Add a value; in an object, a text without a key before it is the key."""
        if isinstance(self.items, list):
            self.items.append(value)
        elif self.next_key is None:
            self.next_key = str(value)
        else:
            known = self.items.get(self.next_key)
            self.items[self.next_key] = value if known is None else [known, value]
            self.next_key = None


def read_pieces(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the pieces of a document: the elements of its outermost arrays, then the rest.

    Every piece comes with the key of the array that it stands in, or "".
    """
    return _JsonReader().read(text)


class _JsonReader:
    def __init__(self) -> None:
        self._open: list[_Container] = []
        self._arrays = 0
        self._line = 1
        self._counted = 0

    def read(self, text: str) -> Iterator[tuple[str, Any]]:
        for token in _TOKEN.finditer(text):
            word = token[0]
            if word in ("{", "["):
                self._begin({} if word == "{" else [])
            elif word in ("}", "]"):
                yield from self._end()
            elif word != ":":
                yield from self._add(self._value(text, token))
        while self._open:  # the document was cut off
            yield from self._end()

    def _begin(self, items: list[Any] | dict[str, Any]) -> None:
        around = self._open[-1] if self._open else None
        key = around.next_key or around.key if around else ""
        self._open.append(_Container(key, items))
        self._arrays += isinstance(items, list)

    def _end(self) -> Iterator[tuple[str, Any]]:
        if not self._open:
            return
        closed = self._open.pop()
        self._arrays -= isinstance(closed.items, list)
        yield from self._add(closed.items)

    def _add(self, value: Any) -> Iterator[tuple[str, Any]]:
        """Hand a value on, or put it into what it stands in."""
        around = self._open[-1] if self._open else None
        if around is None:
            yield "", value
        elif self._arrays == 1 and isinstance(around.items, list):
            if not self._is_fact():
                yield around.key, value
        else:
            around.add(value)

    def _is_fact(self) -> bool:
        return any(around.key.lower() in FACT_KEYS for around in self._open)

    def _value(self, text: str, token: re.Match[str]) -> Any:
        word = token[0]
        try:
            value = json.loads(word, strict=False)
        except ValueError:
            value = word.strip('"')
        if not isinstance(value, str):
            return value
        self._line += text.count("\n", self._counted, token.start())
        self._counted = token.start()
        located = JsonText(value)
        located.line = self._line
        return located
