"""Plans the names that library files would get if they were moved, for a dry run."""

from contextlib import suppress

from ytaudio_daemon.folders.library import numbered_names
from ytaudio_daemon.folders.library_folder import FolderNames, names_in, open_folders
from ytaudio_daemon.folders.library_moves import WantedPlace
from ytaudio_daemon.folders.safe_open import open_dir

#: A session's name, and a path below its folder.
_Place = tuple[str, str]


class PlannedNames:
    """Gives names as moving the files in the same order would, and moves nothing."""

    def __init__(self) -> None:
        self._given: set[_Place] = set()
        self._left: set[_Place] = set()
        #: Folders that are to be made, as they are spelled first.
        self._folders: dict[_Place, tuple[str, ...]] = {}

    def plan(self, path: str, wanted: WantedPlace) -> str:
        """Return the path that a file would get.

        Args:
            path: Where it is, from the session's folder.
            wanted: Where it belongs.

        Raises:
            OSError, UnsafePathError: The library cannot be read.
        """
        session = wanted.session
        with open_dir(wanted.library, session) as top:
            folders, there = self._folder(top, wanted)
            names = numbered_names(wanted.place.name, wanted.video_id, top)
            planned = next(
                found
                for name in names
                if self._is_free(session, found := "/".join((*folders, name)), there)
            )
        self._left.add((session, path))
        self._given.add((session, planned.casefold()))
        return planned

    def _folder(
        self, top: int, wanted: WantedPlace
    ) -> tuple[tuple[str, ...], FolderNames]:
        """Return the folder as it is spelled, and the names that are in it."""
        folders = wanted.place.folders
        with (
            suppress(FileNotFoundError),
            open_folders(top, folders) as (folder, spelled),
        ):
            return spelled, names_in(folder)
        key = wanted.session, "/".join(folders).casefold()
        return self._folders.setdefault(key, folders), FolderNames({})

    def _is_free(self, session: str, path: str, there: FolderNames) -> bool:
        if (session, path.casefold()) in self._given:
            return False
        folder, slash, name = path.rpartition("/")
        taken = there.spellings.get(name.casefold(), ())
        return all((session, f"{folder}{slash}{each}") in self._left for each in taken)
