"""Moves library files to where `[library]` says now; files that a person changed stay."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.library import (
    FIRST_NAMES,
    LibraryFile,
    candidate_names,
    give_free_name,
    is_unchanged,
    library_identity,
)
from ytaudio_daemon.folders.library_folder import (
    open_folders,
    open_parent_folder,
    remove_empty_folders,
)
from ytaudio_daemon.folders.safe_open import (
    has_sha256,
    open_child,
    open_dir,
    rename_noreplace,
)
from ytaudio_daemon.model.library_template import LibraryPlace


class LayoutState(StrEnum):
    """Whether a library file is where the layout says."""

    #: It is where it belongs.
    IN_PLACE = "in_place"
    #: It is ours, and belongs elsewhere.
    TO_MOVE = "to_move"
    #: It was moved, and a crash came before the ledger recorded it.
    MOVED = "moved"
    #: A person has changed, moved or removed it.
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPlace:
    """Where a file of a session belongs.

    Attributes:
        library: The library's root.
        session: The session's name.
        place: In the session's folder.
        video_id: Goes into the name when another song has the same.
        size: Of the file, in bytes.
        sha256: Of its content.
    """

    library: Path
    session: str
    place: LibraryPlace
    video_id: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        """Its path from the session's folder, if the name is free."""
        return "/".join((*self.place.folders, self.place.name))

    def names(self, folder: int) -> Iterator[str]:
        """Yield the names that it may have in its folder."""
        return candidate_names(self.place.name, self.video_id, folder)


def layout_state(file: LibraryFile, wanted: WantedPlace) -> tuple[LayoutState, str]:
    """Return whether a file is where it belongs, and the path where it is or belongs.

    Raises:
        OSError, UnsafePathError: The library cannot be read.
    """
    try:
        with open_dir(wanted.library, wanted.session) as top:
            return _layout_state_in(top, file, wanted)
    except FileNotFoundError:  # the session has no folder any more
        return LayoutState.KEPT, file.name


def _layout_state_in(
    top: int, file: LibraryFile, wanted: WantedPlace
) -> tuple[LayoutState, str]:
    """Return the same, in the session's open folder."""
    if _is_ours(top, file, wanted):
        is_there = file.name in _wanted_paths(top, wanted)
        state = LayoutState.IN_PLACE if is_there else LayoutState.TO_MOVE
        return state, file.name if is_there else wanted.path
    if not _exists(top, file.name):
        for path in _wanted_paths(top, wanted):
            moved = LibraryFile(name=path, identity=file.identity)
            if _is_ours(top, moved, wanted):
                return LayoutState.MOVED, path
    return LayoutState.KEPT, file.name


def _wanted_paths(top: int, wanted: WantedPlace) -> list[str]:
    """Return the paths that the file may have where it belongs."""
    with (
        suppress(FileNotFoundError),
        open_folders(top, wanted.place.folders) as (folder, folders),
    ):
        names = islice(wanted.names(folder), FIRST_NAMES)
        return ["/".join((*folders, name)) for name in names]
    return []


def _is_ours(top: int, file: LibraryFile, wanted: WantedPlace) -> bool:
    """Return whether a file is as it was added.

    Where inodes change at each mount (exFAT and NTFS through FUSE), size and hash are
    compared instead.
    """
    if is_unchanged(top, file):
        return True
    try:
        with open_parent_folder(top, file.name) as (folder, name):
            size = os.lstat(name, dir_fd=folder).st_size
            return size == wanted.size and has_sha256(folder, name, wanted.sha256)
    except (FileNotFoundError, UnsafePathError):
        return False


def _exists(top: int, path: str) -> bool:
    try:
        with open_parent_folder(top, path) as (folder, name):
            os.lstat(name, dir_fd=folder)
    except (FileNotFoundError, UnsafePathError):
        return False
    return True


def _has_identity(folder: int, name: str, identity: str) -> bool:
    try:
        return library_identity(os.lstat(name, dir_fd=folder)) == identity
    except FileNotFoundError:
        return False


def move_file(file: LibraryFile, wanted: WantedPlace) -> LibraryFile:
    """Move a file that is `TO_MOVE`; both folders are on the disk when this returns.

    Returns:
        The file where it is now.

    Raises:
        OSError, UnsafePathError: It cannot be moved, and is where it was.
    """
    with (
        open_dir(wanted.library, wanted.session) as top,
        open_parent_folder(top, file.name) as (source, old_name),
        open_folders(top, wanted.place.folders, make=True) as (target, folders),
    ):
        name = give_free_name(source, old_name, target, wanted.names(target))
        identity = library_identity(os.lstat(name, dir_fd=target))
        os.fsync(target)
        os.fsync(source)
        return LibraryFile(name="/".join((*folders, name)), identity=identity)


def move_cover(
    library: Path, session: str, cover: LibraryFile, song: str
) -> LibraryFile | None:
    """Move an album's cover beside a song that was moved, unless there is one.

    Returns:
        The cover where it is now; None when it stays: a person has changed or moved it.

    Raises:
        OSError, UnsafePathError: It cannot be moved, and is where it was.
    """
    *folders, _ = song.split("/")
    name = cover.name.rpartition("/")[2]
    moved = LibraryFile(name="/".join((*folders, name)), identity=cover.identity)
    with open_dir(library, session) as top, open_child(top, *folders) as target:
        if _has_identity(target, name, cover.identity):  # a crash came behind it
            return moved
        if not is_unchanged(top, cover):
            return None
        with open_parent_folder(top, cover.name) as (source, old_name):
            try:
                rename_noreplace(source, old_name, target, name)
            except FileExistsError:
                return None
            os.fsync(target)
            os.fsync(source)
        return moved


def remove_folders_left_empty(library: Path, session: str, path: str) -> None:
    """Remove the folders that a file has left, as far as nothing else is in them."""
    with suppress(FileNotFoundError), open_dir(library, session) as top:
        remove_empty_folders(top, path)
