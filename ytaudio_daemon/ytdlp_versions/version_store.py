"""Reads yt-dlp's versions on disk, and which one is in use."""

import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from ytaudio_daemon.model.ytdlp_policy import (
    is_newer,
    is_valid_version,
    release_numbers,
)
from ytaudio_daemon.system.distributions import installed_version
from ytaudio_daemon.system.regular_files import read_regular_file
from ytaudio_daemon.ytdlp_versions.history import Activation, VersionHistory
from ytaudio_daemon.ytdlp_versions.version_files import (
    first_changed_file,
    foreign_names,
    is_complete,
)

CURRENT_LINK = "current"
HISTORY_FILE = "notes.json"
MAX_HISTORY_BYTES = 1 << 20
#: The versions' folder, in a state folder.
VERSIONS_DIR = "engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveVersion:
    """The yt-dlp that the workers use.

    Attributes:
        version: Its version, or "" when there is none at all.
        path: Its folder; None: the installed one.
        activation: How it came into use.
        fallback_reason: Why the version that should be in use is not, or "".
    """

    version: str
    path: Path | None = None
    activation: Activation = field(default_factory=Activation)
    fallback_reason: str = ""


class VersionStore:
    """The versions in one folder, read anew at every call.

    Args:
        folder: `state/engine`; created by the first change.
        installed: The version that came with the program, or "".
        owner: The user whose versions are trusted, besides root's.
    """

    def __init__(self, folder: Path, installed: str, owner: int) -> None:
        self.folder = folder
        self.installed = installed
        self._owners = {0, owner}
        self._content_faults: dict[tuple[str, int, int], str] = {}

    def versions(self) -> list[str]:
        """Return the versions in the folder, the newest first."""
        try:
            names = [entry.name for entry in self.folder.iterdir() if entry.is_dir()]
        except FileNotFoundError:
            return []
        found = [name for name in names if is_valid_version(name)]
        return sorted(found, key=release_numbers, reverse=True)

    def path_of(self, version: str) -> Path:
        """Return a version's folder, which may not exist."""
        return self.folder / version

    def current_link(self) -> str:
        """Return the version that `current` names; "" is the installed one."""
        try:
            name = str((self.folder / CURRENT_LINK).readlink())
        except FileNotFoundError:
            return ""
        except OSError:  # it is no symbolic link
            return CURRENT_LINK
        return name

    def active(self) -> ActiveVersion:
        """Return the yt-dlp that the workers use.

        The selected version gives way to an installed one that is newer (the program
        was upgraded), unless a person asked for it by name.
        """
        version = self.current_link()
        activation = self.history().activation(version)
        if not version:
            return ActiveVersion(version=self.installed, activation=activation)
        if fallback_reason := self.why_unusable(version):
            return ActiveVersion(
                version=self.installed,
                activation=Activation(),
                fallback_reason=fallback_reason,
            )
        if not activation.pinned and not is_newer(version, self.installed):
            return ActiveVersion(version=self.installed)
        return ActiveVersion(
            version=version, path=self.path_of(version), activation=activation
        )

    def why_unusable(self, version: str) -> str:
        """Return why a version cannot be used, or "".

        Its code will be run, so no other user may be able to change it.
        """
        if not is_valid_version(version):
            return f"{self.folder / CURRENT_LINK} cannot be read, or names no version"
        folder = self.path_of(version)
        # A user who may write in the outer folder could switch to an old version.
        fault = self._access_fault(self.folder) or self._access_fault(folder)
        if fault:
            return fault
        if not is_complete(folder):
            return f"{folder} holds no whole yt-dlp"
        return self._content_fault(folder)

    def _access_fault(self, folder: Path) -> str:
        """Return why a folder is not to be trusted, or ""."""
        try:
            found = folder.lstat()
        except OSError as error:
            return f"{folder} cannot be read: {error.strerror}"
        if not stat.S_ISDIR(found.st_mode):
            return f"{folder} is no folder"
        if found.st_uid not in self._owners or found.st_mode & 0o022:
            return f"{folder} could be changed by other users"
        return ""

    def _content_fault(self, folder: Path) -> str:
        """Return what is wrong with a version's files, or ""; each is read once."""
        found = folder.lstat()
        key = folder.name, found.st_ino, found.st_mtime_ns
        if key not in self._content_faults:
            self._content_faults[key] = _find_content_fault(folder)
        return self._content_faults[key]

    def history(self) -> VersionHistory:
        """Return the saved history; an empty one if it is missing or unreadable."""
        try:
            content = read_regular_file(self.folder / HISTORY_FILE, MAX_HISTORY_BYTES)
            return VersionHistory.from_json(json.loads(content))
        except (OSError, ValueError, RecursionError):
            return VersionHistory()
        except (TypeError, LookupError, AttributeError):  # of another form
            return VersionHistory()


def _find_content_fault(folder: Path) -> str:
    if foreign := foreign_names(folder):
        return f"{folder} holds {foreign[0]!r}, which is no part of yt-dlp"
    if changed := first_changed_file(folder):
        return f"{folder}: {changed} is not as it was installed"
    return ""


def version_store(state: Path, owner: int | None = None) -> VersionStore:
    """Return the version store of a state folder.

    Args:
        state: The state folder.
        owner: The user whose versions are trusted: the one who runs them, by default
            this process's.
    """
    whose = os.geteuid() if owner is None else owner
    return VersionStore(state / VERSIONS_DIR, installed_version("yt-dlp"), whose)
