"""Which album of a channel a song is on, by the song's place in a listing. Pure.

A channel's tab of releases lists its albums one after the other, so the songs of one album
have neighbouring positions. Stored are the positions at which albums begin. A position
means something in the listing attempt that gave it only: a new release moves all others.
"""

from collections.abc import Collection
from typing import Any

from ytaudio_daemon.model.listing import AlbumFacts

#: Attempt, first position, and the facts as `AlbumFacts.to_json` returns them; null: the
#: entries from there on are on no album.
AlbumStart = list[Any]


def add_album_start(
    starts: list[AlbumStart], attempt: int, position: int, album: AlbumFacts | None
) -> list[AlbumStart]:
    """Return the starts with that of a page; a page may come twice.

    Args:
        starts: Those that are stored.
        attempt: The listing attempt that found the page.
        position: Of the page's first entry.
        album: What all entries of the page are on, or None.
    """
    before = [each for each in starts if (each[0], each[1]) < (attempt, position)]
    if album_at(before, attempt, position) == album:
        return before
    return [*before, [attempt, position, album.to_json() if album else None]]


def album_at(starts: object, attempt: int, position: int) -> AlbumFacts | None:
    """Return the facts of the album that an entry is on; None when it is on none.

    Args:
        starts: As stored; anything but a list means that no album is known.
        attempt: The listing attempt that saw the entry last.
        position: The entry's place in the list then.
    """
    if not isinstance(starts, list):
        return None
    mine = [each for each in starts if each[0] == attempt and each[1] <= position]
    if not mine:
        return None
    facts = max(mine, key=lambda start: start[1])[2]
    return None if facts is None else AlbumFacts.from_json(facts)


def keep_attempts(
    starts: list[AlbumStart], attempts: Collection[int]
) -> list[AlbumStart]:
    """Return the starts that the entries of some attempts need."""
    return [each for each in starts if each[0] in attempts]
