"""A video's metadata, cleaned, with the tags and the file name's fields. Pure.

All of it was typed by strangers: control characters are removed, lengths capped.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ytaudio_daemon.model.filename_fields import TEMPLATE_FIELD
from ytaudio_daemon.model.options import MAX_TAG_CHARS
from ytaudio_daemon.system.artist_title import split_title

#: YouTube's own limit is 100 characters for a title; music fields run longer.
MAX_TEXT_CHARS = MAX_TAG_CHARS
_NO_TAGS: Mapping[str, str] = MappingProxyType({})
#: Fields that name the artist: a title need not name it again.
_ARTIST_FIELDS = frozenset({"artist", "channel"})
_TOPIC = re.compile(r"\s+-\s+Topic$")


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFacts:
    """A video's metadata; None where YouTube has none.

    Attributes:
        title: The video's own title; its ID where YouTube names none.
        artist: Only as YouTube's music metadata names it, several joined by ", ".
        song: The song's title in YouTube's music metadata.
        track_number: Its place on the album.
        date: YYYY-MM-DD, or YYYY when only the year is known.
        duration_s: As announced.
    """

    video_id: str
    title: str
    artist: str | None = None
    song: str | None = None
    album: str | None = None
    album_artist: str | None = None
    track_number: int | None = None
    genre: str | None = None
    date: str | None = None
    channel: str | None = None
    view_count: int | None = None
    duration_s: float | None = None

    @property
    def own_title(self) -> str | None:
        """The title at YouTube; None where `title` is the ID for want of one."""
        made_up = (self.video_id, f"youtube video #{self.video_id}")  # by yt-dlp
        return None if self.title in made_up else self.title


def video_facts(info: Mapping[str, Any]) -> VideoFacts:
    """Return the facts in an info dict of yt-dlp's.

    The fields are those documented at the top of `yt_dlp/extractor/common.py`.
    """
    video_id = readable_text(info.get("id")) or ""
    return VideoFacts(
        video_id=video_id,
        title=readable_text(info.get("title")) or video_id,
        artist=_joined_names(info, "artists", "artist"),
        song=readable_text(info.get("track")),
        album=readable_text(info.get("album")),
        album_artist=_joined_names(info, "album_artists", "album_artist"),
        track_number=_non_negative_int(info.get("track_number")),
        genre=_joined_names(info, "genres", "genre"),
        date=_date(info),
        channel=readable_text(info.get("channel") or info.get("uploader")),
        view_count=_non_negative_int(info.get("view_count")),
        duration_s=_positive_number(info.get("duration")),
    )


def tags_of(
    facts: VideoFacts,
    tag_overrides: Mapping[str, str],
    url: str,
    album_tags: Mapping[str, str] = _NO_TAGS,
) -> dict[str, str]:
    """Return the tags to write; no empty ones.

    A video without music metadata gets its channel as the artist, as yt-dlp's own
    metadata step does; a "<name> - Topic" channel is the artist's.

    Args:
        facts: The video's, which give way to both others.
        tag_overrides: The person's own, which win.
        url: Goes into the comment.
        album_tags: What is known of the album that lists the video.
    """
    channel = without_topic(facts.channel or "")
    tags = {
        "title": facts.song or facts.title,
        "artist": facts.artist or channel,
        "album": facts.album,
        "album_artist": facts.album_artist,
        "track": str(facts.track_number) if facts.track_number else None,
        "date": facts.date,
        "genre": facts.genre,
        "comment": url,
    }
    date = _finer_date(facts.date, album_tags.get("date"))
    for better in (album_tags, {"date": date}, tag_overrides):
        tags |= {key: readable_text(value) for key, value in better.items()}
    return {key: value for key, value in tags.items() if value}


def _finer_date(of_video: str | None, of_album: str | None) -> str | None:
    """Return the album's date, or the video's where that is a day of the same year."""
    is_same_year = of_video and of_album and of_video.startswith(of_album)
    return of_video if is_same_year else of_album or of_video


def without_topic(channel: str) -> str:
    """Return the artist's name of a "<name> - Topic" channel; else the channel's."""
    return _TOPIC.sub("", channel)


def filename_fields(
    facts: VideoFacts,
    tags: Mapping[str, str],
    template: str,
    tag_overrides: Mapping[str, str],
) -> dict[str, str]:
    """Return the values of a file name's fields, see `model.filename_fields`.

    Args:
        facts: The video's.
        tags: As written into the file.
        template: Where it names the artist, the title does not.
        tag_overrides: The person's own: a title given there names the file, too.
    """
    artist = tags.get("artist", "")
    parts = split_title(facts.title, (artist, facts.artist or facts.channel or ""))
    if parts and not facts.artist and artist == without_topic(facts.channel or ""):
        artist = parts.artist  # "Nina Simone" rather than "NinaSimoneVEVO"
    title = facts.title
    if parts and _ARTIST_FIELDS & set(TEMPLATE_FIELD.findall(template)):
        title = parts.rest
    if "title" in tag_overrides:
        title = tags["title"]
    return {
        "title": title,
        "artist": artist,
        "album": tags.get("album", ""),
        "track": facts.song or tag_overrides.get("track", "") or title,
        "date": tags.get("date", ""),
        "channel": facts.channel or "",
        "id": facts.video_id,
    }


def readable_text(value: object) -> str | None:
    """Return one line of readable text, or None when nothing readable is there."""
    if not isinstance(value, str):
        return None
    text = "".join(_readable(char) for char in unicodedata.normalize("NFC", value))
    return " ".join(text.split())[:MAX_TEXT_CHARS].rstrip() or None


def _readable(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    is_direction = category == "Cf" and char not in "\u200c\u200d\u00ad"
    return "" if category == "Cs" or is_direction else char


def _joined_names(info: Mapping[str, Any], many: str, one: str) -> str | None:
    names = info.get(many)
    if isinstance(names, list) and names:
        return readable_text(", ".join(str(name) for name in names))
    return readable_text(info.get(one))


def _date(info: Mapping[str, Any]) -> str | None:
    for key in ("release_date", "upload_date"):
        found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", str(info.get(key) or ""))
        if found:
            return "-".join(found.groups())
        if key == "release_date" and (
            year := _non_negative_int(info.get("release_year"))
        ):
            return f"{year:04d}"
    return None


def _non_negative_int(value: object) -> int | None:
    number = _positive_number(value)
    if number is None:
        return 0 if value == 0 else None
    return int(number) if number < 1 << 53 else None


def _positive_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if value > 0 else None
