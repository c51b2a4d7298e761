"""The keeper changes the shelf: one at a time, each change a single rename.

A crash between two of them leaves the version that was in use, or the new one whole;
what lies around half-made is cleared by the next change.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ytaudio_daemon.errors import YtDlpVersionError, YtDlpVersionsLockedError
from ytaudio_daemon.ytdlp_versions.history import Notes, Refused, Stand, Tried
from ytaudio_daemon.ytdlp_versions.version_store import CURRENT, NOTES, Shelf

LOCK = "lock"
#: Of what is being made, tried or removed.
ASIDE = ".aside-"
#: Versions kept beside the one in use, the latest used first.
KEPT = 3
#: How the installed version is called on the command line.
INSTALLED = "installed"


class Keeper:
    """Changes a shelf. Every method needs `alone` around it.

    Args:
        shelf: Its folder is made if missing.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._folder = shelf.folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the shelf, so that nobody else changes it meanwhile.

        Raises:
            YtDlpVersionsLockedError: Somebody else holds it.
            YtDlpVersionError: The folder cannot be made or written.
        """
        # Code that is run by the daemon: writable for its user alone, whatever
        # [paths] umask says of the folders that people share.
        umask = os.umask(0o022)
        os.umask(umask | 0o022)
        try:
            fd = self._hold()
            try:
                self._clear()
                yield
            finally:
                os.close(fd)
        finally:
            os.umask(umask)

    def side_folder(self) -> Path:
        """Return a new empty folder beside the versions."""
        folder = Path(tempfile.mkdtemp(prefix=ASIDE, dir=self._folder))
        folder.chmod(0o755 & ~_umask())
        return folder

    def adopt(self, side: Path, version: str) -> None:
        """Give a side folder its place as a version; an earlier one of it goes."""
        place = self.shelf.path_of(version)
        self.discard(place)
        os.sync()  # two thousand files: each by itself would take a minute on a disk
        side.rename(place)
        _sync(self._folder)

    def discard(self, place: Path) -> None:
        """Remove a folder; its name is free at once."""
        doomed = Path(tempfile.mkdtemp(prefix=ASIDE, dir=self._folder))
        with suppress(FileNotFoundError):
            place.rename(doomed / place.name)
        shutil.rmtree(doomed, ignore_errors=True)

    def switch(self, stand: Stand) -> None:
        """Put a version into use.

        Raises:
            YtDlpVersionError: It is not here, or cannot be used.
        """
        if stand.version and (fault := self.shelf.fault(stand.version)):
            raise YtDlpVersionError(f"yt-dlp {stand.version} cannot be used: {fault}")
        self._keep(self._true_notes().switched(stand))
        self._link(stand.version)
        self._prune()

    def go_back(self, reason: str, at: float, *, automatic: bool) -> Stand:
        """Take the last switch back; returns what is in use then.

        Args:
            reason: Why, a sentence.
            at: Now, wall clock.
            automatic: Nobody asked for it.

        Raises:
            YtDlpVersionError: There is nothing to go back to.
        """
        notes = self._true_notes()
        before = notes.before()
        if before is None:
            raise YtDlpVersionError(
                "there is no earlier version to go back to",
                "`ytaudio engine list` shows what there is.",
            )
        if before.version and (fault := self.shelf.fault(before.version)):
            raise YtDlpVersionError(
                f"yt-dlp {before.version} cannot be gone back to: {fault}",
                f"Use the one of the program: ytaudio engine use {INSTALLED}",
            )
        left = notes.stands[-1]
        refused = Refused(
            version=left.version or self.shelf.installed,
            reason=reason,
            at=at,
            replaced_by=before.version or self.shelf.installed,
            automatic=automatic,
        )
        # One that somebody used by name may be tried again: it was no upgrade.
        self._keep(notes.went_back(refused if left.upgraded else None))
        self._link(before.version)
        return before

    def note_tried(self, tried: Tried) -> None:
        """Remember how an upgrade went."""
        self._keep(replace(self.shelf.notes(), tried=tried))

    def _true_notes(self) -> Notes:
        """Return the notes in agreement with the link, which a crash may have kept."""
        version = self.shelf.linked()
        return self.shelf.notes().ending_with(version)

    def _hold(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fd = os.open(self._folder / LOCK, flags, 0o644)
        except OSError as error:
            raise YtDlpVersionError(
                f"{self._folder} cannot be written: {error.strerror}",
                "Run it as the daemon's user, or with sudo.",
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(fd)
            raise YtDlpVersionsLockedError(
                "another upgrade of yt-dlp is under way",
                "Wait for it; `ytaudio engine list` shows what came of it.",
            ) from error
        return fd

    def _link(self, version: str) -> None:
        link = self._folder / CURRENT
        if version:
            aside = self._folder / f"{ASIDE}{CURRENT}"
            aside.unlink(missing_ok=True)
            aside.symlink_to(version)
            aside.replace(link)
        else:
            link.unlink(missing_ok=True)
        _sync(self._folder)

    def _keep(self, notes: Notes) -> None:
        aside = self._folder / f"{ASIDE}{NOTES}"
        with aside.open("w") as file:
            json.dump(notes.to_json(), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._folder / NOTES)
        _sync(self._folder)

    def _prune(self) -> None:
        """Remove versions that nobody would go back to.

        A few stay: attempts of hours may still run on the ones before.
        """
        stands = self.shelf.notes().stands
        used = [stand.version for stand in reversed(stands)]
        latest = list(
            dict.fromkeys([self.shelf.linked(), *used, *self.shelf.versions()])
        )
        kept = [version for version in latest if version][: KEPT + 1]
        for version in self.shelf.versions():
            if version not in kept:
                self.discard(self.shelf.path_of(version))

    def _clear(self) -> None:
        """Remove what a killed command left half-made; nobody else is at work."""
        for entry in self._folder.glob(f"{ASIDE}*"):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def _umask() -> int:
    umask = os.umask(0o022)
    os.umask(umask)
    return umask


def _sync(folder: Path) -> None:
    """Make a folder's names durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
