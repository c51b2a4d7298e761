"""Finds out which files have stopped changing. Pure: the clock and the files are given."""

from collections import deque
from dataclasses import dataclass, field

from ytaudio_daemon.folders.inbox import FileKey, InboxFile


@dataclass(slots=True)
class StabilityTracker:
    """The files that were found and not yet taken.

    A file is ready when it has not changed for `settle_s` seconds; that is checked once
    more when it is opened.
    """

    settle_s: float
    #: Bounds the memory when a hundred thousand files come at once.
    max_files: int = 5_000
    _quiet_since: dict[FileKey, tuple[InboxFile, float]] = field(default_factory=dict)
    _ready: deque[InboxFile] = field(default_factory=deque)
    _checked_out: dict[FileKey, InboxFile] = field(default_factory=dict)
    #: Checked out files that have changed since, as they were found last.
    _changed_since: dict[FileKey, tuple[InboxFile, float]] = field(default_factory=dict)

    def track(self, inbox_file: InboxFile, mono: float) -> None:
        """Add a file; one that has changed since the last call starts over.

        One that changes in the caller's hands is added when it is released.
        """
        key = inbox_file.key
        if taken := self._checked_out.get(key):
            if taken.identity != inbox_file.identity:
                _start_over_if_changed(self._changed_since, inbox_file, mono)
        else:
            _start_over_if_changed(self._quiet_since, inbox_file, mono)

    def promote(self, mono: float) -> None:
        """Move the files that have been quiet for long enough to the ready ones."""
        quiet = [
            key
            for key, (_, since) in self._quiet_since.items()
            if mono - since >= self.settle_s
        ]
        for key in quiet:
            inbox_file, _ = self._quiet_since.pop(key)
            self._checked_out[key] = inbox_file
            self._ready.append(inbox_file)

    def pop_ready(self) -> InboxFile | None:
        """Return the next ready file; it is in the caller's hands until `release`."""
        return self._ready.popleft() if self._ready else None

    def put_back(self, inbox_file: InboxFile) -> None:
        """Put a ready file behind all others: the caller has no room for it yet."""
        self._ready.append(inbox_file)

    def release(self, inbox_file: InboxFile) -> None:
        """End the caller's work on a file: found again, it counts as a new file."""
        key = inbox_file.key
        self._checked_out.pop(key, None)
        if changed := self._changed_since.pop(key, None):
            self._quiet_since[key] = changed

    def is_full(self) -> bool:
        """True if the scan should wait until some files are taken."""
        return len(self._quiet_since) + len(self._ready) >= self.max_files

    def has_ready(self) -> bool:
        """True if `pop_ready` would return a file."""
        return bool(self._ready)

    def next_due(self) -> float | None:
        """Return the monotonic time at which the next file will be ready."""
        if self._ready:
            return 0.0
        if not self._quiet_since:
            return None
        first = min(since for _, since in self._quiet_since.values())
        return first + self.settle_s


def _start_over_if_changed(
    quiet_since: dict[FileKey, tuple[InboxFile, float]],
    inbox_file: InboxFile,
    mono: float,
) -> None:
    known = quiet_since.get(inbox_file.key)
    if known is None or known[0].identity != inbox_file.identity:
        quiet_since[inbox_file.key] = inbox_file, mono
