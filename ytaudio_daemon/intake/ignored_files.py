"""The files in the inbox that are not taken, with reasons for the status files."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from heapq import nsmallest
from pathlib import Path

from ytaudio_daemon.folders.inbox import (
    DropLocation,
    IgnoredFile,
    InboxFile,
    display_path,
)
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.intake.unmovable_folders import UnmovableFolders
from ytaudio_daemon.model.host_errors import find_host_error

#: Files and folders that are listed, so that the lists stay readable.
MAX_LISTED = 100

#: The place of a file: its folder, and its name as it is shown.
DisplayKey = tuple[DropLocation, str]
#: Reasons by name, of each folder.
FolderReasons = defaultdict[DropLocation, dict[str, str]]


class IgnoredFiles:
    """Collects reasons from scans; those of a folder's last complete scan count.

    Attributes:
        unmovable_folders: The folders whose drops were taken but cannot be moved away.
    """

    def __init__(self) -> None:
        self.unmovable_folders = UnmovableFolders()
        self._ignored: FolderReasons = defaultdict(dict)
        self._scan_ignored: FolderReasons = defaultdict(dict)
        self._folders: dict[str, str] = {}
        self._scan_folders: dict[str, str] = {}
        #: Reasons of drops that wait until a person mends something.
        self._waiting: dict[DisplayKey, str] = {}
        #: Reasons of drops that came again as they were and are not taken again.
        self._repeats: dict[DisplayKey, str] = {}
        self._inbox_problems: dict[str, tuple[str, str]] = {}

    @property
    def ignored(self) -> Mapping[str, list[tuple[str, str]]]:
        """Pairs (file, reason) of the files that are not taken, by session."""
        found: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for location, files in self._ignored.items():
            found[location.session] |= files
        return {
            session: nsmallest(MAX_LISTED, files.items())
            for session, files in found.items()
            if files
        }

    @property
    def not_taken(self) -> Sequence[tuple[str, str]]:
        """Pairs (path, reason) of files that will never be taken as they are.

        Paths begin with `inbox/`. Drops that wait, and those that were taken before, are
        not among them.
        """
        return nsmallest(
            MAX_LISTED,
            (
                (display_path(location, name), reason)
                for location, files in self._ignored.items()
                for name, reason in files.items()
                if (location, name) not in self._waiting
                and (location, name) not in self._repeats
            ),
        )

    @property
    def waiting(self) -> Sequence[tuple[str, str]]:
        """Pairs (path, reason) of drops that a person must make readable."""
        return nsmallest(
            MAX_LISTED,
            (
                (display_path(location, name), reason)
                for (location, name), reason in self._waiting.items()
            ),
        )

    @property
    def folders(self) -> Mapping[str, str]:
        """Reasons by folder that cannot be a session or cannot be read."""
        return dict(nsmallest(MAX_LISTED, self._folders.items()))

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
        name = display_name(ignored_file.name)
        if ignored_file.location is None:
            self._scan_folders[name] = ignored_file.reason
            self._folders[name] = ignored_file.reason
            return
        self._scan_ignored[ignored_file.location][name] = ignored_file.reason
        self._ignored[ignored_file.location][name] = ignored_file.reason

    def add_waiting(self, inbox_file: InboxFile, reason: str) -> None:
        """Add a drop that cannot be taken until a person mends something."""
        location, name = key = _display_key(inbox_file)
        self._waiting[key] = reason
        self._ignored[location][name] = reason

    def add_repeat(self, inbox_file: InboxFile, reason: str) -> None:
        """Add a drop that came again as it was and is not taken again."""
        location, name = key = _display_key(inbox_file)
        self._repeats[key] = reason
        self._ignored[location][name] = reason

    def confirm_present(self, inbox_file: InboxFile) -> None:
        """Keep the reason of a drop that a scan found again."""
        location, name = key = _display_key(inbox_file)
        reason = self._waiting.get(key) or self._repeats.get(key)
        if reason is not None:
            self._scan_ignored[location][name] = reason

    def remove(self, inbox_file: InboxFile) -> None:
        """Remove a drop: it is taken after all."""
        location, name = key = _display_key(inbox_file)
        reason = self._waiting.pop(key, None) or self._repeats.pop(key, None)
        if reason is not None:
            self._ignored[location].pop(name, None)
            self._scan_ignored[location].pop(name, None)

    def end_scan(self, session: str | None) -> None:
        """End a complete scan, of a session's folder or (None) of the whole inbox.

        The files that it did not find are removed.
        """
        scanned = None if session is None else DropLocation(session=session)
        self._waiting = self._found_by_scan(self._waiting, scanned)
        self._repeats = self._found_by_scan(self._repeats, scanned)
        if session is None or scanned is None:
            self._ignored = defaultdict(
                dict, {k: dict(v) for k, v in self._scan_ignored.items()}
            )
            self._folders = dict(self._scan_folders)
            self._inbox_problems.pop("inbox_unreadable", None)
        else:
            self._ignored[scanned] = dict(self._scan_ignored.get(scanned, {}))
            name = display_name(os.fsencode(session))
            if name not in self._scan_folders:
                self._folders.pop(name, None)

    def _found_by_scan(
        self, reasons: dict[DisplayKey, str], scanned: DropLocation | None
    ) -> dict[DisplayKey, str]:
        """Return the reasons without those of files that the scan did not find."""
        return {
            key: reason
            for key, reason in reasons.items()
            if scanned not in {None, key[0]} or key[1] in self._scan_ignored[key[0]]
        }

    def set_inbox_unreadable(self, error: OSError) -> None:
        """Report that the inbox itself cannot be read."""
        found = find_host_error(error.errno)
        otherwise = "Make the folder, or allow the daemon to read it"
        self._inbox_problems["inbox_unreadable"] = (
            f"the inbox cannot be read: {error}",
            found.remedy("the inbox") if found else f"{otherwise}; it is tried again.",
        )

    def set_lost_mounts(self, folders: Sequence[Path]) -> None:
        """Report folders that were mount points, and are none: their drops are away."""
        self._inbox_problems.pop("mount_lost", None)
        if folders:
            more = f" (and {len(folders) - 1} more)" if folders[1:] else ""
            message = (
                f"nothing is mounted at {folders[0]}{more} any more: the drops there are "
                "out of sight"
            )
            hint = (
                "Mount it again (findmnt shows what is mounted); if it is meant to be "
                "gone, remove the folder or restart the daemon."
            )
            self._inbox_problems["mount_lost"] = message, hint


def _display_key(inbox_file: InboxFile) -> DisplayKey:
    return inbox_file.location, display_name(inbox_file.name)
