"""JSON read as it comes: piece by piece, with line numbers, and with its slips. Pure.

`json.loads` needs the whole document in memory, says nothing of lines, and has
nothing left of a document that is cut off or has one comma too many.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ytaudio_daemon.dropfile.portions import MAX_PORTION_CHARS

#: Keys whose values describe a video: pictures, media files, its author's page.
FACT_KEYS = frozenset(
    {"thumbnail", "thumbnails", "icon", "iconuri", "favicon", "avatar", "image"}
    | {"images", "artwork", "formats", "requested_formats", "requested_downloads"}
    | {"requested_subtitles", "subtitles", "automatic_captions", "fragments"}
    | {"channel_url", "uploader_url", "author_url", "heatmap"}
)

#: What is nested deeper is read as if it stood in one array.
_MAX_DEPTH = 64
#: An array or object with more values, those inside it included, is read in portions:
#: a crafted document is never in memory whole, as fifty times its size.
MAX_VALUES = 10_000
_TOKENS_PER_STEP = 500

#: A text that is never closed goes on to the end; a long one goes on in `_MORE_TEXT`.
_TEXT = (
    rf'(?P<text>(?:[^"\\]|\\u[0-9a-fA-F]{{4}}|\\.){{0,{MAX_PORTION_CHARS}}}+)'
    r'(?P<end>"|\\?\Z)?'
)
#: Of what stands without quotes, or in those of other languages: a link has a colon.
_CHAR = r'(?:[^\s{}\[\]:",]|:(?=\\?/\\?/))'
_TOKEN = re.compile(
    rf"[\s,]{{0,{MAX_PORTION_CHARS}}}+"
    rf'(?: "{_TEXT} | (?P<word>[{{}}\[\]:]|{_CHAR}{{1,{MAX_PORTION_CHARS}}}+) )?',
    re.DOTALL | re.VERBOSE,
)
_MORE_TEXT = re.compile(_TEXT, re.DOTALL)


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
        self.is_fact = key.lower() in FACT_KEYS
        #: How many values it holds, at any depth.
        self.weight = 0

    def add(self, value: Any) -> None:
        """Add a value; in an object, a text without a key before it is the key."""
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
        """Give a key that nothing follows no value: it may be a link."""
        if isinstance(self.items, dict) and self.next_key is not None:
            self.items.setdefault(self.next_key, None)

    def take_items(self) -> list[Any] | dict[str, Any]:
        """Return what it holds, and go on empty."""
        taken, self.weight = self.items, 0
        self.items = [] if isinstance(taken, list) else {}
        return taken


def read_pieces(text: str) -> Iterator[tuple[str, Any] | None]:
    """Yield the pieces of a document: the elements of its outermost arrays, then the rest.

    Every piece comes with the key of the array that it stands in, or "". None comes
    between them every some hundred tokens, so that the reader can pause.
    """
    return _JsonReader(text).read()


class _JsonReader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[_Container] = []
        self._arrays = 0
        #: Open containers that merely describe a video: nothing in them is kept.
        self._facts = 0
        #: Containers that were opened beyond `_MAX_DEPTH`.
        self._too_deep = 0
        #: Whether a text goes on that is too long for one token.
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
        self._arrays += isinstance(begun.items, list)
        self._facts += begun.is_fact

    def _end(self) -> Iterator[tuple[str, Any]]:
        if self._too_deep:
            self._too_deep -= 1
            return
        if not self._open:
            return
        closed = self._open.pop()
        closed.close()
        self._arrays -= isinstance(closed.items, list)
        self._facts -= closed.is_fact
        yield from self._add(closed.items, 1 + closed.weight)

    def _add(self, value: Any, weight: int = 1) -> Iterator[tuple[str, Any]]:
        """Hand a value on, or put it into what it stands in."""
        around = self._open[-1] if self._open else None
        if around is None:
            yield "", value
        elif self._facts:
            return
        elif self._arrays == 1 and isinstance(around.items, list):
            yield around.key, value
        else:
            around.add(value)
            around.weight += weight
            if around.weight >= MAX_VALUES and around.next_key is None:
                yield around.key, around.take_items()


def _parse(word: str) -> Any:
    try:
        return json.loads(word, strict=False)
    except ValueError:
        return word.strip('"')
