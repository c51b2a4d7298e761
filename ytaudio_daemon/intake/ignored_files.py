"""What stands in the inbox and is not taken, and why: for `ignored` and `problems`."""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from ytaudio_daemon.folders.inbox import Oddity, Sighting

#: One folder's list stays readable, whatever somebody throws into it.
MAX_LISTED = 100

#: A session's name and a file's.
Key = tuple[str, str]


class Oddities:
    """Collects a scan's findings; the last complete scan of a folder counts."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, str]] = defaultdict(dict)
        self._fresh: dict[str, dict[str, str]] = defaultdict(dict)
        self._folders: dict[str, str] = {}
        self._fresh_folders: dict[str, str] = {}
        #: Reasons of drops that wait for somebody to mend something.
        self._waiting: dict[Key, str] = {}
        #: What is to be said of drops that came again and are not taken again.
        self._answers: dict[Key, str] = {}
        self._trouble: dict[str, tuple[str, str]] = {}

    @property
    def ignored(self) -> Mapping[str, list[tuple[str, str]]]:
        """(file, reason) of files not taken, by session."""
        return {
            session: sorted(files.items())[:MAX_LISTED]
            for session, files in self._found.items()
            if files
        }

    @property
    def waiting(self) -> Mapping[Key, str]:
        """Reasons by session and file of drops that a person must make readable."""
        return dict(sorted(self._waiting.items())[:MAX_LISTED])

    @property
    def folders(self) -> Mapping[str, str]:
        """Reasons by folder that cannot be a session or cannot be read."""
        return dict(sorted(self._folders.items())[:MAX_LISTED])

    @property
    def trouble(self) -> Mapping[str, tuple[str, str]]:
        """(message, hint) by code, of what concerns the inbox as a whole."""
        return self._trouble

    def begin(self) -> None:
        """A scan of a session, or of everything, begins."""
        self._fresh.clear()
        self._fresh_folders = {}

    def add(self, oddity: Oddity) -> None:
        """Note a finding; it shows at once and stays until a scan misses it."""
        name = _shown(oddity.name)
        if oddity.place is None:
            self._fresh_folders[name] = oddity.reason
            self._folders[name] = oddity.reason
            return
        self._fresh[oddity.place.session][name] = oddity.reason
        self._found[oddity.place.session][name] = oddity.reason

    def leave(self, sighting: Sighting, reason: str) -> None:
        """A drop cannot be taken until somebody mends something."""
        key = _key(sighting)
        self._waiting[key] = reason
        self._found[key[0]][key[1]] = reason

    def answer(self, sighting: Sighting, reason: str) -> None:
        """A drop came again as it was; say why nothing follows from it."""
        key = _key(sighting)
        self._answers[key] = reason
        self._found[key[0]][key[1]] = reason

    def see(self, sighting: Sighting) -> None:
        """A drop is there; what was said of it holds until it is taken."""
        session, name = key = _key(sighting)
        reason = self._waiting.get(key) or self._answers.get(key)
        if reason is not None:
            self._fresh[session][name] = reason

    def forget(self, sighting: Sighting) -> None:
        """A drop is taken after all."""
        session, name = key = _key(sighting)
        told = self._waiting.pop(key, None) or self._answers.pop(key, None)
        if told is not None:
            self._found[session].pop(name, None)
            self._fresh[session].pop(name, None)

    def end(self, session: str | None) -> None:
        """The scan is complete: what it did not find is no longer there."""
        self._waiting = self._still_there(self._waiting, session)
        self._answers = self._still_there(self._answers, session)
        if session is None:
            self._found = defaultdict(
                dict, {k: dict(v) for k, v in self._fresh.items()}
            )
            self._folders = dict(self._fresh_folders)
            self._trouble.pop("inbox_unreadable", None)
        else:
            self._found[session] = dict(self._fresh.get(session, {}))
            name = _shown(os.fsencode(session))
            if name not in self._fresh_folders:
                self._folders.pop(name, None)

    def _still_there(self, told: dict[Key, str], session: str | None) -> dict[Key, str]:
        """Leave out what the scan of a session, or of everything, did not find."""
        return {
            key: reason
            for key, reason in told.items()
            if session not in {None, key[0]} or key[1] in self._fresh[key[0]]
        }

    def inbox_trouble(self, error: OSError) -> None:
        """The inbox itself cannot be read."""
        self._trouble["inbox_unreadable"] = (
            f"the inbox cannot be read: {error}",
            "Make the folder, or allow the daemon to read it; it is tried again.",
        )

    def cannot_move(self, folder: Path, error: Exception) -> None:
        """A recorded drop cannot be moved to processed/."""
        self._trouble["drop_not_movable"] = (
            f"drops in {folder} were taken but cannot be moved away: {error}",
            f"Allow it with: chmod o+rwx {folder} (or set [inbox] after_intake to keep).",
        )

    def can_move(self) -> None:
        """There is no drop left that cannot be moved."""
        self._trouble.pop("drop_not_movable", None)


def _key(sighting: Sighting) -> Key:
    return sighting.place.session, _shown(sighting.name)


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "replace")
