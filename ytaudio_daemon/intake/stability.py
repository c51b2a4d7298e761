"""Waiting until files stop changing. Pure: the clock and the sightings are given."""

from collections import deque
from dataclasses import dataclass, field

from ytaudio_daemon.folders.inbox import DropLocation, InboxFile

FileKey = tuple[DropLocation, bytes]


@dataclass(slots=True)
class StabilityTracker:
    """The files seen but not yet taken.

    A file is ready when it looked the same for `settle_s` seconds; whether it still
    does is checked once more when it is opened.
    """

    settle_s: float
    #: Bounds the memory when a hundred thousand files come at once.
    max_files: int = 5_000
    _quiet_since: dict[FileKey, tuple[InboxFile, float]] = field(default_factory=dict)
    _ready: deque[InboxFile] = field(default_factory=deque)
    _checked_out: set[FileKey] = field(default_factory=set)

    def track(self, inbox_file: InboxFile, mono: float) -> None:
        """Note a file; one that changed starts over."""
        key = inbox_file.location, inbox_file.name
        if key in self._checked_out:
            return
        known = self._quiet_since.get(key)
        if known is None or known[0].identity != inbox_file.identity:
            self._quiet_since[key] = inbox_file, mono

    def promote(self, mono: float) -> None:
        """Move the files that have been quiet for long enough to the ready ones."""
        quiet = [
            key
            for key, (_, since) in self._quiet_since.items()
            if mono - since >= self.settle_s
        ]
        for key in quiet:
            inbox_file, _ = self._quiet_since.pop(key)
            self._checked_out.add(key)
            self._ready.append(inbox_file)

    def pop_ready(self) -> InboxFile | None:
        """Return the next ready file; it is in the caller's hands until `release`."""
        return self._ready.popleft() if self._ready else None

    def put_back(self, inbox_file: InboxFile) -> None:
        """The caller has no room for it yet: others get their turn first."""
        self._ready.append(inbox_file)

    def release(self, inbox_file: InboxFile) -> None:
        """The caller is done with it: a new sighting counts as a new file."""
        self._checked_out.discard((inbox_file.location, inbox_file.name))

    def is_full(self) -> bool:
        """Whether the scan should wait until some are taken."""
        return len(self._quiet_since) + len(self._ready) >= self.max_files

    def has_ready(self) -> bool:
        """Whether `take` would return a file."""
        return bool(self._ready)

    def next_due(self) -> float | None:
        """Return when the next file will have been quiet long enough."""
        if self._ready:
            return 0.0
        if not self._quiet_since:
            return None
        first = min(since for _, since in self._quiet_since.values())
        return first + self.settle_s
