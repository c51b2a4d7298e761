"""The files in the inbox that are not taken, with reasons for the status files."""

import errno
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.inbox import IgnoredFile, InboxFile
from ytaudio_daemon.folders.layout import PROCESSED, REJECTED

#: One folder's list stays readable, whatever somebody throws into it.
MAX_LISTED = 100

#: A session's name and a file's.
DisplayKey = tuple[str, str]


class IgnoredFiles:
    """Collects reasons from scans; those of a folder's last complete scan count."""

    def __init__(self) -> None:
        self._ignored: dict[str, dict[str, str]] = defaultdict(dict)
        self._scan_ignored: dict[str, dict[str, str]] = defaultdict(dict)
        self._folders: dict[str, str] = {}
        self._scan_folders: dict[str, str] = {}
        #: Reasons of drops that wait for somebody to mend something.
        self._waiting: dict[DisplayKey, str] = {}
        #: Reasons of drops that came again as they were and are not taken again.
        self._repeats: dict[DisplayKey, str] = {}
        self._inbox_problems: dict[str, tuple[str, str]] = {}

    @property
    def ignored(self) -> Mapping[str, list[tuple[str, str]]]:
        """Pairs (file, reason) of the files that are not taken, by session."""
        return {
            session: sorted(files.items())[:MAX_LISTED]
            for session, files in self._ignored.items()
            if files
        }

    @property
    def waiting(self) -> Mapping[DisplayKey, str]:
        """Reasons by session and file of drops that a person must make readable."""
        return dict(sorted(self._waiting.items())[:MAX_LISTED])

    @property
    def folders(self) -> Mapping[str, str]:
        """Reasons by folder that cannot be a session or cannot be read."""
        return dict(sorted(self._folders.items())[:MAX_LISTED])

    @property
    def inbox_problems(self) -> Mapping[str, tuple[str, str]]:
        """Pairs (message, hint) by code, of problems with the inbox as a whole."""
        return self._inbox_problems

    def begin_scan(self) -> None:
        """Begin a scan of a session, or of everything."""
        self._scan_ignored.clear()
        self._scan_folders = {}

    def add(self, ignored_file: IgnoredFile) -> None:
        """Add a file that a scan found; it is listed until a scan no longer finds it."""
        name = _display_name(ignored_file.name)
        if ignored_file.location is None:
            self._scan_folders[name] = ignored_file.reason
            self._folders[name] = ignored_file.reason
            return
        self._scan_ignored[ignored_file.location.session][name] = ignored_file.reason
        self._ignored[ignored_file.location.session][name] = ignored_file.reason

    def add_waiting(self, inbox_file: InboxFile, reason: str) -> None:
        """Add a drop that cannot be taken until a person mends something."""
        key = _display_key(inbox_file)
        self._waiting[key] = reason
        self._ignored[key[0]][key[1]] = reason

    def add_repeat(self, inbox_file: InboxFile, reason: str) -> None:
        """Add a drop that came again as it was and is not taken again."""
        key = _display_key(inbox_file)
        self._repeats[key] = reason
        self._ignored[key[0]][key[1]] = reason

    def confirm_present(self, inbox_file: InboxFile) -> None:
        """Keep the reason of a drop that a scan found again."""
        session, name = key = _display_key(inbox_file)
        reason = self._waiting.get(key) or self._repeats.get(key)
        if reason is not None:
            self._scan_ignored[session][name] = reason

    def remove(self, inbox_file: InboxFile) -> None:
        """Remove a drop: it is taken after all."""
        session, name = key = _display_key(inbox_file)
        reason = self._waiting.pop(key, None) or self._repeats.pop(key, None)
        if reason is not None:
            self._ignored[session].pop(name, None)
            self._scan_ignored[session].pop(name, None)

    def end_scan(self, session: str | None) -> None:
        """End a complete scan: remove the files that it did not find."""
        self._waiting = self._found_by_scan(self._waiting, session)
        self._repeats = self._found_by_scan(self._repeats, session)
        if session is None:
            self._ignored = defaultdict(
                dict, {k: dict(v) for k, v in self._scan_ignored.items()}
            )
            self._folders = dict(self._scan_folders)
            self._inbox_problems.pop("inbox_unreadable", None)
        else:
            self._ignored[session] = dict(self._scan_ignored.get(session, {}))
            name = _display_name(os.fsencode(session))
            if name not in self._scan_folders:
                self._folders.pop(name, None)

    def _found_by_scan(
        self, reasons: dict[DisplayKey, str], session: str | None
    ) -> dict[DisplayKey, str]:
        """Return the reasons without those of files that the scan did not find."""
        return {
            key: reason
            for key, reason in reasons.items()
            if session not in {None, key[0]} or key[1] in self._scan_ignored[key[0]]
        }

    def set_inbox_unreadable(self, error: OSError) -> None:
        """Report that the inbox itself cannot be read."""
        self._inbox_problems["inbox_unreadable"] = (
            f"the inbox cannot be read: {error}",
            "Make the folder, or allow the daemon to read it; it is tried again.",
        )

    def set_not_movable(self, folder: Path, error: Exception) -> None:
        """Report that a recorded drop cannot be moved to `processed`."""
        self._inbox_problems["drop_not_movable"] = (
            f"drops in {folder} were taken but cannot be moved away: {error}",
            _remedy_of_unmovable(folder, error),
        )

    def clear_not_movable(self) -> None:
        """Withdraw the report of `set_not_movable`: no such drop is left."""
        self._inbox_problems.pop("drop_not_movable", None)


def _remedy_of_unmovable(folder: Path, error: Exception) -> str:
    otherwise = "(or set [inbox] after_intake to keep)"
    if isinstance(error, PermissionError):
        return f"Allow it with: chmod o+rwx {folder} {otherwise}."
    if isinstance(error, UnsafePathError) and error.hint:
        return f"{error.hint} {otherwise}"
    if isinstance(error, OSError) and error.errno == errno.EXDEV:
        return (
            f"Unmount what is mounted at {folder / PROCESSED} or {folder / REJECTED} "
            f"{otherwise}."
        )
    return f"Look at {folder}: `ytaudio doctor` {otherwise}."


def _display_key(inbox_file: InboxFile) -> DisplayKey:
    return inbox_file.location.session, _display_name(inbox_file.name)


def _display_name(name: bytes) -> str:
    return name.decode("utf-8", "replace")
