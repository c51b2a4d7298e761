"""Reads the Atom feed of a channel or playlist: its newest videos, in some kilobytes."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from xml.etree import ElementTree as ET

from yt_dlp.networking import Request, Response
from yt_dlp.networking.exceptions import HTTPError

from ytaudio_daemon.fetch.lister import ListClient
from ytaudio_daemon.fetch.page_builder import PageBuilder
from ytaudio_daemon.model.list_totals import FeedState, feed_mark
from ytaudio_daemon.model.listing import FeedRequest, ListedEntry, clean_text
from ytaudio_daemon.model.youtube_ids import is_video_id

FEED_URL = "https://www.youtube.com/feeds/videos.xml?"
#: YouTube's have 15 entries and some 30 KiB.
MAX_FEED_BYTES = 1 << 20
#: YouTube sends these at times where there is a feed; they say nothing about the list.
_ABSENT = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.GONE,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_ATOM = "{http://www.w3.org/2005/Atom}"
_YOUTUBE = "{http://www.youtube.com/xml/schemas/2015}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedResult:
    """The outcome of reading a feed, as the feed fields of `ListTotals`.

    Attributes:
        feed: A `FeedState`.
        etag: The response's header `ETag`, or "".
        modified: The response's header `Last-Modified`, or "".
    """

    feed: str
    etag: str = ""
    modified: str = ""


def read_feed(
    ydl: ListClient, request: FeedRequest, pages: PageBuilder
) -> FeedResult | None:
    """Add the entries of a feed, the newest first.

    Args:
        ydl: Makes the request.
        request: Names the feed.
        pages: Gets the entries.

    Returns:
        The outcome; None when there is no feed and the list must be read instead.

    Raises:
        Exception: Any of yt-dlp's, for any other failed request.
    """
    response = _open(ydl, request)
    if isinstance(response, FeedState):
        is_absent = response is FeedState.ABSENT
        must_list = is_absent and request.lists_without_feed
        return None if must_list else FeedResult(feed=response)
    content = response.read(MAX_FEED_BYTES + 1)
    entries = list(_entries(content))
    if not entries and not _is_feed(content):
        return None if request.lists_without_feed else FeedResult(feed=FeedState.ABSENT)
    pages.begin_feed()
    for entry in entries:
        position = pages.next_position(entry.video_id)
        if position is not None:
            pages.add(entry)
    return FeedResult(
        feed=FeedState.READ,
        etag=feed_mark(response.headers.get("ETag")),
        modified=feed_mark(response.headers.get("Last-Modified")),
    )


def _open(ydl: ListClient, request: FeedRequest) -> Response | FeedState:
    marks = {"If-None-Match": request.etag, "If-Modified-Since": request.modified}
    headers = {name: value for name, value in marks.items() if value}
    try:
        return ydl.urlopen(Request(f"{FEED_URL}{request.query}", headers=headers))
    except HTTPError as error:
        if error.status == HTTPStatus.NOT_MODIFIED:
            answer = FeedState.UNCHANGED
        elif error.status in _ABSENT:
            answer = FeedState.ABSENT
        else:
            raise
    ydl.clear_evidence()
    return answer


def _is_feed(content: bytes) -> bool:
    root = _parse(content)
    return root is not None and root.tag == f"{_ATOM}feed"


def _parse(content: bytes) -> ET.Element | None:
    """Return the document's root; None for what is no feed, or could grow without end."""
    if len(content) > MAX_FEED_BYTES or b"<!DOCTYPE" in content:  # no entities
        return None
    with suppress(ET.ParseError):
        return ET.fromstring(content)  # noqa: S314 - without a DTD nothing is expanded
    return None


def _entries(content: bytes) -> Iterator[ListedEntry]:
    root = _parse(content)
    found = [] if root is None else root.findall(f"{_ATOM}entry")
    for position, entry in enumerate(found, 1):
        video_id = entry.findtext(f"{_YOUTUBE}videoId") or ""
        if is_video_id(video_id):
            yield ListedEntry(
                position=position,
                video_id=video_id,
                title=clean_text(entry.findtext(f"{_ATOM}title")),
                channel=clean_text(entry.findtext(f"{_ATOM}author/{_ATOM}name")),
                upload_date=_day(entry.findtext(f"{_ATOM}published")),
            )


def _day(time: str | None) -> str:
    """Return the day of an RFC 3339 time, or ""."""
    try:
        return date.fromisoformat((time or "")[:10]).isoformat()
    except ValueError:
        return ""
