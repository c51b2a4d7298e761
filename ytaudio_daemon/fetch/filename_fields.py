"""The values of a file name's fields for one video. Pure.

What each field is stands in `model.filename_fields`.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from ytaudio_daemon.fetch.metadata import VideoFacts, without_topic
from ytaudio_daemon.model.filename_fields import TEMPLATE_FIELD

#: Fields that name the artist: a title need not name it again.
_ARTIST_FIELDS = frozenset({"artist", "channel"})
#: A hyphen with white space beside it ("Jay-Z" has none), or any dash.
_DASH = re.compile(
    r"\s+[-\u2010\u2011]\s*|[-\u2010\u2011]\s+|\s*[\u2012-\u2015\u2212]\s*"
)
_BETWEEN_ARTISTS = re.compile(
    r"\s*[,&+;/]\s*|\s+(?:and|with|x|feat\.?|ft\.?|featuring|vs\.?)\s+", re.IGNORECASE
)
#: What labels and YouTube add to an artist's name to call a channel.
_CHANNEL_ENDING = re.compile(r"\s+-\s+Topic$|\s*VEVO$|\s+Official$", re.IGNORECASE)


class _TitleParts(NamedTuple):
    """A title whose beginning names the artist: `Nina Simone`, `Feeling Good`."""

    artist: str
    rest: str


def filename_fields(
    facts: VideoFacts,
    tags: Mapping[str, str],
    template: str,
    *,
    has_title_override: bool,
) -> dict[str, str]:
    """Return the values for a file name's template.

    Args:
        facts: The video's.
        tags: As written into the file.
        template: Where it names the artist, the title does not.
        has_title_override: The person gave a title; the file is called by it too.
    """
    artist = tags.get("artist", "")
    parts = _split_title(facts.title, (artist, facts.artist or facts.channel or ""))
    if parts and not facts.artist and artist == without_topic(facts.channel or ""):
        artist = parts.artist  # "Nina Simone" rather than "NinaSimoneVEVO"
    title = facts.title
    if parts and _ARTIST_FIELDS & set(TEMPLATE_FIELD.findall(template)):
        title = parts.rest
    if has_title_override:
        title = tags["title"]
    return {
        "title": title,
        "artist": artist,
        "album": tags.get("album", ""),
        "track": facts.song or tags.get("track", "") or title,
        "date": tags.get("date", ""),
        "channel": facts.channel or "",
        "id": facts.video_id,
    }


def _split_title(title: str, known: tuple[str, ...]) -> _TitleParts | None:
    """Return the parts of a title that begins with one of the known artists, or None."""
    for dash in _DASH.finditer(title):
        artist, rest = title[: dash.start()].strip(), title[dash.end() :].strip()
        if artist and rest and any(_names_same(artist, name) for name in known):
            return _TitleParts(artist, rest)
    return None


def _names_same(written: str, known: str) -> bool:
    """True if all artists written are among the known ones."""
    known = _CHANNEL_ENDING.sub("", known)
    if _folded(written) == _folded(known):
        return True
    return _artists(written) <= _artists(known)


def _artists(names: str) -> set[str]:
    return {_folded(name) for name in _BETWEEN_ARTISTS.split(names) if name}


def _folded(name: str) -> str:
    """Return a name without case, accents, spaces and signs; of signs alone, as it is."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(filter(str.isalnum, plain)) or plain.strip()
