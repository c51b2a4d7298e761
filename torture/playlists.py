"""Playlists of a run, drawn from its seed, and what each line that names one asks for."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.youtube import Fault, Playlist, Video

#: Entries in front of the others that nobody may watch: a list of two pages.
LONG_PRIVATE = 104
#: A word that some titles have; a line may leave these out.
WORD = "Übung"
#: Faults of a list that a later look does not meet again.
_PASSING = (
    Fault.answers(503, kind="list", times=1),
    Fault.answers(404, kind="continuation", times=1),
    Fault.resets(kind="list", times=1),
    Fault.leaves_out(times=1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWish:
    """What a line asks of a playlist.

    Attributes:
        list_id: Of the playlist.
        format: Of its jobs.
        leaves_out: A word; titles that have it are not selected.
        entries: What the playlist holds when the line is written.
    """

    list_id: str
    format: str
    leaves_out: str = ""
    entries: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return the line."""
        words = [f"https://www.youtube.com/playlist?list={self.list_id}"]
        words.append(f"format={self.format}")
        if self.leaves_out:
            words.append(f'not="{self.leaves_out}"')
        return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A playlist as it stands now: for the stand-in, and for a line."""

    playlist: Playlist
    private: tuple[Video, ...]
    fault: Fault | None
    wish: ListWish


@dataclass(slots=True)
class Playlists:
    """Draws playlists, and lets old ones grow.

    Attributes:
        dice: Chooses.
        all_ids: Every ID that a playlist ever held, by list ID.
    """

    dice: random.Random
    all_ids: dict[str, set[str]] = field(default_factory=dict)
    _latest: dict[str, tuple[Playlist, ListWish]] = field(default_factory=dict)

    def draw(self, fresh: Sequence[Video], known: Sequence[str], form: str) -> Listed:
        """Draw a playlist that was never there.

        Args:
            fresh: Videos nobody has asked for.
            known: IDs of others.
            form: The format of its jobs.
        """
        number = len(self._latest)
        ids = [video.id for video in fresh] + list(known)
        self.dice.shuffle(ids)
        ids.append(ids[0])  # one stands there twice
        is_long = self.dice.random() < 0.3
        private = tuple(
            Video(id=f"P{number:04d}{at:06d}", status="private")
            for at in range(LONG_PRIVATE if is_long else self.dice.randrange(3))
        )
        ids = [video.id for video in private] + ids
        wish = ListWish(
            list_id=f"PLtorture{number:09d}",
            format=form,
            leaves_out=WORD if self.dice.random() < 0.3 else "",
        )
        # Between the first page and the second, one comes in front: all move by a place.
        late = (fresh[0].id, *ids)
        playlist = Playlist(
            id=wish.list_id,
            title=f"List {number}",
            videos=tuple(ids),
            later=(late,) if is_long else (),
        )
        return self._listed(playlist, private, wish)

    def grow(self, fresh: Sequence[Video]) -> Listed | None:
        """Add videos to the end of a playlist that is there; None: there is none."""
        if not self._latest:
            return None
        old, wish = self._latest[self.dice.choice(sorted(self._latest))]
        added = tuple(video.id for video in fresh)
        playlist = Playlist(
            id=old.id, title=old.title, videos=(*old.videos, *added), later=()
        )
        return self._listed(playlist, (), wish)

    def _listed(
        self, playlist: Playlist, private: tuple[Video, ...], wish: ListWish
    ) -> Listed:
        wish = ListWish(
            list_id=wish.list_id,
            format=wish.format,
            leaves_out=wish.leaves_out,
            entries=tuple(dict.fromkeys(playlist.videos)),
        )
        self._latest[playlist.id] = playlist, wish
        self.all_ids.setdefault(playlist.id, set()).update(playlist.videos)
        fault = self.dice.choice(_PASSING) if self.dice.random() < 0.3 else None
        return Listed(playlist=playlist, private=private, fault=fault, wish=wish)
