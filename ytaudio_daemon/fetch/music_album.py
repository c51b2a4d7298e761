"""Reads from YouTube Music the facts of an album that its playlist lacks.

The playlist of an album (`OLAK5uy_…`) has title and songs; artist and year are on the
album's page (`MPREb_…`), whose ID is in the playlist's page at YouTube Music. Both are
requested through yt-dlp's extractor; facts that are missing stay None.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from yt_dlp.utils import traverse_obj

from ytaudio_daemon.fetch.ytdlp_client import YtDlpClient
from ytaudio_daemon.model import AlbumFacts
from ytaudio_daemon.model.listing import clean_text

_PAGE_ID = re.compile(r"MPREb_[A-Za-z0-9_-]{1,60}")
#: As ytmusicapi reads it (`parse_album_header_2024`).
_HEADER = (
    "contents",
    "twoColumnBrowseResultsRenderer",
    "tabs",
    ...,
    "tabRenderer",
    "content",
    "sectionListRenderer",
    "contents",
    ...,
    "musicResponsiveHeaderRenderer",
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_SONGS = re.compile(r"(\d{1,4}) songs?")


def fetch_album_facts(ydl: YtDlpClient, url: str, list_id: str) -> AlbumFacts | None:
    """Return YouTube Music's facts of an album, None if it has none.

    Args:
        ydl: With the extractor of lists.
        url: The link to the album; it may name its page.
        list_id: The ID of its playlist.
    """
    # A later yt-dlp may lack these methods; the playlist's own facts are enough then.
    with contextlib.suppress(Exception):
        extractor = ydl.get_info_extractor("YoutubeTab")
        page_id = _page_id(url) or _page_id(_playlist_page(extractor, list_id))
        if page_id:
            return album_facts(_album_page(extractor, page_id))
    return None


def album_facts(page: Mapping[str, Any]) -> AlbumFacts | None:
    """Return the facts on an album's page as the API sends it, None if there are none."""
    header: Mapping[str, Any] = next(iter(traverse_obj(page, _HEADER)), {})
    title = "".join(_texts(header, "title"))
    if not title:
        return None
    return AlbumFacts(
        title=clean_text(title),
        artist=clean_text("".join(_texts(header, "straplineTextOne"))),
        year=_first_number(_YEAR, _texts(header, "subtitle")),
        tracks=_first_number(_SONGS, _texts(header, "secondSubtitle")),
    )


def _page_id(text: str) -> str:
    found = _PAGE_ID.search(text)
    return found[0] if found else ""


def _playlist_page(extractor: Any, list_id: str) -> str:
    url = f"https://music.youtube.com/playlist?list={list_id}"
    return extractor._download_webpage(url, list_id, fatal=False) or ""  # noqa: SLF001 - as extractors call it


def _album_page(extractor: Any, page_id: str) -> Mapping[str, Any]:
    return (
        extractor._extract_response(  # noqa: SLF001 - the same
            item_id=page_id,
            query={"browseId": page_id},
            check_get_keys="contents",
            fatal=False,
            default_client="web_music",
        )
        or {}
    )


def _texts(header: Mapping[str, Any], name: str) -> Iterator[str]:
    yield from traverse_obj(header, (name, "runs", ..., "text", {str}))


def _first_number(pattern: re.Pattern[str], texts: Iterable[str]) -> int | None:
    found = filter(None, map(pattern.fullmatch, map(str.strip, texts)))
    first = next(found, None)
    return int(first[first.lastindex or 0]) if first else None
