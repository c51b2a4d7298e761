"""The links of a web page: bookmarks, histories, saved pages. Pure."""

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
    without_pages,
)
from ytaudio_daemon.urls import (
    FoundLink,
    Link,
    bare_id_error,
    bare_ids,
    distinct_links,
    find_links,
)

_ITEM = re.compile(
    r"<(?P<comment>!--) | <(?P<code>script|style)\b | (?P<tag><[a-z/!?][^<>]*>)"
    r" | (?P<text>[^<]+|<)",
    re.VERBOSE | re.IGNORECASE,
)
_COMMENT_END = re.compile(r"-->")
_CODE_END = re.compile(r"</(?:script|style)", re.IGNORECASE)
_ANCHOR = re.compile(r"<a(?:rea)?\s", re.IGNORECASE)
_HREF = re.compile(
    r"""\shref\s*=\s*(?: "([^"]*)" | '([^']*)' | ([^\s>"']+) )""",
    re.VERBOSE | re.IGNORECASE,
)
#: Tags that end what belongs together: a bookmark, an entry of a history.
_BLOCK = re.compile(
    r"</?(?:div|p|li|ul|ol|dl|dt|dd|tr|table|body|h[1-6]|section|article)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _PageLink:
    line: int
    found: FoundLink
    is_switched_off: bool = False


def read_web_page(text: str) -> Iterator[DropLine]:
    """Yield an entry for every link to a video, and every other that can be clicked."""
    return number_parts(_entries(text))


def _entries(text: str) -> Iterator[DropLine]:
    block: list[_PageLink] = []
    for item in _page_links(text):
        if item is None:
            yield from _block_entries(block)
            block = []
        else:
            block.append(item)
    yield from _block_entries(block)


def _block_entries(block: list[_PageLink]) -> Iterator[DropLine]:
    live = distinct_links([item.found for item in block if not item.is_switched_off])
    wanted = {id(found) for found in without_pages(live)}
    for item in block:
        if item.is_switched_off:
            yield from switched_off_lines(item.line, [item.found])
        elif id(item.found) in wanted:
            text = item.found.text
            yield from link_lines(item.line, text, [item.found], LinkOptions(), {})


def _page_links(text: str) -> Iterator[_PageLink | None]:
    """Yield the links of a page in their order, and None where a block ends."""
    at, line = 0, 1
    while item := _ITEM.match(text, at):
        end = _item_end(text, item)
        if item["tag"] and _BLOCK.match(item["tag"]):
            yield None
        yield from _item_links(text[at:end], item, line)
        line += text.count("\n", at, end)
        at = end


def _item_end(text: str, item: re.Match[str]) -> int:
    """Return where a part of the page ends: scripts and comments hold other parts."""
    if not item["comment"] and not item["code"]:
        return item.end()
    closing = _COMMENT_END if item["comment"] else _CODE_END
    end = closing.search(text, item.end())
    return end.end() if end else len(text)


def _item_links(written: str, item: re.Match[str], line: int) -> Iterator[_PageLink]:
    if item["tag"]:
        yield from (_PageLink(line, found) for found in _tag_links(written))
    elif not item["code"]:
        find = commented_links if item["comment"] else find_links
        for offset, row in enumerate(written.split("\n")):
            for found in find(row):
                yield _PageLink(line + offset, found, bool(item["comment"]))


def _tag_links(tag: str) -> list[FoundLink]:
    """Return where a tag leads; of what it merely shows, only videos."""
    videos = [link for link in find_links(tag) if link.error is None]
    href = _HREF.search(tag) if _ANCHOR.match(tag) else None
    if href is None:
        return videos
    target = html.unescape(href[1] or href[2] or href[3] or "").strip()
    return distinct_links([*_href_links(target), *videos])


def _href_links(target: str) -> list[FoundLink]:
    return find_links(target) or [
        FoundLink(target, Link(bare), bare_id_error(bare)) for bare in bare_ids(target)
    ]
