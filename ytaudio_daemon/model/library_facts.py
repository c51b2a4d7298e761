"""The facts of a finished file that the names in the library are made of. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from ytaudio_daemon.model.file_names import MAX_NAME_BYTES, safe_name
from ytaudio_daemon.model.job_collection import JobCollection

_YEAR = re.compile(r"\d{4}")
_MAX_DIGITS = 6
#: Leaves room for " (2)".
_MAX_COLLECTION_BYTES = MAX_NAME_BYTES - 10
_MAX_VALUE_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFacts:
    """A finished file's own facts, and those of the collection that lists it.

    Attributes:
        title: The file's name in downloads/, without its ending.
        video_id: The video's.
        tags: As in the file; `job.json` has them, which people may have changed.
        channel: Where the video was uploaded, or "".
        collection: The collection that made the job, if one did.
        collection_name: What that is called in the library, or "".
    """

    title: str
    video_id: str
    tags: Mapping[str, Any] = field(default_factory=dict)
    channel: str = ""
    collection: JobCollection | None = None
    collection_name: str = ""

    @property
    def kind(self) -> str:
        """The kind of the collection, or ""."""
        return self.collection.kind if self.collection else ""

    def fields(self) -> dict[str, str]:
        """Return the values of `LIBRARY_FIELDS`; "" where there is none."""
        artist, date = self._tag("artist"), self._tag("date")
        year = _YEAR.match(date)
        return {
            "title": self.title,
            "artist": artist,
            "album": self._tag("album") or self._album_title(),
            "album_artist": self._tag("album_artist") or artist,
            "track": _number(self._tag("track")),
            "disc": _number(self._tag("disc")),
            "year": year[0] if year else "",
            "date": date,
            "channel": self._channel(),
            "collection": self.collection_name,
            "position": self._position(),
            "id": self.video_id,
        }

    def _tag(self, name: str) -> str:
        value = self.tags.get(name)
        return value[:_MAX_VALUE_CHARS] if isinstance(value, str) else ""

    def _album_title(self) -> str:
        is_album = self.collection is not None and self.kind == "album"
        return self.collection.title if self.collection and is_album else ""

    def _channel(self) -> str:
        """Return the same for all videos that a channel lists."""
        if self.collection is not None and self.kind == "channel":
            return self.collection.title or self.collection.channel or self.channel
        return self.channel

    def _position(self) -> str:
        position = self.collection.position if self.collection else None
        return "" if position is None else str(position)


def collection_name(wanted: str, key: str, taken: Iterable[tuple[str, str]]) -> str:
    """Return what a collection is called in the library: its title, or `Title (2)`.

    Names that differ only by case are the same on some disks.

    Args:
        wanted: Its title.
        key: The same for the same list of YouTube's, whose name is the same, too.
        taken: Names and keys of other collections.
    """
    known = {name.casefold(): of_key for name, of_key in taken}
    title = safe_name(wanted, _MAX_COLLECTION_BYTES) or "collection"
    names = chain([title], (f"{title} ({number})" for number in count(2)))
    return next(name for name in names if known.get(name.casefold(), key) == key)


def _number(text: str) -> str:
    """Return the 3 of "3/12", "" where there is no number."""
    number = text.partition("/")[0].strip()
    is_number = number.isascii() and number.isdecimal()
    return str(int(number)) if is_number and len(number) <= _MAX_DIGITS else ""
