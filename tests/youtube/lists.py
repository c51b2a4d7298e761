"""YouTube's lists: which answer a request for a playlist, a channel or a feed gets."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from tests.youtube import list_items, list_pages, replies
from tests.youtube.collection import PAGE_SIZE, Channel, Playlist, Tab
from tests.youtube.faults import Fault, Reply
from tests.youtube.routes import Incoming
from tests.youtube.video import Video

Json = dict[str, Any]

#: Tiles that a channel's tab shows at once.
TAB_SIZE = 30
#: Videos in a feed.
FEED_SIZE = 15
#: By the beginning of the ID of the playlist that a channel's tab is.
_FEED_TABS: dict[str, Tab] = {"UULF": "videos", "UUSH": "shorts", "UULV": "streams"}
#: With this, the API shows a playlist's unavailable videos, too.
_WITH_UNAVAILABLE = "wgYCCAA="
_CHANNEL_PATH = re.compile(
    r"/(?:channel/(UC[\w-]+)|(@[^/]+)|(?:c|user)/([^/]+))(?:/(\w+))?/?"
)
_TOKEN = re.compile(r"(.+)~(\w*)~(\d+)~(\d+)")


@dataclass(slots=True)
class Lists:
    """All playlists and channels.

    Attributes:
        video: Returns the video of an ID.
    """

    video: Callable[[str], Video]
    _playlists: dict[str, Playlist] = field(default_factory=dict)
    _channels: dict[str, Channel] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget all lists."""
        self._playlists.clear()
        self._channels.clear()

    def add_playlist(self, playlist: Playlist) -> None:
        """Show a playlist, in place of the one that had its ID."""
        self._playlists[playlist.id] = playlist

    def add_channel(self, channel: Channel) -> None:
        """Show a channel, and its uploads as a playlist."""
        for name in (channel.id, channel.handle, *channel.old_names):
            self._channels[name.lower()] = channel
        uploads = tuple(channel.tabs.get("videos", ()))
        list_id = f"UU{channel.id[2:]}"
        if uploads or list_id not in self._playlists:
            self.add_playlist(
                Playlist(
                    id=list_id,
                    title=f"Uploads from {channel.name}",
                    channel=channel.name,
                    channel_id=channel.id,
                    handle=channel.handle,
                    videos=uploads,
                )
            )

    def reply(self, incoming: Incoming, account: str, fault: Fault | None) -> Reply:
        """Return the reply to a request for a list, as an account sees it."""
        if incoming.path == "/feeds/videos.xml":
            found = self._feed(incoming.query)
            return replies.feed(found, incoming.headers, fault)
        if incoming.method == "POST":
            data = self._browse(body_of(incoming), account)
            return replies.as_json(data, fault) if data else replies.not_found()
        page = self._page(incoming, account)
        return replies.html(list_pages.html(page), fault) if page else replies.no_page()

    def resolve(self, incoming: Incoming) -> Reply:
        """Return the reply to a question which list is behind an address."""
        found = self._resolved(body_of(incoming))
        return replies.as_json(found, None) if found else replies.not_found()

    def _page(self, incoming: Incoming, account: str) -> Json | None:
        """Return the data of a list's page; None: there is no such address."""
        if incoming.path == "/playlist":
            list_id = parse_qs(incoming.query).get("list", [""])[0]
            return self._first(list_id, account, with_unavailable=False)
        if (found := _CHANNEL_PATH.fullmatch(incoming.path)) is not None:
            name, tab = found[1] or found[2] or found[3], found[4] or "featured"
            return self._channel(name.lower(), tab)
        return None

    def _browse(self, asked: Json, account: str) -> Json | None:
        """Return what the API's `browse` answers; None: there is no such thing."""
        if (token := _TOKEN.fullmatch(str(asked.get("continuation")))) is not None:
            return self._continued(token[1], token[2], int(token[3]), int(token[4]))
        browse_id = str(asked.get("browseId"))
        if browse_id.startswith("VL"):
            shows_all = asked.get("params") == _WITH_UNAVAILABLE
            return self._first(browse_id[2:], account, with_unavailable=shows_all)
        if browse_id.startswith("MPREb_"):
            return self._album(browse_id)
        tab = str(asked.get("params") or "featured")
        return self._channel(browse_id.lower(), tab)

    def _resolved(self, asked: Json) -> Json | None:
        """Return what the API's `navigation/resolve_url` answers."""
        parts = urlsplit(str(asked.get("url")))
        if parts.path == "/playlist":
            list_id = parse_qs(parts.query).get("list", [""])[0]
            return _browse_endpoint(f"VL{list_id}")
        if parts.path.startswith("/browse/"):
            return _browse_endpoint(parts.path.removeprefix("/browse/"))
        found = _CHANNEL_PATH.fullmatch(parts.path)
        name = (found[1] or found[2] or found[3]).lower() if found else ""
        channel = self._channels.get(name)
        if found is None or channel is None:
            return None
        return _browse_endpoint(channel.id, found[4] or "featured")

    def _feed(self, query: str) -> bytes | None:
        """Return a feed; None: there is none."""
        fields = {key: values[0] for key, values in parse_qs(query).items()}
        channel = self._channels.get(fields.get("channel_id", "").lower())
        list_id = f"UU{channel.id[2:]}" if channel else fields.get("playlist_id", "")
        if tab := _FEED_TABS.get(list_id[:4]):
            return self._tab_feed(tab, list_id)
        playlist = self._playlists.get(list_id)
        if playlist is None or playlist.status != "ok":
            return None
        videos = map(self.video, playlist.videos[:FEED_SIZE])
        title = channel.name if channel else playlist.title
        return list_pages.feed(title, list_id, playlist.channel_id, videos)

    def _tab_feed(self, tab: Tab, list_id: str) -> bytes | None:
        """Return the feed of a channel's tab, which is a playlist of its own."""
        channel = self._channels.get(f"uc{list_id[4:]}".lower())
        if channel is None or channel.status != "ok" or tab not in channel.tabs:
            return None
        videos = map(self.video, channel.tabs[tab][:FEED_SIZE])
        return list_pages.feed(channel.name, list_id, channel.id, videos)

    def _first(
        self, list_id: str, account: str, *, with_unavailable: bool
    ) -> Json | None:
        playlist = self._playlists.get(list_id) or Playlist(
            id=list_id, status="missing"
        )
        if playlist.account and playlist.account != account:
            return list_pages.refusal("missing")
        if playlist.status != "ok":
            return list_pages.refusal(playlist.status)
        items = self._rows(playlist, 0, 0, with_unavailable=with_unavailable)
        hidden = 0
        if not with_unavailable:
            hidden = sum(map(list_items.is_hidden, map(self.video, playlist.videos)))
        return list_pages.playlist_page(playlist, items, hidden)

    def _rows(
        self,
        playlist: Playlist,
        first: int,
        page: int,
        *,
        with_unavailable: bool = True,
    ) -> list[Json]:
        ids = playlist.at_page(page)
        rows = [
            list_items.playlist_item(video, place, playlist.channel_id)
            for place, video in self._videos(ids, first, PAGE_SIZE)
            if with_unavailable or not list_items.is_hidden(video)
        ]
        after = first + PAGE_SIZE
        if after >= len(ids) and playlist.is_endless:
            after = 0
        if after < len(ids) or playlist.is_endless:
            rows.append(_continuation(playlist.id, "", after, page + 1))
        return rows

    def _videos(
        self, ids: Sequence[str], first: int, size: int
    ) -> Iterator[tuple[int, Video]]:
        places = range(first, min(first + size, len(ids)))
        return ((place + 1, self.video(ids[place])) for place in places)

    def _channel(self, name: str, tab: str) -> Json | None:
        channel = self._channels.get(name)
        if channel is None:
            return None
        if channel.status != "ok":
            return list_pages.refusal(channel.status)
        if tab not in channel.tabs:
            return list_pages.channel_page(channel, None, [])
        chosen = cast("Tab", tab)
        return list_pages.channel_page(
            channel, chosen, self._tiles(channel, chosen, 0, 0)
        )

    def _tiles(self, channel: Channel, tab: Tab, first: int, page: int) -> list[Json]:
        ids = channel.tabs[tab]
        if tab in {"releases", "playlists"}:
            shown = ids[first : first + TAB_SIZE]
            titles = [(each, self._playlists[each].title) for each in shown]
            tiles = [list_items.list_item(each, title) for each, title in titles]
        else:
            draw = list_items.short_item if tab == "shorts" else list_items.tab_item
            tiles = [draw(video) for _, video in self._videos(ids, first, TAB_SIZE)]
        if first + TAB_SIZE < len(ids):
            tiles.append(_continuation(channel.id, tab, first + TAB_SIZE, page + 1))
        return tiles

    def _continued(self, name: str, tab: str, first: int, page: int) -> Json | None:
        if channel := self._channels.get(name.lower()):
            return list_pages.appended(
                self._tiles(channel, cast("Tab", tab), first, page)
            )
        playlist = self._playlists.get(name)
        if playlist is None:
            return None
        return list_pages.appended(self._rows(playlist, first, page))

    def _album(self, page_id: str) -> Json | None:
        for album in self._playlists.values():
            if album.album_page == page_id:
                return list_pages.album_page(album, len(album.videos))
        return None


