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
from ytaudio_daemon.system import files
from ytaudio_daemon.system.regular_files import open_own_file
from ytaudio_daemon.ytdlp_versions.history import (
    Activation,
    RejectedVersion,
    UpgradeResult,
    VersionHistory,
)
from ytaudio_daemon.ytdlp_versions.version_store import (
    CURRENT_LINK,
    HISTORY_FILE,
    VersionStore,
)

LOCK_FILE = "lock"
#: Of what is being made, tried or removed.
STAGING_PREFIX = ".aside-"
#: Versions kept beside the one in use, the latest used first.
KEPT_VERSIONS = 3
#: How the installed version is called on the command line.
INSTALLED = "installed"


class VersionWriter:
    """Changes a shelf. Every method needs `locked` around it.

    Args:
        store: Its folder is made if missing.
    """

    def __init__(self, store: VersionStore) -> None:
        self.store = store
        self._folder = store.folder

    @contextmanager
    def locked(self) -> Iterator[None]:
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
            fd = self._acquire_lock()
            try:
                self._remove_staging()
                yield
            finally:
                os.close(fd)
        finally:
            os.umask(umask)

    def staging_dir(self) -> Path:
        """Return a new empty folder beside the versions."""
        folder = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=self._folder))
        folder.chmod(0o755 & ~_umask())
        return folder

    def install(self, staging: Path, version: str) -> None:
        """Give a side folder its place as a version; an earlier one of it goes."""
        place = self.store.path_of(version)
        self.discard(place)
        os.sync()  # two thousand files: each by itself would take a minute on a disk
        staging.rename(place)
        files.fsync_path(self._folder)

    def discard(self, place: Path) -> None:
        """Remove a folder; its name is free at once."""
        doomed = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=self._folder))
        with suppress(FileNotFoundError):
            place.rename(doomed / place.name)
        shutil.rmtree(doomed, ignore_errors=True)

    def activate(self, activation: Activation) -> None:
        """Put a version into use.

        Raises:
            YtDlpVersionError: It is not here, or cannot be used.
        """
        if activation.version and (
            fault := self.store.why_unusable(activation.version)
        ):
            raise YtDlpVersionError(
                f"yt-dlp {activation.version} cannot be used: {fault}"
            )
        self._save_history(self._history_matching_link().with_activation(activation))
        self._set_current_link(activation.version)
        self._prune()

    def roll_back(self, reason: str, at: float, *, automatic: bool) -> Activation:
        """Take the last switch back; returns what is in use then.

        Args:
            reason: Why, a sentence.
            at: Now, wall clock.
            automatic: Nobody asked for it.

        Raises:
            YtDlpVersionError: There is nothing to go back to.
        """
        history = self._history_matching_link()
        before = history.previous()
        if before is None:
            raise YtDlpVersionError(
                "there is no earlier version to go back to",
                "`ytaudio engine list` shows what there is.",
            )
        if before.version and (fault := self.store.why_unusable(before.version)):
            raise YtDlpVersionError(
                f"yt-dlp {before.version} cannot be gone back to: {fault}",
                f"Use the one of the program: ytaudio engine use {INSTALLED}",
            )
        left = history.stands[-1]
        refused = RejectedVersion(
            version=left.version or self.store.installed,
            reason=reason,
            at=at,
            replaced_by=before.version or self.store.installed,
            automatic=automatic,
        )
        # One that somebody used by name may be tried again: it was no upgrade.
        self._save_history(history.with_rollback(refused if left.upgraded else None))
        self._set_current_link(before.version)
        return before

    def record_upgrade_result(self, tried: UpgradeResult) -> None:
        """Remember how an upgrade went."""
        self._save_history(replace(self.store.history(), tried=tried))

    def _history_matching_link(self) -> VersionHistory:
        """Return the notes in agreement with the link, which a crash may have kept."""
        version = self.store.current_link()
        return self.store.history().rewound_to(version)

    def _acquire_lock(self) -> int:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fd = open_own_file(self._folder / LOCK_FILE, 0o644)
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

    def _set_current_link(self, version: str) -> None:
        link = self._folder / CURRENT_LINK
        if version:
            aside = self._folder / f"{STAGING_PREFIX}{CURRENT_LINK}"
            aside.unlink(missing_ok=True)
            aside.symlink_to(version)
            aside.replace(link)
        else:
            link.unlink(missing_ok=True)
        files.fsync_path(self._folder)

    def _save_history(self, history: VersionHistory) -> None:
        text = json.dumps(history.to_json(), indent=1)
        files.write_atomically(self._folder / HISTORY_FILE, text.encode())

    def _prune(self) -> None:
        """Remove versions that nobody would go back to.

        A few stay: attempts of hours may still run on the ones before.
        """
        stands = self.store.history().stands
        used = [activation.version for activation in reversed(stands)]
        latest = list(
            dict.fromkeys([self.store.current_link(), *used, *self.store.versions()])
        )
        kept = [version for version in latest if version][: KEPT_VERSIONS + 1]
        for version in self.store.versions():
            if version not in kept:
                self.discard(self.store.path_of(version))

    def _remove_staging(self) -> None:
        """Remove what a killed command left half-made; nobody else is at work."""
        for entry in self._folder.glob(f"{STAGING_PREFIX}*"):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def _umask() -> int:
    umask = os.umask(0o022)
    os.umask(umask)
    return umask
