"""Converts yt-dlp's dicts of a collection and its entries into plain data. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ytaudio_daemon.fetch.metadata import without_topic
from ytaudio_daemon.model import AlbumFacts, ListedEntry, Unavailable
from ytaudio_daemon.model.listing import MAX_DURATION_S, clean_text
from ytaudio_daemon.model.youtube_ids import is_channel_id, is_video_id

Info = Mapping[str, Any]

#: What YouTube writes in place of a title, in English, which yt-dlp asks for.
_STAND_INS = {
    "[private video]": Unavailable.PRIVATE,
    "[deleted video]": Unavailable.DELETED,
}
_ANY_STAND_IN = re.compile(r"\[[^\[\]]{1,60} video\]|\[[Uu]navailable\]")
_LIVE = {"is_live": Unavailable.LIVE, "is_upcoming": Unavailable.UPCOMING}
_AVAILABILITY = {
    "private": Unavailable.PRIVATE,
    "premium_only": Unavailable.MEMBERS,
    "subscriber_only": Unavailable.MEMBERS,
    "needs_auth": Unavailable.MEMBERS,
}
#: YouTube's prefix of the title of an album's playlist.
_ALBUM_PREFIX = "Album - "


def video_id_of(info: Info) -> str | None:
    """Return the ID of an entry's video; None when the entry is no video."""
    video_id = info.get("id")
    if info.get("ie_key") != "Youtube" or not isinstance(video_id, str):
        return None
    return video_id if is_video_id(video_id) else None


def listed_entry(
    info: Info, video_id: str, position: int, track: int | None
) -> ListedEntry:
    """Return an entry of a list.

    Args:
        info: As yt-dlp returns it.
        video_id: Its video's.
        position: Its place in the list.
        track: Its number in its album, or None.
    """
    title = clean_text(info.get("title"))
    reason = _unavailable(info, title)
    return ListedEntry(
        position=position,
        video_id=video_id,
        title="" if _is_stand_in(info, title) else title,
        channel=clean_text(info.get("channel")),
        channel_id=channel_id_of(info),
        duration_s=_duration(info.get("duration")),
        unavailable=reason,
        upload_date=_day(info.get("timestamp")),
        track=track,
    )


def channel_id_of(info: Info) -> str:
    """Return the channel's ID, or ""."""
    found = info.get("channel_id")
    return found if isinstance(found, str) and is_channel_id(found) else ""


def collection_title(info: Info, kind: str) -> str:
    """Return a collection's title as people know it."""
    title = clean_text(info.get("title"))
    if kind == "channel":  # "Name - Videos"
        return clean_text(info.get("channel")) or title
    return title.removeprefix(_ALBUM_PREFIX) if kind == "album" else title


def announced_count(info: Info) -> int | None:
    """Return how many videos YouTube says a list has, or None."""
    count = info.get("playlist_count")
    return count if type(count) is int and 0 <= count < 2**31 else None


def album_of(info: Info, first_entry: Info | None) -> AlbumFacts | None:
    """Return the album's facts that its playlist has; None when it has no title.

    Args:
        info: The playlist.
        first_entry: Its first entry, whose channel is the artist's.
    """
    title = collection_title(info, "album")
    if not title:
        return None
    channels = (each.get("channel") for each in (info, first_entry or {}))
    artist = next(filter(None, map(clean_text, channels)), "")
    return AlbumFacts(
        title=title, artist=without_topic(artist), tracks=announced_count(info) or None
    )


def merge_albums(
    music: AlbumFacts | None, playlist: AlbumFacts | None
) -> AlbumFacts | None:
    """Return YouTube Music's facts of an album, completed by those of its playlist."""
    if music is None or playlist is None:
        return music or playlist
    return replace(
        music,
        artist=music.artist or playlist.artist,
        tracks=music.tracks or playlist.tracks,
    )


def _is_stand_in(info: Info, title: str) -> bool:
    if info.get("duration") is not None:  # an existing video with such a title
        return False
    return title.lower() in _STAND_INS or bool(_ANY_STAND_IN.fullmatch(title))


def _unavailable(info: Info, title: str) -> str:
    if _is_stand_in(info, title):
        return _STAND_INS.get(title.lower(), Unavailable.BLOCKED)
    by_status = _LIVE.get(str(info.get("live_status")))
    by_access = _AVAILABILITY.get(str(info.get("availability")))
    return by_status or by_access or ""


def _duration(seconds: object) -> float | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return float(seconds) if 0 < seconds <= MAX_DURATION_S else None


def _day(timestamp: object) -> str:
    """Return the day of seconds since 1970, in UTC, or ""."""
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | float):
        return ""
    try:
        return datetime.fromtimestamp(timestamp, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return ""
