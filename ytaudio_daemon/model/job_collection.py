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
        if self.album is None:
            return {}
        tags = {
            "album": self.album.title,
            "album_artist": self.album.artist or self.channel,
            "track": self._track_of_total(),
            "date": str(self.album.year) if self.album.year else "",
        }
        return {name: value for name, value in tags.items() if value}

    def _track_of_total(self) -> str:
        if self.track is None:
            return ""
        total = self.album.tracks if self.album else None
        return f"{self.track}/{total}" if total else str(self.track)

    def to_json(self) -> dict[str, Any]:
        """Return what `job.json` says of it."""
        return {
            "id": self.uuid,
            "kind": self.kind,
            "title": self.title or None,
            "channel": self.channel or None,
            "position": self.position,
            "count": self.count,
        }
