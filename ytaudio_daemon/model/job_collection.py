"""The collection that made a job, as tags and library names need it. Pure."""

from dataclasses import dataclass
from typing import Any

from ytaudio_daemon.model.listing import AlbumFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCollection:
    """A job's collection, and the job's place in it.

    Attributes:
        row_id: The number of its row.
        uuid: The collection's.
        key: The same for the same list of YouTube's.
        kind: `playlist`, `album` or `channel`.
        title: The collection's, or "".
        channel: Whose it is, or "".
        position: The job's place in the list, from 1, or None.
        count: How many entries the collection has, or None.
        album: What is known of an album; None for a playlist or a channel.
        track: The job's number on the album, from 1, or None.
    """

    row_id: int
    uuid: str
    key: str
    kind: str
    title: str = ""
    channel: str = ""
    position: int | None = None
    count: int | None = None
    album: AlbumFacts | None = None
    track: int | None = None

    @property
    def album_tags(self) -> dict[str, str]:
        """The tags that the album gives its songs; {} for a playlist or a channel."""
        return album_tags(self.album, self.channel, self.track)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored in `job.json`."""
        return {
            "id": self.uuid,
            "kind": self.kind,
            "title": self.title or None,
            "channel": self.channel or None,
            "position": self.position,
            "count": self.count,
        }


def album_tags(
    album: AlbumFacts | None, channel: str, track: int | None
) -> dict[str, str]:
    """Return the tags that an album gives to one of its songs; {} without an album.

    Args:
        album: What is known of it.
        channel: Whose list it is; the artist where the album names none.
        track: The song's number on it, from 1, or None.
    """
    if album is None:
        return {}
    tags = {
        "album": album.title,
        "album_artist": album.artist or channel,
        "track": _track_of_total(track, album.tracks),
        "date": str(album.year) if album.year else "",
    }
    return {name: value for name, value in tags.items() if value}


def _track_of_total(track: int | None, total: int | None) -> str:
    if track is None:
        return ""
    return f"{track}/{total}" if total else str(track)
