"""The request for a collection's entries, and the pages they come in. Pure.

A listing is one attempt in a worker: it sends pages of entries as they come from
YouTube, and at last an outcome with the totals. A worker handles foreign data, so
`ListedPage.from_json` accepts only pages that this module allows.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any

from ytaudio_daemon.model.outcome import FetchRequest, Limits, Network
from ytaudio_daemon.model.youtube_ids import VIDEO_ID

#: As many as YouTube sends at once for a playlist.
MAX_PAGE_ENTRIES = 100
#: YouTube allows 100 for a title and 50 for a channel's name.
MAX_TEXT_CHARS = 200
#: YouTube's longest are 12 hours, live streams somewhat longer.
MAX_DURATION_S = 30 * 86_400
_VIDEO_ID = re.compile(VIDEO_ID)
_LIST_ID = re.compile(r"[^\s\x00-\x1f\x7f]{0,120}")
_CHANNEL_ID = re.compile(r"(?:UC[A-Za-z0-9_-]{22})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
KINDS = ("playlist", "album", "channel")


class Unavailable(StrEnum):
    """Why the video of an entry cannot be fetched, as far as its list shows it."""

    PRIVATE = "private"
    DELETED = "deleted"
    #: For the channel's members, or for who pays.
    MEMBERS = "members"
    #: It runs right now; its recording may come.
    LIVE = "live"
    UPCOMING = "upcoming"
    #: YouTube hides it here, and does not say why.
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRequest:
    """The feed to be asked instead of the list, which is small.

    Attributes:
        query: Of its address: `channel_id=…` or `playlist_id=…`.
        etag, modified: Of the last response; "" for none.
        lists_without_feed: The list is read where there is no feed just now.
    """

    query: str
    etag: str = ""
    modified: str = ""
    lists_without_feed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """Everything a worker gets to list a collection.

    Attributes:
        key: The caller's name for the collection (the daemon uses its UUID).
        attempt: Its number, from 1.
        url: The canonical link of the collection.
        kind: `playlist`, `album` or `channel`.
        max_entries: Entries after which the listing ends, marked as cut.
        attempt_dir: An existing folder, this attempt's own.
        cache_dir: yt-dlp's cache, shared by attempts.
        private_paths: Files and folders that it must not reach; none: not confined.
        limits: Of them the deadline and the stall timeout hold.
        network: The connection to YouTube.
        feed: Asked first, if the newest entries will do; None: the list is read.
    """

    key: str
    attempt: int
    url: str
    kind: str
    max_entries: int
    attempt_dir: str
    cache_dir: str = ""
    private_paths: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    network: Network = field(default_factory=Network)
    feed: FeedRequest | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ListRequest":
        """Rebuild a request from `to_json`."""
        plain = dict(data)
        plain["limits"] = Limits(**plain["limits"])
        plain["network"] = Network.from_json(plain["network"])
        plain["private_paths"] = tuple(plain["private_paths"])
        if (feed := plain.get("feed")) is not None:
            plain["feed"] = FeedRequest(**feed)
        return cls(**plain)


#: What a worker may be asked for.
AttemptRequest = FetchRequest | ListRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """One video of a collection.

    Attributes:
        position: Its place in the list, from 1; places of repeated videos are counted.
        video_id: Its 11 characters; a video comes once in a listing.
        title: Or "" where YouTube shows none.
        channel: Who uploaded it, or "".
        channel_id: Likewise (`UC…`).
        duration_s: Seconds as the list shows them, or None.
        unavailable: An `Unavailable`, or "" when it seems to be there.
        upload_date: `YYYY-MM-DD`, or ""; about right, for lists say "3 years ago".
        track: Its number in `ListedPage.album`, from 1, or None.
    """

    position: int
    video_id: str
    title: str = ""
    channel: str = ""
    channel_id: str = ""
    duration_s: float | None = None
    unavailable: str = ""
    upload_date: str = ""
    track: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; what is empty is left out."""
        return _filled(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ListedEntry":
        """Rebuild and check an entry.

        Raises:
            TypeError, ValueError: It is none.
        """
        entry = cls(**data)
        _check_count(entry.position)
        _check_text(entry.title, entry.channel)
        _check_form(_VIDEO_ID, entry.video_id)
        _check_form(_CHANNEL_ID, entry.channel_id)
        _check_duration(entry.duration_s)
        if entry.track is not None:
            _check_count(entry.track)
        if entry.unavailable:
            Unavailable(entry.unavailable)
        if entry.upload_date:
            date.fromisoformat(entry.upload_date)
        return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumFacts:
    """The facts of an album on YouTube Music.

    Attributes:
        title: The album's.
        artist: The album's, or "".
        year: Of its release, or None.
        tracks: How many it has, or None.
    """

    title: str
    artist: str = ""
    year: int | None = None
    tracks: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; what is empty is left out."""
        return _filled(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "AlbumFacts":
        """Rebuild and check the facts.

        Raises:
            TypeError, ValueError: They are none.
        """
        facts = cls(**data)
        _check_text(facts.title, facts.artist)
        for number in (facts.year, facts.tracks):
            if number is not None:
                _check_count(number)
        return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    """Entries that came together, and what is known of their collection.

    Attributes:
        number: From 1, without gaps.
        kind: `playlist`, `album` or `channel`.
        list_id: The ID that YouTube gives the collection: of an album the playlist's.
        title: The collection's, or "".
        channel: Whose it is, or "".
        channel_id: Likewise.
        announced: Videos that YouTube says it has, or None.
        album: Facts of the album that the entries are of, or None.
        entries: In the order of the list, at most `MAX_PAGE_ENTRIES`.
        is_feed: They are the feed's, the newest first; their positions are the feed's.
    """

    number: int
    kind: str
    list_id: str = ""
    title: str = ""
    channel: str = ""
    channel_id: str = ""
    announced: int | None = None
    album: AlbumFacts | None = None
    entries: tuple[ListedEntry, ...] = ()
    is_feed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; what is empty is left out."""
        plain = _filled(self)
        plain["entries"] = [entry.to_json() for entry in self.entries]
        if self.album is not None:
            plain["album"] = self.album.to_json()
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ListedPage":
        """Rebuild and check a page.

        Raises:
            TypeError, ValueError: It is none, or holds what no list of YouTube's has.
        """
        plain = dict(data)
        listed, album = plain.pop("entries"), plain.pop("album", None)
        if not isinstance(listed, list) or not 0 < len(listed) <= MAX_PAGE_ENTRIES:
            raise ValueError("a page has 1 to 100 entries")
        entries = tuple(map(ListedEntry.from_json, listed))
        facts = None if album is None else AlbumFacts.from_json(album)
        page = cls(**plain, entries=entries, album=facts)
        _check_page(page)
        return page


def clean_text(text: object) -> str:
    """Return a foreign text as a page may hold it: one line, of bounded length."""
    if not isinstance(text, str):
        return ""
    words = " ".join(_CONTROL.sub(" ", text[: 4 * MAX_TEXT_CHARS]).split())
    return words[:MAX_TEXT_CHARS]


def _filled(record: Any) -> dict[str, Any]:
    """Return the fields of a record that are neither None nor ""."""
    named = ((each.name, getattr(record, each.name)) for each in fields(record))
    return {name: value for name, value in named if value not in (None, "", False)}


def _check_page(page: ListedPage) -> None:
    _check_count(page.number)
    if page.kind not in KINDS:
        raise ValueError(f"no kind of collection: {page.kind!r}")
    if type(page.is_feed) is not bool:
        raise ValueError("a page is a feed's or it is not")
    _check_text(page.title, page.channel)
    _check_form(_LIST_ID, page.list_id)
    _check_form(_CHANNEL_ID, page.channel_id)
    if page.announced is not None:
        _check_count(page.announced, least=0)
    positions = [entry.position for entry in page.entries]
    if any(after <= before for before, after in pairwise(positions)):
        raise ValueError("the entries of a page are in order")


def _check_count(number: object, least: int = 1) -> None:
    if type(number) is not int or not least <= number < 2**31:
        raise ValueError("a count is a whole number")


def _check_duration(seconds: object) -> None:
    if seconds is None:
        return
    if type(seconds) not in (int, float) or not 0 <= seconds <= MAX_DURATION_S:  # type: ignore[operator] # a number, as just seen
        raise ValueError("a duration is a number of seconds")


def _check_text(*texts: object) -> None:
    for text in texts:
        if not isinstance(text, str) or len(text) > MAX_TEXT_CHARS:
            raise ValueError(f"a text has up to {MAX_TEXT_CHARS} characters")
        if _CONTROL.search(text):
            raise ValueError("a text is one line without control characters")


def _check_form(pattern: re.Pattern[str], text: object) -> None:
    if not isinstance(text, str) or pattern.fullmatch(text) is None:
        raise ValueError("an ID has letters, digits, - and _")
