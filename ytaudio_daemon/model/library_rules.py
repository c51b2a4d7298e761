"""The layout of a session's library: the config's `[library]`, and its own. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ytaudio_daemon.model.library_template import closest, template_problem
from ytaudio_daemon.model.options import OptionError

#: The table of a session's `defaults.toml`.
LIBRARY_TABLE = "library"


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryRules:
    """Templates by kind of collection, and what is written beside the audio.

    Attributes:
        single: For songs that no collection lists.
        album, playlist, channel: For those that one lists.
        playlists: An `.m3u8` for each collection.
        cover: A `cover.jpg` beside an album.
    """

    single: str = "{title}"
    album: str = "{album_artist}/{year} - {album}/{track:02} {title}"
    playlist: str = "{collection}/{position:02} {title}"
    channel: str = "{channel}/{date} {title}"
    playlists: bool = True
    cover: bool = True

    def template_for(self, kind: str) -> str:
        """Return the template for a kind of collection; "" is no collection."""
        return {
            "album": self.album,
            "playlist": self.playlist,
            "channel": self.channel,
        }.get(kind, self.single)

    def with_own(self, table: Mapping[str, Any]) -> "LibraryRules":
        """Return the rules with those of a session before them."""
        return replace(self, **table)


DEFAULT_RULES = LibraryRules()
LIBRARY_KEYS = tuple(field.name for field in fields(LibraryRules))
_KNOWN_KEYS = ", ".join(LIBRARY_KEYS)


def check_library_table(table: object) -> dict[str, Any]:
    """Check the table `[library]` of a session's `defaults.toml`.

    Raises:
        OptionError: A key is unknown, or its value not allowed.
    """
    if not isinstance(table, Mapping):
        raise OptionError("bad_option", "library is a table: write [library] above it")
    return {key: _check(key, value) for key, value in table.items()}


def _check(key: str, value: object) -> object:
    if key not in LIBRARY_KEYS:
        close = closest(key, LIBRARY_KEYS)
        advice = f"did you mean {close}?" if close else f"known: {_KNOWN_KEYS}"
        raise OptionError(
            "unknown_option", f"[library] has no key {key[:40]!r}: {advice}"
        )
    if isinstance(getattr(DEFAULT_RULES, key), bool):
        if not isinstance(value, bool):
            raise OptionError("bad_option", f"[library] {key} is true or false")
        return value
    problem = template_problem(value) if isinstance(value, str) else "it is no text"
    if problem:
        raise OptionError(
            "bad_option", f"[library] {key} cannot be {str(value)[:80]!r}: {problem}"
        )
    return value