def asked_for(incoming: Incoming) -> tuple[str, int]:
    """Return the list that a request names, "" for none, and its page from 1."""
    if incoming.path == "/playlist":
        return parse_qs(incoming.query).get("list", [""])[0], 1
    if incoming.path == "/feeds/videos.xml":
        return next(iter(parse_qs(incoming.query).values()), [""])[0], 1
    if found := _CHANNEL_PATH.fullmatch(incoming.path):
        return found[1] or found[2] or found[3], 1
    if incoming.path != "/youtubei/v1/browse":
        return "", 0
    asked = body_of(incoming)
    if token := _TOKEN.fullmatch(str(asked.get("continuation"))):
        return token[1], int(token[4]) + 1
    return str(asked.get("browseId")).removeprefix("VL"), 1


def body_of(incoming: Incoming) -> Json:
    """Return the JSON of an API call, {} for anything else."""
    try:
        asked = json.loads(incoming.body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _continuation(name: str, tab: str, first: int, page: int) -> Json:
    return list_pages.continuation_item(f"{name}~{tab}~{first}~{page}")


def _browse_endpoint(browse_id: str, params: str = "") -> Json:
    endpoint = {"browseId": browse_id} | ({"params": params} if params else {})
    return list_pages.answer(endpoint={"browseEndpoint": endpoint})
