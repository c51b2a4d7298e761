"""The pages and API answers in which lists appear.

Only what yt-dlp reads, where it reads it (yt-dlp extractor/youtube/_tab.py,
`_extract_metadata_from_tabs`, `_entries`).
"""

from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from tests.youtube import pages
from tests.youtube.collection import Channel, ListStatus, Playlist, Tab
from tests.youtube.video import Video

Json = dict[str, Any]

#: YouTube's own words for lists that it does not show, as users report them (yt-dlp#440,
#: ytdl-org/youtube-dl#27502, yt-dlp#12044).
_ALERTS: dict[ListStatus, str] = {
    "missing": "The playlist does not exist.",
    "unviewable": "This playlist type is unviewable.",
    "terminated": (
        "This account has been terminated because it is linked to an account that "
        "received multiple third-party claims of copyright infringement."
    ),
}


def html(data: Json) -> bytes:
    """Return the page whose `ytInitialData` is given."""
    return (
        f'<!DOCTYPE html><html lang="en"><head>{pages.CONFIG_SCRIPT}</head><body>'
        f"<script>var ytInitialData = {pages.script(data)};</script></body></html>"
    ).encode("utf-8", "surrogatepass")


def answer(**fields: object) -> Json:
    """Return an answer of the API."""
    return {"responseContext": {"visitorData": pages.VISITOR_DATA}, **fields}


def refusal(status: ListStatus) -> Json:
    """Return the answer for a list that is not shown."""
    if status == "home":  # where YouTube leads an address that it does not know
        tab = {"selected": True, "tabIdentifier": "FEwhat_to_watch", "content": {}}
        return answer(contents=_columns([tab]))
    text = {"runs": [{"text": _ALERTS[status]}]}
    alert = {"alertRenderer": {"type": "ERROR", "text": text}}
    return answer(alerts=[alert])


def continuation_item(token: str) -> Json:
    """Return the last item of a page that another one follows."""
    endpoint = {"continuationCommand": {"token": token, "request": "BROWSE"}}
    return {"continuationItemRenderer": {"continuationEndpoint": endpoint}}


def appended(items: list[Json]) -> Json:
    """Return what a continuation answers."""
    action = {"appendContinuationItemsAction": {"continuationItems": items}}
    return answer(onResponseReceivedActions=[action])


def playlist_page(playlist: Playlist, items: list[Json], hidden: int) -> Json:
    """Return the first page of a playlist.

    Args:
        playlist: The list.
        items: Its rows, and the continuation.
        hidden: Unavailable videos that are not among them.
    """
    rows = {"playlistVideoListRenderer": {"contents": items, "playlistId": playlist.id}}
    section = {"itemSectionRenderer": {"contents": [rows]}}
    content = {"sectionListRenderer": {"contents": [section]}}
    page = answer(
        contents=_columns([{"selected": True, "content": content}]),
        header={"playlistHeaderRenderer": _header(playlist)},
        metadata={"playlistMetadataRenderer": {"title": playlist.title}},
    )
    if playlist.album_page:  # at YouTube Music the page leads on to the album's
        page["album"] = {"browseId": playlist.album_page}
    if hidden:
        text = {"simpleText": f"{hidden} unavailable videos are hidden"}
        page["alerts"] = [{"alertWithButtonRenderer": {"type": "INFO", "text": text}}]
    return page


def _header(playlist: Playlist) -> Json:
    count = playlist.announced
    count = len(playlist.videos) if count is None else count
    byline = {"playlistBylineRenderer": {"text": {"simpleText": f"{count:,} videos"}}}
    browse = {
        "browseId": playlist.channel_id,
        "canonicalBaseUrl": f"/{playlist.handle}",
    }
    owner = {"text": playlist.channel, "navigationEndpoint": {"browseEndpoint": browse}}
    return {
        "playlistId": playlist.id,
        "title": {"simpleText": playlist.title},
        "byline": [byline],
        "ownerText": {"runs": [owner]},
        "privacy": "PUBLIC",
    }


def channel_page(channel: Channel, tab: Tab | None, items: list[Json]) -> Json:
    """Return the page of a channel's tab; None is its home, for a tab it has not."""
    home: Json = {"title": "Home", "endpoint": _endpoint(channel, "featured")}
    tabs: list[Json] = [home]
    for name in channel.tabs:
        title = {"streams": "Live"}.get(name, name.title())
        tabs.append({"title": title, "endpoint": _endpoint(channel, name)})
        if name == tab:
            tabs[-1]["content"] = {"richGridRenderer": {"contents": items}}
            tabs[-1]["selected"] = True
    if tab is None:
        home |= {"selected": True, "content": {"sectionListRenderer": {}}}
    metadata = {
        "title": channel.name,
        "externalId": channel.id,
        "vanityChannelUrl": f"http://www.youtube.com/{channel.handle}",
    }
    return answer(
        contents=_columns(tabs), metadata={"channelMetadataRenderer": metadata}
    )


def _endpoint(channel: Channel, tab: str) -> Json:
    url = {"url": f"/{channel.handle}/{tab}"}
    return {"commandMetadata": {"webCommandMetadata": url}}


def _columns(tabs: list[Json]) -> Json:
    renderers = [{"tabRenderer": tab} for tab in tabs]
    return {"twoColumnBrowseResultsRenderer": {"tabs": renderers}}


def album_page(album: Playlist, tracks: int) -> Json:
    """Return what YouTube Music answers for an album's page."""
    artist = album.channel.removesuffix(" - Topic")
    texts = {
        "title": [album.title.removeprefix("Album - ")],
        "straplineTextOne": [artist],
        "subtitle": ["Album", " \u2022 ", str(album.year)],
        "secondSubtitle": [f"{tracks} songs", " \u2022 ", "45 minutes"],
    }
    header = {
        name: {"runs": [{"text": text} for text in runs]}
        for name, runs in texts.items()
    }
    section = {"contents": [{"musicResponsiveHeaderRenderer": header}]}
    tab = {"tabRenderer": {"content": {"sectionListRenderer": section}}}
    canonical = f"https://music.youtube.com/playlist?list={album.id}"
    return answer(
        contents={"twoColumnBrowseResultsRenderer": {"tabs": [tab]}},
        microformat={"microformatDataRenderer": {"urlCanonical": canonical}},
    )


def feed(title: str, list_id: str, channel_id: str, videos: Iterable[Video]) -> bytes:
    """Return the Atom feed of a channel or playlist: its first fifteen videos."""
    entries = "".join(map(_feed_entry, videos))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed '
        'xmlns:yt="http://www.youtube.com/xml/schemas/2015" '
        'xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns="http://www.w3.org/2005/Atom">'
        f"<id>yt:{escape(list_id)}</id><yt:channelId>{escape(channel_id)}</yt:channelId>"
        f"<title>{escape(title)}</title>{entries}</feed>"
    ).encode()


def _feed_entry(video: Video) -> str:
    day = f"{video.upload_date[:10]}T12:00:00+00:00"
    return (
        f"<entry><id>yt:video:{video.id}</id><yt:videoId>{video.id}</yt:videoId>"
        f"<title>{escape(video.title)}</title>"
        f"<author><name>{escape(video.channel)}</name></author>"
        f'<link rel="alternate" href="https://www.youtube.com/watch?v={video.id}"/>'
        f"<published>{day}</published><updated>{day}</updated></entry>"
    )
