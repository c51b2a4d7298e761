r"""Finds the links in a text, glued, wrapped and escaped ones included. Pure.

A token is a run of characters that begins like a link and ends at white space or at
`<`, `>`, `"`. It may be two links glued together, a link wrapped in another one
(`google.com/url?q=…`), or a link whose characters are escaped; at most `MAX_LAYERS`
wrappers and escapes are taken off.

Every character is read a bounded number of times: lines come by the million, and from
strangers.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from ytaudio_daemon.urls.address import parse_address, parse_plain_link
from ytaudio_daemon.urls.collections import CollectionError, CollectionLink
from ytaudio_daemon.urls.escapes import escaped, unescape
from ytaudio_daemon.urls.link import FoundLink, Link, LinkError

MAX_LAYERS = 3

_SLASH = escaped("/", "sol")
_DOMAIN = r"(?: youtube(?:-nocookie|kids)?\.com | youtu\.be )"
_SITE = rf"(?:[a-z0-9-]{{1,30}}\.){{0,2}} {_DOMAIN} \.? (?: :[0-9]{{1,5}} )?"
_WEB_ADDRESS = rf"https?{escaped(':', 'colon')}{_SLASH}{{2}}"
_OTHER_SCHEME = r"""
    (?<![a-z0-9+.-]) (?![a-z0-9+.-]{0,15}https?://) [a-z][a-z0-9+.-]{0,15}:// (?=\S)
"""
#: A scheme with a typing error: `https//youtu.be/`, `ttps:/youtu.be/`.
_BROKEN_SCHEME = r"(?<![a-z0-9]) h?t{1,3}ps? [:;.]? /{0,3}"
_NO_SCHEME = r"(?<![a-z0-9_@./-]) (?: (?<!:) // )?"
_SLIP = rf"(?: {_BROKEN_SCHEME} | {_NO_SCHEME} )"

#: The start of a link, for `LINK_START_FLAGS`.
LINK_START = rf"""
    (?: {_WEB_ADDRESS} | {_OTHER_SCHEME} | {_SLIP} (?= {_SITE} (?:{_SLASH}|[?\#]) ) )
"""
LINK_START_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII

#: White space, ASCII's and Unicode's, control characters, and what encloses links.
_NO_LINK_CHARS = (
    r"\x00-\x20\x7f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000<>\""
)
_TOKEN = re.compile(rf"{LINK_START} [^{_NO_LINK_CHARS}]*", LINK_START_FLAGS)
#: The start of a second link in a token: letters before the host may belong to the first.
_GLUED_SITE = rf"(?:(?:www|m|music)\.)? {_DOMAIN} (?:{_SLASH}|[?\#])"
_INNER_START = re.compile(
    rf"""
    (?P<start> {_WEB_ADDRESS} | {_OTHER_SCHEME} | {_SLIP} (?= {_GLUED_SITE} ) )
  | (?P<glued> {_GLUED_SITE} )
    """,
    LINK_START_FLAGS,
)
_START = re.compile(LINK_START, LINK_START_FLAGS)
#: Text before the true scheme, or a broken one: `http://https://`, `https//youtu.be`.
_FALSE_START = re.compile(
    rf"\A (?: (?:[a-z][a-z0-9+.-]{{0,15}}:/{{0,2}}){{1,3}} (?=https?://)"
    rf" | (?!https?://) {_BROKEN_SCHEME} (?={_SITE}) )",
    LINK_START_FLAGS,
)
_YOUTUBE_PAGE = re.compile(rf"(?:https?://)? {_SITE} (?![a-z0-9.-])", LINK_START_FLAGS)
#: A field with a path of YouTube: redirecting pages name their target so.
_OWN_PATH = re.compile(
    rf"= (?P<path> {_SLASH} (?:watch|shorts|live|embed|v)\b )", LINK_START_FLAGS
)
_TRAILING_PUNCTUATION = "()[]{}'\"`*~|\\»\u201d\u2019,.;:!\u200b\u200e\u200f"
_UNDERSCORES_AT_END = re.compile(r"_+(?![A-Za-z0-9_-])")
_EQUALS_AT_END = re.compile(r"(?:=|%(?:25){0,2}3d)\Z", re.IGNORECASE)
#: Characters before a link that is part of another site's address, beside `=`.
_WRAPPING = frozenset("/_?#!~")


def find_links(text: str) -> list[FoundLink]:
    """Return the link-like parts of a text, each video once."""
    return distinct_links(
        link
        for token in _TOKEN.finditer(text)
        for link in token_links(text, token.start(), token.end())
    )


def without_links(text: str) -> str:
    """Return the words of a text, without its link-like parts."""
    return _TOKEN.sub(" ", text)


def distinct_links(links: Iterable[FoundLink]) -> list[FoundLink]:
    """Return links without repetitions; a good link replaces a refused one."""
    found: dict[object, FoundLink] = {}
    for link in links:
        key = link.link or _collection(link) or link.text
        if key not in found or (found[key].error and not link.error):
            found[key] = link
    return list(found.values())


def _collection(link: FoundLink) -> CollectionLink | None:
    """Return the collection that a link without a video names, or None."""
    error = link.error
    return error.collection if isinstance(error, CollectionError) else None


def token_links(
    text: str, start: int, end: int, layers: int = MAX_LAYERS
) -> Iterator[FoundLink]:
    """Yield the links of a token, in their order.

    Args:
        text: The text with the token.
        start: The token's start in the text.
        end: The token's end.
        layers: The number of wrappers and escapes that may be removed.
    """
    if plain := parse_plain_link(text[start:end]):
        yield FoundLink(text[start:end], plain)
        return
    for piece_start, piece_end in _split_glued(text, start, end):
        links = _read_piece(text, piece_start, piece_end, layers)
        if piece_start > start and _is_field(text, piece_start):
            # A field of a link that is good without it, such as a referrer.
            links = [link for link in links if link.link]
        yield from links


def _split_glued(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each link that is glued into one token."""
    names_video: bool | None = None
    scheme_end = start
    for inner in _INNER_START.finditer(text, start, end):
        if inner.start() <= scheme_end:  # the scheme, and the host behind it
            scheme_end = inner.end()
            continue
        scheme_end = inner.end()
        if names_video is None:
            names_video = _names_video(text[start : inner.start()])
        if names_video or (
            inner["glued"] is None and not _is_wrapped(text, start, inner)
        ):
            yield start, inner.start()
            start, names_video = inner.start(), None
    yield start, end


def _names_video(text: str) -> bool:
    """Return whether a text names a video by itself, plain or escaped."""
    return any(map(_video_of, (text, unescape(text))))


def _video_of(address: str) -> Link | None:
    try:
        return parse_address(address)
    except LinkError as error:
        return error.link


def _is_wrapped(text: str, start: int, inner: re.Match[str]) -> bool:
    """Return whether an inner link belongs to the address that it stands in."""
    at = inner.start()
    if _is_field(text, at):
        return True
    return text[at - 1] in _WRAPPING and not _YOUTUBE_PAGE.match(text, start)


def _is_field(text: str, at: int) -> bool:
    """Return whether the text from `at` on is the value of a field of a query."""
    return _EQUALS_AT_END.search(text[max(0, at - 7) : at]) is not None


def _read_piece(text: str, start: int, end: int, layers: int) -> list[FoundLink]:
    """Return a piece's own link, or those that it wraps."""
    piece = text[start:end]
    address = _FALSE_START.sub("", piece).rstrip(_TRAILING_PUNCTUATION)
    try:
        link = _parse_emphasized(address, text, start)
    except LinkError as error:
        own = FoundLink(piece, error.link, error)
    else:
        has_false_start = not piece.startswith(address)
        mended = has_false_start or _is_mended(address, link)
        return [FoundLink(piece, link, is_mended=mended)]
    if layers == 0:
        return [own]
    inner = [
        FoundLink(piece, link.link, link.error, is_mended=link.error is None)
        for link in (*_read_wrapped(address, layers), *_read_unescaped(address, layers))
        if link.leads_to_youtube
    ]
    if any(link.error is None for link in inner):
        return [link for link in inner if link.link is not None]
    return [own] if own.link else inner[:1] or [own]


def _parse_emphasized(address: str, text: str, start: int) -> Link:
    """Parse an address that may stand in underscores: `_https://youtu.be/ID_`."""
    try:
        return parse_address(address)
    except LinkError:
        before = text[max(0, start - 3) : start]
        marks = len(before) - len(before.rstrip("_"))
        at_end = _UNDERSCORES_AT_END.search(address)
        if at_end is None or not 0 < marks <= len(at_end[0]):
            raise
        cut = at_end.end() - marks
        return parse_address(address[:cut] + address[at_end.end() :])


def _is_mended(address: str, link: Link) -> bool:
    """Return whether an accepted address is not quite one of YouTube's own.

    Such are `youtu.be/ID&t=30`, `watch?v=ID?si=…` and `youtu.be/ID)and`: behind the ID is
    text that no address of YouTube has there.

    Args:
        address: It is neither escaped nor wrapped.
        link: The video that it was read as.
    """
    before, video_id, behind = address.partition(link.video_id)
    if not video_id:  # percent escapes in the ID
        return True
    is_in_query = "?" in before or "#" in before
    behind = behind.rstrip("_")  # of `_https://youtu.be/ID_`, words around the link
    return behind[:1] not in ({"", "&", "#"} if is_in_query else {"", "?", "#", "/"})


def _read_wrapped(address: str, layers: int) -> Iterator[FoundLink]:
    """Yield the links that an address holds as a part of its own."""
    scheme = _START.match(address)
    scheme_end = scheme.end() if scheme else 0
    starts = _START.finditer(address, 1)
    inner = next((at for at in starts if at.start() > scheme_end), None)
    own_path = _OWN_PATH.search(address)
    if inner is not None:
        wrapped = address[inner.start() :]
        before = address[: inner.start()]
        wrapped = unquote(wrapped) if "%" in inner[0] else wrapped
        text = before + wrapped
        yield from token_links(text, len(before), len(text), layers - 1)
    elif own_path is not None and "youtube." in address:
        wrapped = "https://www.youtube.com" + unquote(address[own_path.start("path") :])
        yield from token_links(wrapped, 0, len(wrapped), layers - 1)


def _read_unescaped(address: str, layers: int) -> Iterator[FoundLink]:
    plain = unescape(address)
    if plain == address:
        return
    for token in _TOKEN.finditer(plain):
        yield from token_links(plain, token.start(), token.end(), layers - 1)
