"""Links to many videos: a playlist, an album, a channel. Pure.

As with videos, an address is never handed on as it was written: what survives is the
ID of the list or the name of the channel, and the URL is rebuilt from that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ytaudio_daemon.model.youtube_ids import is_channel_id
from ytaudio_daemon.urls.link import EXPECTED_LINK, FoundLink, LinkError
from ytaudio_daemon.urls.query import query_fields

CollectionKind = Literal["playlist", "album", "channel"]

#: The tabs of a channel that hold videos, or lists of them.
TABS = ("videos", "shorts", "streams", "releases", "playlists", "podcasts")
#: The tab that is listed when an address names none.
DEFAULT_TAB = TABS[0]
#: Tabs without videos of their own: who copies one of their addresses means the channel.
_PLAIN_TABS = frozenset(
    {"about", "channels", "community", "featured", "home", "posts", "store"}
)

#: YouTube Music's albums: as a playlist, and as a page of its own.
_ALBUM_LIST = "OLAK5uy_"
_ALBUM_PAGE = "MPREb_"
#: Before the ID of a playlist in the addresses of `/browse/` and of the API.
_PLAYLIST_PAGE = "VL"
#: Mixes, which YouTube makes up as one listens; `UL` are those of a channel's uploads.
_MIXES = ("RD", "UL")
#: Playlists of YouTube Music's editors: they begin like a mix, but have an end.
_EDITORS_LIST = "RDCLAK5uy_"
#: Beside what is in `/feed/`.
_ENDLESS_PATHS = frozenset({"feed", "results", "hashtag"})

_LIST_ID = re.compile(r"[A-Za-z0-9_-]{2,100}")
#: Letters of any script; yt-dlp reads as far.
_HANDLE = re.compile(r"@[^\s/?#&<>\"'\\]{1,100}")
_NAME = re.compile(r"[^\s/?#&<>\"'\\@]{1,100}")
#: `view_play_list?p=0123456789ABCDEF`, until 2012, without the `PL`.
_OLD_LIST_ID = re.compile(r"[0-9A-F]{16}")


@dataclass(frozen=True, slots=True)
class CollectionLink:
    """What a link to many videos names.

    Attributes:
        kind: `playlist`, `album` or `channel`.
        list_id: The ID of the playlist or album; of a channel its ID (`UC…`), its handle
            (`@name`), or an older name (`c/name`, `user/name`).
        tab: Of a channel: one of `TABS`; else "".
        is_music: The link was one of YouTube Music's.
    """

    kind: CollectionKind
    list_id: str
    tab: str = ""
    is_music: bool = field(default=False, compare=False)

    @property
    def url(self) -> str:
        """The canonical URL."""
        if self.kind == "channel":
            path = self.list_id
            if is_channel_id(path):
                path = f"channel/{path}"
            return f"https://www.youtube.com/{path}/{self.tab}"
        if self.list_id.startswith(_ALBUM_PAGE):
            return f"https://music.youtube.com/browse/{self.list_id}"
        return f"https://www.youtube.com/playlist?list={self.list_id}"

    @property
    def key(self) -> str:
        """The same text for the same collection; names of channels ignore case."""
        if self.kind != "channel":
            return f"{self.kind}:{self.list_id}"
        is_id = is_channel_id(self.list_id)
        name = self.list_id if is_id else self.list_id.lower()
        return f"{self.kind}:{name}/{self.tab}"


class CollectionError(LinkError):
    """A link to many videos, where a link to one is expected.

    Args:
        collection: What it names; None for pages that hold no list.
        refusal: Why it cannot be listed, if it cannot: `endless`.
    """

    def __init__(
        self,
        collection: CollectionLink | None = None,
        refusal: LinkError | None = None,
    ) -> None:
        super().__init__(
            "not_a_video",
            "playlists and channels are not taken here, single videos only: open the "
            f"video in it and copy its link; {EXPECTED_LINK}",
        )
        self.collection = collection
        self.refusal = refusal


def collection_of(found: FoundLink) -> CollectionLink | None:
    """Return the collection that a link names, alone or beside a video; None if none.

    Raises:
        LinkError: With `endless`, when it has no end.
    """
    if isinstance(found.error, CollectionError):
        if found.error.refusal is not None:
            raise found.error.refusal
        return found.error.collection
    if found.error is None and found.link is not None and found.link.list_id:
        return list_collection(found.link.list_id, is_music=found.link.is_music)
    return None


def list_collection(list_id: str, *, is_music: bool = False) -> CollectionLink | None:
    """Return the playlist or album of an ID, which ends where it cannot go on.

    None: it is no such ID.

    Raises:
        LinkError: With `endless`, for a mix.
    """
    found = _LIST_ID.match(list_id.removeprefix(_PLAYLIST_PAGE))
    if found is None:
        return None
    list_id = found[0]
    if list_id.startswith(_MIXES) and not list_id.startswith(_EDITORS_LIST):
        raise _endless_error("a mix")
    is_album = list_id.startswith((_ALBUM_LIST, _ALBUM_PAGE))
    return CollectionLink("album" if is_album else "playlist", list_id, "", is_music)


def page_error(words: Sequence[str], query: str, *, is_music: bool) -> CollectionError:
    """Return the error of an address that names many videos, with the collection in it.

    Args:
        words: The parts of its path.
        query: Its query.
        is_music: It is one of YouTube Music's.
    """
    try:
        found = _page_collection(words, dict(query_fields(query)), is_music=is_music)
    except LinkError as refusal:
        return CollectionError(refusal=refusal)
    return CollectionError(found)


def _page_collection(
    words: Sequence[str], fields: dict[str, str], *, is_music: bool
) -> CollectionLink | None:
    first, *rest = words or ("",)
    word = first.lower()
    if word in _ENDLESS_PATHS or rest[-1:] == ["search"]:
        raise _endless_error("a search" if word != "feed" else "a feed")
    if list_id := fields.get("list"):
        return list_collection(list_id, is_music=is_music)
    if word == "view_play_list":
        return _old_playlist(fields.get("p", ""))
    if word == "playlist" and rest:
        return list_collection(rest[0], is_music=is_music)
    if word == "browse" and rest and not rest[0].startswith("UC"):
        return _browsed(rest[0], is_music=is_music)
    return _channel(words, is_music=is_music)


def _old_playlist(list_id: str) -> CollectionLink | None:
    is_bare = _OLD_LIST_ID.fullmatch(list_id)
    return list_collection(f"PL{list_id}" if is_bare else list_id)


def _browsed(page_id: str, *, is_music: bool) -> CollectionLink | None:
    """Return what YouTube Music's `/browse/` shows; artists' pages are channels."""
    if page_id.startswith((_PLAYLIST_PAGE, _ALBUM_PAGE)):
        return list_collection(page_id, is_music=is_music)
    return None


def _channel(words: Sequence[str], *, is_music: bool) -> CollectionLink | None:
    name, tabs = _channel_name(words)
    tab = tabs[0].lower() if tabs else DEFAULT_TAB
    tab = DEFAULT_TAB if tab in _PLAIN_TABS else tab
    if not name or tab not in TABS:
        return None
    return CollectionLink("channel", name, tab, is_music)


def _channel_name(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the name in a channel's path, "" if there is none, and what follows it."""
    first, *rest = words or ("",)
    if first.startswith("@"):
        return first if _HANDLE.fullmatch(first) else "", rest
    word = first.lower()
    name, tabs = (rest[0], rest[1:]) if rest else ("", rest)
    if word in {"channel", "browse"}:
        return name if is_channel_id(name) else "", tabs
    if word in {"c", "user"} and _NAME.fullmatch(name):
        return f"{word}/{name}", tabs
    return "", tabs


def _endless_error(what: str) -> LinkError:
    return LinkError(
        "endless",
        f"{what} has no end: give a playlist, an album or a channel, or single videos",
    )
