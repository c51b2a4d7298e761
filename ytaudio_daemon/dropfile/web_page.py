"""Finds the links of a web page: bookmarks, histories, saved pages. Pure."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ytaudio_daemon.dropfile.comments import commented_links
from ytaudio_daemon.dropfile.drop_line import DropLine
from ytaudio_daemon.dropfile.parts import (
    LinkOptions,
    link_lines,
    number_parts,
    switched_off_lines,
    without_author_pages,
)
from ytaudio_daemon.dropfile.portions import MAX_PORTION_CHARS, portion_end, portions
from ytaudio_daemon.urls import FoundLink, distinct_links, find_links, refused_bare_ids

_ITEM = re.compile(
    r"<(?P<comment>!--) | <(?P<code>script|style)\b"
    rf" | (?P<tag><[a-z/!?][^<>]{{0,{MAX_PORTION_CHARS}}}>)"
    rf" | (?P<text>[^<]{{1,{MAX_PORTION_CHARS}}}|<)",
    re.VERBOSE | re.IGNORECASE,
)
_CODE_END = re.compile(r"</(?:script|style)", re.IGNORECASE)
_ANCHOR = re.compile(r"<a(?:rea)?\s", re.IGNORECASE)
_HREF = re.compile(
    r"""\shref\s*=\s*(?: "([^"]*)" | '([^']*)' | ([^\s>"']+) )""",
    re.VERBOSE | re.IGNORECASE,
)
#: Tags that end a block, such as a bookmark, or an entry of a history.
_BLOCK = re.compile(
    r"</?(?:div|p|li|ul|ol|dl|dt|dd|tr|table|body|h[1-6]|section|article)\b",
    re.IGNORECASE,
)
#: A block with more links is divided: a page may be one block.
_MAX_BLOCK_LINKS = 1000
#: A script is searched for its end in steps of so many characters.
_CODE_STEP_CHARS = 1 << 20


@dataclass(frozen=True, slots=True)
class _PageLink:
    block: int
    line: int
    found: FoundLink
    is_switched_off: bool = False


def read_web_page(text: str) -> Iterator[DropLine | None]:
    """Yield a drop line for every link to a video, and for other links in anchors.

    None comes for every part of the page, so that the reader can pause.
    """
    return number_parts(_page_drop_lines(text))


def _page_drop_lines(text: str) -> Iterator[DropLine | None]:
    block: list[_PageLink] = []
    for link in _PageReader(text).read():
        if link is None:
            yield None
            continue
        if block and (block[0].block != link.block or len(block) == _MAX_BLOCK_LINKS):
            yield from _block_drop_lines(block)
            block = []
        block.append(link)
    yield from _block_drop_lines(block)


def _block_drop_lines(block: list[_PageLink]) -> Iterator[DropLine]:
    live = distinct_links([item.found for item in block if not item.is_switched_off])
    wanted = {id(found) for found in without_author_pages(live)}
    for item in block:
        if item.is_switched_off:
            yield from switched_off_lines(item.line, [item.found])
        elif id(item.found) in wanted:
            text = item.found.text
            yield from link_lines(item.line, text, [item.found], LinkOptions(), {})


class _PageReader:
    """Yields the links of a page in their order, and None behind every part of it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._block = 0
        self._line = 1
        self._counted = 0

    def read(self) -> Iterator[_PageLink | None]:
        while item := _ITEM.match(self._text, self._at):
            self._at = item.end()
            if item["tag"]:
                yield from self._read_tag(item["tag"], item.start())
            elif item["code"]:
                yield from self._skip_code()
            else:
                yield from self._read_rows(item)
            yield None

    def _read_tag(self, tag: str, start: int) -> Iterator[_PageLink]:
        self._block += _BLOCK.match(tag) is not None
        for found in _tag_links(tag):
            yield _PageLink(self._block, self._line_at(start), found)

    def _skip_code(self) -> Iterator[None]:
        """Skip a script or style sheet, whose text may look like tags."""
        while self._at < len(self._text):
            stop = self._at + _CODE_STEP_CHARS
            if end := _CODE_END.search(self._text, self._at, stop):
                self._at = end.end()
                return
            self._at = stop - len("</script")
            yield None

    def _read_rows(self, item: re.Match[str]) -> Iterator[_PageLink | None]:
        """Read a text or a comment, row by row."""
        is_comment = item["comment"] is not None
        find = commented_links if is_comment else find_links
        self._at = self._comment_end(item) if is_comment else self._text_end(item)
        row = item.start()
        while row < self._at:
            end = self._text.find("\n", row, self._at)
            end = self._at if end < 0 else end
            for portion in portions(self._text, row, end):
                for found in find(portion):
                    line = self._line_at(row)
                    yield _PageLink(self._block, line, found, is_comment)
                yield None
            row = end + 1

    def _comment_end(self, item: re.Match[str]) -> int:
        end = self._text.find("-->", item.end())
        return len(self._text) if end < 0 else end + len("-->")

    def _text_end(self, item: re.Match[str]) -> int:
        """Return where a text ends, or where a long one is cut, outside of links."""
        if self._text[item.end() : item.end() + 1] in ("", "<"):
            return item.end()
        return portion_end(self._text, item.start(), len(self._text))

    def _line_at(self, place: int) -> int:
        self._line += self._text.count("\n", self._counted, place)
        self._counted = place
        return self._line


def _tag_links(tag: str) -> list[FoundLink]:
    """Return the links of a tag: in an anchor's `href` all, elsewhere videos only."""
    videos = [link for link in find_links(tag) if link.error is None]
    href = _HREF.search(tag) if _ANCHOR.match(tag) else None
    if href is None:
        return videos
    target = html.unescape(href[1] or href[2] or href[3] or "").strip()
    return distinct_links([*_href_links(target), *videos])


def _href_links(target: str) -> list[FoundLink]:
    return find_links(target) or [
        found._replace(text=target) for found in refused_bare_ids(target)
    ]
