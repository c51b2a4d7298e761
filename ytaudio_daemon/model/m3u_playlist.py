"""The content of a collection's `.m3u8`, and whether a person has changed it. Pure.

Extended M3U in UTF-8, the lines that players agree on: `#EXTM3U`, `#PLAYLIST`,
`#EXTINF`, a path; all else begins with `#`. Its last line is a seal: the collection and
a hash of the lines above. A file whose seal does not fit was changed by a person.
"""

import hashlib
from dataclasses import dataclass

ENDING = ".m3u8"
_SEAL = b"#YTAUDIO:"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistItem:
    """An entry of a collection, as its playlist shows it.

    Attributes:
        position: Its place in the list.
        title: Or the video's ID.
        artist: Or "".
        duration_s: Or None.
        path: From the playlist's folder; None when there is no file.
        absence: Why there is none, or why it is no longer played; "" if it is.
    """

    position: int
    title: str
    artist: str = ""
    duration_s: float | None = None
    path: str | None = None
    absence: str = ""

    def lines(self) -> str:
        """Return its lines: what is played, or a comment."""
        if self.path is None or self.absence:
            at = f": {self.path}" if self.path else ""
            return f"# {self.position} {_line(self.title)}: {_line(self.absence)}{at}\n"
        seconds = -1 if self.duration_s is None else round(self.duration_s)
        name = _line(f"{self.artist} - {self.title}" if self.artist else self.title)
        # A path that begins with # would be a comment.
        here = f"./{self.path}" if self.path.startswith("#") else self.path
        return f"#EXTINF:{seconds},{name}\n{here}\n"


def head(title: str) -> str:
    """Return the first lines."""
    return f"#EXTM3U\n#PLAYLIST:{_line(title)}\n"


class Sealer:
    """Computes the last line while the others are written.

    Args:
        owner: The collection's UUID.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._digest = hashlib.sha256()

    def add(self, text: bytes) -> None:
        """Add what was written."""
        self._digest.update(text)

    def line(self) -> bytes:
        """Return the last line."""
        return _SEAL + f"{self._owner} {self._digest.hexdigest()[:32]}\n".encode()


def is_untouched(content: bytes, owner: str) -> bool:
    """Return whether a file is a collection's playlist as it was written."""
    return owner_of(content) == owner


def owner_of(content: bytes) -> str | None:
    """Return the collection whose unchanged playlist a file is; else None."""
    above, seal, words = content.rpartition(_SEAL)
    owner = words.partition(b" ")[0].decode(errors="replace")
    sealer = Sealer(owner)
    sealer.add(above)
    return owner if seal and content == above + sealer.line() else None


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
