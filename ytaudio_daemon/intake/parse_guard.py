"""Sets a drop aside when the daemon died twice while it read the same line of it.

A crafted file may exhaust memory, or block the loop until the watchdog of systemd kills
the daemon. The next daemon would read the file again, and die again. So a mark file
names drop and line while they are read; a mark that is found at a start was left by a
daemon that died there.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ytaudio_daemon.intake.recorded_drop import DropKey
from ytaudio_daemon.model import LinePart
from ytaudio_daemon.system.regular_files import open_own_file, read_regular_file

#: How often a drop may end the daemon at the same line.
MAX_ENDS = 2
#: Drops that are remembered besides the one that is read.
MAX_SUSPECTS = 20
MAX_BYTES = 64 << 10

#: A drop, and line and part of the last entry that is recorded: the daemon ended while
#: it read the next one.
_Position = tuple[str, str, str, int, int]


class ParseGuard:
    """Counts how often the daemon ended at a line of a drop.

    The mark outlives the process, not a power cut: nothing is synced, so that it costs
    one system call a drop. Where it cannot be written nothing is guarded, and nothing
    else happens.

    Args:
        file: Holds the mark, in the state folder.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ends = _read_ends(file)
        self._fd: int | None = None
        #: Of the content in the open file; a shorter one is padded with spaces.
        self._length = 0

    def has_ended_too_often(self, key: DropKey, cursor: LinePart) -> bool:
        """Return whether the daemon ended `MAX_ENDS` times behind that entry."""
        return self._ends.get(_position(key, cursor), 0) >= MAX_ENDS

    @contextmanager
    def open_mark(self) -> Iterator[None]:
        """Hold the mark open for a batch of drops, at the end of which it names none."""
        with suppress(OSError):
            self._fd = open_own_file(self._file, 0o600)
            os.ftruncate(self._fd, 0)
        self._length = 0
        try:
            yield  # an exception leaves the mark: the daemon may be about to end
            self._write(None)
        finally:
            fd, self._fd = self._fd, None
            if fd is not None:
                os.close(fd)

    def mark(self, key: DropKey, cursor: LinePart) -> None:
        """Have the open mark name a drop, and the entry behind which it is read."""
        self._write(_position(key, cursor))

    def forget(self, key: DropKey) -> None:
        """Forget the ends at a drop: it got beyond them, or was set aside."""
        drop = _position(key, LinePart())[:3]
        for place in [known for known in self._ends if known[:3] == drop]:
            del self._ends[place]

    def _write(self, place: _Position | None) -> None:
        if self._fd is None:
            return
        ends = [[*known, count] for known, count in self._ends.items()]
        content = json.dumps({"reading": place, "ends": ends[-MAX_SUSPECTS:]}).encode()
        with suppress(OSError):
            if not place and not ends:
                os.ftruncate(self._fd, 0)
            else:
                os.pwrite(self._fd, content.ljust(self._length), 0)
                self._length = max(self._length, len(content))


def _position(key: DropKey, cursor: LinePart) -> _Position:
    session, name, sha256 = key
    return session, os.fsdecode(name), sha256, *cursor


def _read_ends(file: Path) -> dict[_Position, int]:
    """Return how often the daemon ended where, the last end included."""
    try:
        found = json.loads(read_regular_file(file, MAX_BYTES))
        ends = {_known_position(row[:-1]): int(row[-1]) for row in found["ends"]}
        if found["reading"]:
            last = _known_position(found["reading"])
            ends[last] = ends.pop(last, 0) + 1
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return {}
    return ends


def _known_position(row: Any) -> _Position:
    session, name, sha256, line, *part = row  # older marks have no part
    number = int(part[0]) if part else 0
    return str(session), str(name), str(sha256), int(line), number
