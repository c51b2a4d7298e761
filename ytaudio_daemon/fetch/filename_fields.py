"""The values of a file name's fields for one video. Pure.

`model.filename_fields` describes each field.
"""

from collections.abc import Mapping

from ytaudio_daemon.fetch.metadata import VideoFacts, without_topic
from ytaudio_daemon.model.filename_fields import TEMPLATE_FIELD
from ytaudio_daemon.system.artist_title import split_title

#: Fields that name the artist: a title need not name it again.
_ARTIST_FIELDS = frozenset({"artist", "channel"})


def filename_fields(
    facts: VideoFacts,
    tags: Mapping[str, str],
    template: str,
    tag_overrides: Mapping[str, str],
) -> dict[str, str]:
    """Return the values for a file name's template.

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
