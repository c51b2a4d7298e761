"""A JSON reader that yields pieces, knows line numbers, and tolerates errors. Pure.

`json.loads` needs the whole document in memory, reports no line numbers, and returns
nothing of a document that is cut off or has one comma too many.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ytaudio_daemon.dropfile.portions import MAX_PORTION_CHARS

#: Keys whose values describe a video: pictures, media files, its author's page. Links in
#: them are not wanted.
METADATA_KEYS = frozenset(
    {"thumbnail", "thumbnails", "icon", "iconuri", "favicon", "avatar", "image"}
    | {"images", "artwork", "formats", "requested_formats", "requested_downloads"}
    | {"requested_subtitles", "subtitles", "automatic_captions", "fragments"}
    | {"channel_url", "uploader_url", "author_url", "heatmap"}
)

#: Arrays and objects that are nested deeper are read as one array.
_MAX_DEPTH = 64
#: An array or object with more values, nested ones included, is read in portions: in
#: memory a crafted document would take fifty times its size.
MAX_VALUES = 10_000
_TOKENS_PER_STEP = 500

#: A text without its closing quote goes on to the end; a long one in `_MORE_TEXT`.
_TEXT = (
    rf'(?P<text>(?:[^"\\]|\\u[0-9a-fA-F]{{4}}|\\.){{0,{MAX_PORTION_CHARS}}}+)'
    r'(?P<end>"|\\?\Z)?'
)
#: A character of a word without JSON's quotes; a colon only as part of a link.
_CHAR = r'(?:[^\s{}\[\]:",]|:(?=\\?/\\?/))'
_TOKEN = re.compile(
    rf"[\s,]{{0,{MAX_PORTION_CHARS}}}+"
    rf'(?: "{_TEXT} | (?P<word>[{{}}\[\]:]|{_CHAR}{{1,{MAX_PORTION_CHARS}}}+) )?',
    re.DOTALL | re.VERBOSE,
)
_MORE_TEXT = re.compile(_TEXT, re.DOTALL)


class JsonText(str):
    """A text of a JSON document, with the number of the line that it begins on."""

    __slots__ = ("line",)

    line: int


class _Container:
    """An array or object that is not closed yet."""

    def __init__(self, key: str, items: list[Any] | dict[str, Any]) -> None:
        #: Its key in the object around it, or that of the array around it.
        self.key = key
        self.items = items
        #: In an object: the key whose value comes next.
        self.next_key: str | None = None
        self.is_metadata = key.lower() in METADATA_KEYS
        #: The number of its values, nested ones included.
        self.weight = 0

    def add(self, value: Any) -> None:
        """Add a value; in an object, a text without a key before it becomes the key."""
        if isinstance(self.items, list):
            self.items.append(value)
        elif self.next_key is None and not isinstance(value, (list, dict)):
            self.next_key = str(value)
        else:
            key = self.next_key or ""
            known = self.items.get(key)
            self.items[key] = value if known is None else [known, value]
            self.next_key = None

    def close(self) -> None:
        """Add a key without a value, if the object ends with one: it may be a link."""
        if isinstance(self.items, dict) and self.next_key is not None:
            self.items.setdefault(self.next_key, None)

    def pop_items(self) -> list[Any] | dict[str, Any]:
        """Remove and return the values."""
        items, self.weight = self.items, 0
        self.items = [] if isinstance(items, list) else {}
        return items


def read_pieces(text: str) -> Iterator[tuple[str, Any] | None]:
    """Yield the pieces of a document: the elements of its outermost arrays, then the rest.

    Every piece comes with the key of the array that it is in, or "". None comes after
    every few hundred tokens, so that the caller can pause.
    """
    return _JsonReader(text).read()


class _JsonReader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[_Container] = []
        self._open_arrays = 0
        #: Open containers with a key of `METADATA_KEYS`: their values are discarded.
        self._open_metadata = 0
        #: Open containers beyond `_MAX_DEPTH`.
        self._too_deep = 0
        #: Whether the next token goes on with a text that is too long for one token.
        self._is_in_text = False
        self._line = 1
        self._counted = 0

    def read(self) -> Iterator[tuple[str, Any] | None]:
        at = tokens = 0
        while at < len(self._text) and (token := self._next_token(at)):
            tokens += 1
            if tokens % _TOKENS_PER_STEP == 0:
                yield None
            if token["text"] is not None:
                at = self._text_end(token)
                yield from self._read_text(token.start("text"), at, token["end"])
                at += len(token["end"] or "")
            else:
                at = token.end()
                yield from self._read_word(token)
        self._too_deep = 0
        while self._open:  # the document was cut off
            yield from self._end()

    def _next_token(self, at: int) -> re.Match[str] | None:
        """Return the token there, with the white space before it; there is always one."""
        return (_MORE_TEXT if self._is_in_text else _TOKEN).match(self._text, at)

    def _text_end(self, token: re.Match[str]) -> int:
        """Return where a text ends, or where it is cut: at white space, so in no link."""
        start, end = token.span("text")
        gap = self._text.rfind(" ", start, end)
        return end if token["end"] is not None or gap <= start else gap

    def _read_word(self, token: re.Match[str]) -> Iterator[tuple[str, Any]]:
        word = token["word"]
        if word in ("{", "["):
            self._begin({} if word == "{" else [])
        elif word in ("}", "]"):
            yield from self._end()
        elif word not in (":", None):
            value = _parse(word)
            is_text = isinstance(value, str)
            at = token.start("word")
            yield from self._add(self._located(value, at) if is_text else value)

    def _read_text(
        self, start: int, end: int, closing: str | None
    ) -> Iterator[tuple[str, Any]]:
        """Add a text, or a portion of one: a long text becomes an array of portions."""
        if closing is None and not self._is_in_text:
            self._is_in_text = True
            self._begin([])
        value = _parse(f'"{self._text[start:end]}"')
        yield from self._add(self._located(value, start))
        if closing is not None and self._is_in_text:
            self._is_in_text = False
            yield from self._end()

    def _located(self, value: str, at: int) -> JsonText:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        located = JsonText(value)
        located.line = self._line
        return located

    def _begin(self, items: list[Any] | dict[str, Any]) -> None:
        if len(self._open) > _MAX_DEPTH:
            self._too_deep += 1
            return
        around = self._open[-1] if self._open else None
        key = around.next_key or around.key if around else ""
        begun = _Container(key, [] if len(self._open) == _MAX_DEPTH else items)
        self._open.append(begun)
        self._open_arrays += isinstance(begun.items, list)
        self._open_metadata += begun.is_metadata

    def _end(self) -> Iterator[tuple[str, Any]]:
        if self._too_deep:
            self._too_deep -= 1
            return
        if not self._open:
            return
        closed = self._open.pop()
        closed.close()
        self._open_arrays -= isinstance(closed.items, list)
        self._open_metadata -= closed.is_metadata
        yield from self._add(closed.items, 1 + closed.weight)

    def _add(self, value: Any, weight: int = 1) -> Iterator[tuple[str, Any]]:
        """Yield a value as a piece, or add it to the container around it."""
        around = self._open[-1] if self._open else None
        if around is None:
            yield "", value
        elif self._open_metadata:
            return
        elif self._open_arrays == 1 and isinstance(around.items, list):
            yield around.key, value
        else:
            around.add(value)
            around.weight += weight
            if around.weight >= MAX_VALUES and around.next_key is None:
                yield around.key, around.pop_items()


def _parse(word: str) -> Any:
    try:
        return json.loads(word, strict=False)
    except ValueError:
        return word.strip('"')
