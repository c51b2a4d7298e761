"""What stands in the inbox and is not taken, and why: for `ignored` and `problems`."""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from ytaudio_daemon.folders.inbox import IgnoredFile, InboxFile

#: One folder's list stays readable, whatever somebody throws into it.
MAX_LISTED = 100

#: A session's name and a file's.
DisplayKey = tuple[str, str]


class IgnoredFiles:
    """Collects a scan's findings; the last complete scan of a folder counts."""

    def __init__(self) -> None:
        self._ignored: dict[str, dict[str, str]] = defaultdict(dict)
        self._scan_ignored: dict[str, dict[str, str]] = defaultdict(dict)
        self._folders: dict[str, str] = {}
        self._scan_folders: dict[str, str] = {}
        #: Reasons of drops that wait for somebody to mend something.
        self._waiting: dict[DisplayKey, str] = {}
        #: What is to be said of drops that came again and are not taken again.
        self._repeats: dict[DisplayKey, str] = {}
        self._inbox_problems: dict[str, tuple[str, str]] = {}

    @property
    def ignored(self) -> Mapping[str, list[tuple[str, str]]]:
        """(file, reason) of files not taken, by session."""
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
        """(message, hint) by code, of what concerns the inbox as a whole."""
        return self._inbox_problems

    def begin_scan(self) -> None:
        """A scan of a session, or of everything, begins."""
        self._scan_ignored.clear()
        self._scan_folders = {}

    def add(self, ignored_file: IgnoredFile) -> None:
        """Note a finding; it shows at once and stays until a scan misses it."""
        name = _display_name(ignored_file.name)
        if ignored_file.location is None:
            self._scan_folders[name] = ignored_file.reason
            self._folders[name] = ignored_file.reason
            return
        self._scan_ignored[ignored_file.location.session][name] = ignored_file.reason
        self._ignored[ignored_file.location.session][name] = ignored_file.reason

    def add_waiting(self, inbox_file: InboxFile, reason: str) -> None:
        """A drop cannot be taken until somebody mends something."""
        key = _display_key(inbox_file)
        self._waiting[key] = reason
        self._ignored[key[0]][key[1]] = reason

    def add_repeat(self, inbox_file: InboxFile, reason: str) -> None:
        """A drop came again as it was; say why nothing follows from it."""
        key = _display_key(inbox_file)
        self._repeats[key] = reason
        self._ignored[key[0]][key[1]] = reason

    def confirm_present(self, inbox_file: InboxFile) -> None:
        """A drop is there; what was said of it holds until it is taken."""
        session, name = key = _display_key(inbox_file)
        reason = self._waiting.get(key) or self._repeats.get(key)
        if reason is not None:
            self._scan_ignored[session][name] = reason

    def remove(self, inbox_file: InboxFile) -> None:
        """A drop is taken after all."""
        session, name = key = _display_key(inbox_file)
        told = self._waiting.pop(key, None) or self._repeats.pop(key, None)
        if told is not None:
            self._ignored[session].pop(name, None)
            self._scan_ignored[session].pop(name, None)

    def end_scan(self, session: str | None) -> None:
        """The scan is complete: what it did not find is no longer there."""
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
        self, told: dict[DisplayKey, str], session: str | None
    ) -> dict[DisplayKey, str]:
        """Leave out what the scan of a session, or of everything, did not find."""
        return {
            key: reason
            for key, reason in told.items()
            if session not in {None, key[0]} or key[1] in self._scan_ignored[key[0]]
        }

    def set_inbox_unreadable(self, error: OSError) -> None:
        """The inbox itself cannot be read."""
        self._inbox_problems["inbox_unreadable"] = (
            f"the inbox cannot be read: {error}",
            "Make the folder, or allow the daemon to read it; it is tried again.",
        )

    def set_not_movable(self, folder: Path, error: Exception) -> None:
        """A recorded drop cannot be moved to processed/."""
        self._inbox_problems["drop_not_movable"] = (
            f"drops in {folder} were taken but cannot be moved away: {error}",
            f"Allow it with: chmod o+rwx {folder} (or set [inbox] after_intake to keep).",
        )

    def clear_not_movable(self) -> None:
        """There is no drop left that cannot be moved."""
        self._inbox_problems.pop("drop_not_movable", None)


def _display_key(inbox_file: InboxFile) -> DisplayKey:
    return inbox_file.location.session, _display_name(inbox_file.name)


def _display_name(name: bytes) -> str:
    return name.decode("utf-8", "replace")
