"""Recognizes addresses of sites that mirror YouTube: Invidious, Piped and others. Pure."""

import re
from urllib.parse import SplitResult

from ytaudio_daemon.model.youtube_ids import VIDEO_ID
from ytaudio_daemon.urls.query import query_fields

_ID = re.compile(rf"{VIDEO_ID}(?![A-Za-z0-9_-])")
#: Hosts that are mirrors by their names; of other hosts only `/watch?v=ID` counts.
_MIRROR_HOST = re.compile(
    r"invidio|\binv\b|piped|youtu|ytimg|yewtu|\by2u\b|hyperpipe|viewtube|cloudtube"
    r"|freetube|materialious|poketube"
)
#: `/embed/ID` of a mirror, `/vi/ID/hqdefault.jpg` of the pictures of a video.
_VIDEO_WORDS = frozenset(
    {"embed", "shorts", "live", "v", "e", "w", "watch", "vi", "vi_webp", "an_webp"}
)
_ID_FIELDS = ("v", "video_id", "videoid", "id")


def mirrored_video(parts: SplitResult) -> str | None:
    """Return the ID of the YouTube video that another site's address names, or None."""
    words = [word for word in parts.path.split("/") if word]
    if words[-1:] == ["watch"]:
        return _field_id(parts.query, _ID_FIELDS[:1])
    if "/watch?" in parts.fragment:
        return _field_id(parts.fragment, _ID_FIELDS[:1])
    if _MIRROR_HOST.search(parts.hostname or "") is None:
        return None
    return _path_id(words) or _field_id(parts.query, _ID_FIELDS)


def _path_id(words: list[str]) -> str | None:
    """Return the ID of `/ID` and `/embed/ID`; any text may follow it."""
    word = words[1:2] if words[:1] and words[0].lower() in _VIDEO_WORDS else words
    return _leading_id(word[0]) if word else None


def _field_id(query: str, keys: tuple[str, ...]) -> str | None:
    fields = dict(query_fields(query))
    return next(filter(None, (_leading_id(fields.get(key, "")) for key in keys)), None)


def _leading_id(text: str) -> str | None:
    found = _ID.match(text)
    return found[0] if found else None
