"""What stands in the inbox and is not taken, and why: for `ignored` and `problems`."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from ytaudio_daemon.folders.inbox import Oddity

#: One folder's list stays readable, whatever somebody throws into it.
MAX_LISTED = 100


class Oddities:
    """Collects a scan's findings; the last complete scan of a folder counts."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, str]] = defaultdict(dict)
        self._fresh: dict[str, dict[str, str]] = defaultdict(dict)
        self._folders: dict[str, str] = {}
        self._fresh_folders: dict[str, str] = {}
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
    def folders(self) -> Mapping[str, str]:
        """Reasons by folder that cannot be a session or cannot be read."""
        return dict(sorted(self._folders.items())[:MAX_LISTED])

    @property
    def trouble(self) -> Mapping[str, tuple[str, str]]:
        """(message, hint) by code, of what concerns the inbox as a whole."""
        return self._trouble

    def begin(self, session: str | None) -> None:
        """A scan of a session, or of everything, begins."""
        self._fresh.clear()
        if session is None:
            self._fresh_folders = {}

    def add(self, oddity: Oddity) -> None:
        """Note a finding; it shows at once and stays until a scan misses it."""
        name = oddity.name.decode("utf-8", "replace")
        if oddity.place is None:
            self._fresh_folders[name] = oddity.reason
            self._folders[name] = oddity.reason
            return
        self._fresh[oddity.place.session][name] = oddity.reason
        self._found[oddity.place.session][name] = oddity.reason

    def end(self, session: str | None) -> None:
        """The scan is complete: what it did not find is no longer there."""
        if session is None:
            self._found = defaultdict(
                dict, {k: dict(v) for k, v in self._fresh.items()}
            )
            self._folders = dict(self._fresh_folders)
            self._trouble.pop("inbox_unreadable", None)
        else:
            self._found[session] = dict(self._fresh.get(session, {}))

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
