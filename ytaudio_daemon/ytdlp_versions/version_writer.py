"""Changes yt-dlp's versions on disk.

After a crash the version that was in use, or the new one, is whole; unfinished folders
are removed by the next change.
"""

import fcntl
import json
import os
import secrets
import shutil
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
    ActiveVersion,
    VersionStore,
)

LOCK_FILE = "lock"
#: Prefix of names that are being created, tried or removed.
STAGING_PREFIX = ".aside-"
#: Versions kept beside the one in use, the latest used first.
KEPT_VERSIONS = 3
#: The installed version's name on the command line.
INSTALLED = "installed"


class VersionWriter:
    """Changes the versions of a store: one process at a time, each change one rename.

    Args:
        store: Its folder is created if missing.
    """

    def __init__(self, store: VersionStore) -> None:
        self._store = store
        self._folder = store.folder

    def use(self, version: str, at: float) -> ActiveVersion:
        """Use a version because a person asks for it; it is pinned.

        Args:
            version: One in the store, or "installed".
            at: Now, seconds since 1970.

        Raises:
            YtDlpVersionsLockedError: An upgrade is under way.
            YtDlpVersionError: There is no such version, or it cannot be used.
        """
        name = "" if version == INSTALLED else version
        with self.locked():
            if name and name not in self._store.versions():
                raise YtDlpVersionError(
                    f"there is no yt-dlp {version} here",
                    f"`ytaudio engine list` shows what there is; to fetch it: ytaudio "
                    f"engine upgrade --version {version}",
                )
            self.activate(Activation(version=name, pinned=True, at=at))
            return self._store.active()

    def roll_back(self, reason: str, at: float, *, blamed: str = "") -> ActiveVersion:
        """Use the version before the active one; the active one is not tried again.

        Args:
            reason: Why, a sentence.
            at: Now, seconds since 1970.
            blamed: The version that is given up for being bad; "": a person asks for
                the version before, whatever is in use.

        Raises:
            YtDlpVersionsLockedError: An upgrade is under way.
            YtDlpVersionError: There is no version before, or it cannot be used.
        """
        with self.locked():
            self._require_in_use(blamed)
            history = self._history_matching_link()
            before = self._version_before(history)
            rolled_back = history.activations[-1]
            rejected = RejectedVersion(
                version=rolled_back.version or self._store.installed,
                reason=reason,
                at=at,
                replaced_by=before or self._store.installed,
                automatic=bool(blamed),
            )
            # A version that was used by name may be tried again: it was no upgrade.
            history = history.with_rollback(rejected if rolled_back.upgraded else None)
            self._save_history(history)
            self._set_current_link(before)
            return self._store.active()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the store; the methods below must be called inside.

        What is created is writable for the daemon's user alone, whatever [paths] umask
        is: it is code that the daemon runs.

        Raises:
            YtDlpVersionsLockedError: Another process has it locked.
            YtDlpVersionError: The folder cannot be created or written.
        """
        umask = os.umask(0o022)
        os.umask(umask | 0o022)
        try:
            with os.fdopen(_lock(self._folder)):
                self._remove_staging()
                yield
        finally:
            os.umask(umask)

    def staging_dir(self, mode: int = 0o777) -> Path:
        """Create an empty folder beside the versions, its mode masked by the umask."""
        folder = self._folder / f"{STAGING_PREFIX}{secrets.token_hex(8)}"
        folder.mkdir(mode)
        return folder

    def install(self, staging: Path, version: str) -> None:
        """Rename a staging folder to a version, in place of an older one of that name."""
        place = self._store.path_of(version)
        self.discard(place)
        os.sync()  # two thousand files: each by itself would take a minute on a disk
        staging.rename(place)
        files.fsync_path(self._folder)

    def discard(self, folder: Path) -> None:
        """Remove a folder; its name is free at once."""
        doomed = self.staging_dir()
        with suppress(FileNotFoundError):
            folder.rename(doomed / folder.name)
        shutil.rmtree(doomed, ignore_errors=True)

    def activate(self, activation: Activation) -> None:
        """Use a version, and remove those that are too old to go back to.

        Raises:
            YtDlpVersionError: It is not in the store, or cannot be used.
        """
        version = activation.version
        if version and (fault := self._store.why_unusable(version)):
            raise YtDlpVersionError(f"yt-dlp {version} cannot be used: {fault}")
        self._save_history(self._history_matching_link().with_activation(activation))
        self._set_current_link(version)
        self._prune()

    def record_upgrade_result(self, result: UpgradeResult) -> None:
        """Save the result of the last upgrade."""
        self._save_history(replace(self._store.history(), last_upgrade=result))

    def _require_in_use(self, blamed: str) -> None:
        """Refuse to go back from a version that is not the active one."""
        active, linked = self._store.active(), self._store.current_link()
        if blamed and blamed != active.version:
            raise YtDlpVersionError(f"yt-dlp {blamed} is no longer in use")
        if linked and active.path is None and not active.fallback_reason:
            raise YtDlpVersionError(
                f"the yt-dlp of the program ({active.version}) is newer than {linked} "
                "and in use",
                f"To use the older one: ytaudio engine use {linked}",
            )

    def _version_before(self, history: VersionHistory) -> str:
        before = history.previous()
        if before is None:
            raise YtDlpVersionError(
                "there is no earlier version to go back to",
                "`ytaudio engine list` shows what there is.",
            )
        if before.version and (fault := self._store.why_unusable(before.version)):
            raise YtDlpVersionError(
                f"yt-dlp {before.version} cannot be gone back to: {fault}",
                f"Use the one of the program: ytaudio engine use {INSTALLED}",
            )
        return before.version

    def _history_matching_link(self) -> VersionHistory:
        """Return the history up to the version in use: a crash may have left the old link."""
        version = self._store.current_link()
        return self._store.history().rewound_to(version)

    def _set_current_link(self, version: str) -> None:
        link = self._folder / CURRENT_LINK
        if version:
            new_link = self._folder / f"{STAGING_PREFIX}{CURRENT_LINK}"
            new_link.unlink(missing_ok=True)
            new_link.symlink_to(version)
            new_link.replace(link)
        else:
            link.unlink(missing_ok=True)
        files.fsync_path(self._folder)

    def _save_history(self, history: VersionHistory) -> None:
        text = json.dumps(history.to_json(), indent=1)
        files.write_atomically(self._folder / HISTORY_FILE, text.encode())

    def _prune(self) -> None:
        """Remove all but the versions used last: long attempts may still run on those."""
        activations = self._store.history().activations
        used = [activation.version for activation in reversed(activations)]
        latest = list(
            dict.fromkeys([self._store.current_link(), *used, *self._store.versions()])
        )
        kept = [version for version in latest if version][: KEPT_VERSIONS + 1]
        for version in self._store.versions():
            if version not in kept:
                self.discard(self._store.path_of(version))

    def _remove_staging(self) -> None:
        """Remove the unfinished folders of killed commands."""
        for entry in self._folder.glob(f"{STAGING_PREFIX}*"):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def _lock(folder: Path) -> int:
    """Lock a store's folder, which is created if missing; return the descriptor."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fd = open_own_file(folder / LOCK_FILE, 0o644)
    except OSError as error:
        raise YtDlpVersionError(
            f"{folder} cannot be written: {error.strerror}",
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
