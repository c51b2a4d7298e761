"""The `.m3u8` of a collection, in its session's folder of the library."""

from collections.abc import Collection
from itertools import chain, count
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.atomic_file import AtomicFileWriter
from ytaudio_daemon.folders.letter_case import list_names
from ytaudio_daemon.folders.library_folder import names_in
from ytaudio_daemon.folders.safe_open import open_dir, read_regular_file
from ytaudio_daemon.model.m3u_playlist import ENDING, Sealer, is_untouched, owner_of

#: A longer file is not ours: a hundred thousand entries with long names.
MAX_BYTES = 64 << 20


def playlist_to_write(
    library: Path,
    session: str,
    owner: str,
    wanted: str,
    written: str | None,
    *,
    is_asked_for: bool = False,
) -> str | None:
    """Return the name under which a collection's playlist is to be written.

    Args:
        library: Its root.
        session: The session's name.
        owner: The collection's UUID.
        wanted: The name without its ending.
        written: The name that it was written under before.
        is_asked_for: A person asked for the collection again: a playlist that was
            removed comes back.

    Returns:
        None when a person has changed or removed it, and where the session has no
        folder.

    Raises:
        OSError, UnsafePathError: The folder cannot be read.
    """
    try:
        with open_dir(library, session) as folder:
            if written is None:
                return _free_name(folder, owner, wanted)
            content = _read(folder, written)
            is_ours = is_asked_for if content is None else is_untouched(content, owner)
            return written if is_ours else None
    except FileNotFoundError:
        return None


def _free_name(folder: int, owner: str, wanted: str) -> str:
    """Return the first name that is free, or has this playlist since before a crash."""
    known = names_in(folder)

    def is_free(name: str) -> bool:
        content = _read(folder, name)
        is_ours = content is None or is_untouched(content, owner)
        return is_ours and known.other_spelling(name) is None

    numbers = chain([""], (f" ({number})" for number in count(2)))
    return next(filter(is_free, (f"{wanted}{number}{ENDING}" for number in numbers)))


def names_of_playlists(folder: int, owners: Collection[str]) -> list[str]:
    """Return the names of collections' playlists that nobody has changed.

    Args:
        folder: The open folder of a session.
        owners: The collections' UUIDs.
    """
    names = (name for name in list_names(folder) if name.endswith(ENDING))
    return [name for name in names if owner_of(_read(folder, name) or b"") in {*owners}]


def _read(folder: int, name: str) -> bytes | None:
    """Return a file's content; None if there is no file, b"" if it cannot be read."""
    try:
        return read_regular_file(folder, name, MAX_BYTES)
    except FileNotFoundError:
        return None
    except (OSError, UnsafePathError):
        return b""


class PlaylistWriter:
    """Writes a playlist piece by piece; readers see the old one until `commit`.

    Args:
        library: The library's root.
        session: The session's name; its folder exists.
        name: The file's.
        owner: The collection's UUID.

    Raises:
        OSError, UnsafePathError: It cannot be written.
    """

    def __init__(self, library: Path, session: str, name: str, owner: str) -> None:
        self._writer = AtomicFileWriter(library, (session,), name.encode(), mode=None)
        self._sealer = Sealer(owner)

    def write(self, text: str) -> None:
        """Append lines."""
        content = text.encode()
        self._sealer.add(content)
        self._writer.write(content)

    def commit(self) -> None:
        """Append the seal, and give the file its name.

        Raises:
            OSError: It cannot be renamed.
        """
        self._writer.write(self._sealer.line())
        self._writer.commit()

    def discard(self) -> None:
        """Remove it; the old one stays."""
        self._writer.discard()
