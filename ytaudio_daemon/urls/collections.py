"""Links to many videos: a playlist, an album, a channel. Pure.

As with videos, an address is never passed on as it was written: the URL is rebuilt from
the ID of the list, or from the channel's ID or name.
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
#: Tabs without videos of their own; their addresses mean the channel.
_PLAIN_TABS = frozenset(
    {"about", "channels", "community", "featured", "home", "posts", "store"}
)

#: The start of an album's ID in YouTube Music: of its playlist, and of its page.
_ALBUM_LIST = "OLAK5uy_"
_ALBUM_PAGE = "MPREb_"
#: Before the ID of a playlist in the addresses of `/browse/` and of the API.
_PLAYLIST_PAGE = "VL"
#: Mixes, which YouTube generates endlessly; `UL` is one of a channel's uploads.
_MIXES = ("RD", "UL")
#: Playlists of YouTube Music's editors: they begin like a mix, but have an end.
_EDITORS_LIST = "RDCLAK5uy_"
#: The first words of paths that lead to endless lists.
_ENDLESS_PATHS = frozenset({"feed", "results", "hashtag"})

_LIST_ID = re.compile(r"[A-Za-z0-9_-]{2,100}")
#: Letters of any script, to the same end as in yt-dlp.
_HANDLE = re.compile(r"@[^\s/?#&<>\"'\\]{1,100}")
_NAME = re.compile(r"[^\s/?#&<>\"'\\@]{1,100}")
#: `view_play_list?p=0123456789ABCDEF`, until 2012, without the `PL`.
_OLD_LIST_ID = re.compile(r"[0-9A-F]{16}")


@dataclass(frozen=True, slots=True)
class CollectionLink:
    """A playlist, an album or a channel.

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
        collection: The collection; None for pages without a list.
        refusal: The error `endless`, if the list has no end.
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


def linked_collection(found: FoundLink) -> CollectionLink | None:
    """Return the collection that a link names, alone or beside a video, or None.

    Raises:
        LinkError: The collection has no end (`endless`).
    """
    if isinstance(found.error, CollectionError):
        if found.error.refusal is not None:
            raise found.error.refusal
        return found.error.collection
    if found.error is None and found.link is not None and found.link.list_id:
        return collection_from_list_id(found.link.list_id, is_music=found.link.is_music)
    return None


def collection_from_list_id(
    list_id: str, *, is_music: bool = False
) -> CollectionLink | None:
    """Return the playlist or album of an ID, or None if a text begins with none.

    Raises:
        LinkError: It is a mix, which has no end (`endless`).
    """
    found = _LIST_ID.match(list_id.removeprefix(_PLAYLIST_PAGE))
    if found is None:
        return None
    list_id = found[0]
    if list_id.startswith(_MIXES) and not list_id.startswith(_EDITORS_LIST):
        raise _endless_error("a mix")
    is_album = list_id.startswith((_ALBUM_LIST, _ALBUM_PAGE))
    return CollectionLink("album" if is_album else "playlist", list_id, "", is_music)


def collection_page_error(
    words: Sequence[str], query: str, *, is_music: bool
) -> CollectionError:
    """Return the error of a page without a video, with the collection that it names.

    Args:
        words: The parts of the page's path.
        query: The page's query.
        is_music: True for a page of YouTube Music.
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
        return collection_from_list_id(list_id, is_music=is_music)
    if word == "view_play_list":
        return _old_playlist(fields.get("p", ""))
    if word == "playlist" and rest:
        return collection_from_list_id(rest[0], is_music=is_music)
    if word == "browse" and rest and not rest[0].startswith("UC"):
        return _browsed(rest[0], is_music=is_music)
    return _channel(words, is_music=is_music)


def _old_playlist(list_id: str) -> CollectionLink | None:
    is_bare = _OLD_LIST_ID.fullmatch(list_id)
    return collection_from_list_id(f"PL{list_id}" if is_bare else list_id)


def _browsed(page_id: str, *, is_music: bool) -> CollectionLink | None:
    """Return the playlist or album of YouTube Music's page `/browse/<page_id>`."""
    if page_id.startswith((_PLAYLIST_PAGE, _ALBUM_PAGE)):
        return collection_from_list_id(page_id, is_music=is_music)
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
