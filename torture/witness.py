"""The witness: `python -m torture.witness DOWNLOADS LIBRARY LOG`.

It watches the visible trees from a process of its own, hashes every name the moment
it appears, and writes down whatever is written to under a visible name. It knows
nothing of the product; the end of the run compares what it saw with the ledger.
"""

import ctypes
import hashlib
import json
import os
import select
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# From linux/inotify.h.
IN_MODIFY = 0x2
IN_MOVED_TO = 0x80
IN_CREATE = 0x100
IN_Q_OVERFLOW = 0x4000
IN_ONLYDIR = 0x1000000
WATCHED = IN_MODIFY | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR
HEADER = struct.Struct("iIII")
#: The trees are also walked this often, in seconds: an event may get lost.
WALK_S = 1.0


@dataclass(slots=True)
class Witness:
    """Sees names appear.

    Attributes:
        roots: The visible trees; below each, names with a leading dot are hidden.
        log: A line of JSON a sighting.
    """

    roots: tuple[Path, ...]
    log: Path
    _fd: int = -1
    _folders: dict[int, Path] = field(default_factory=dict)
    _seen: set[tuple[Path, int]] = field(default_factory=set)

    def run(self) -> None:
        """Watch until standard input closes."""
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        poller.register(sys.stdin.fileno(), select.POLLIN | select.POLLHUP)
        next_walk = 0.0
        while True:
            wait_ms = max(0, int(1000 * (next_walk - time.monotonic())))
            ready = {fd for fd, _ in poller.poll(wait_ms)}
            if self._fd in ready:
                self._take_events()
            if time.monotonic() >= next_walk:
                self._walk_all()
                next_walk = time.monotonic() + WALK_S
            if sys.stdin.fileno() in ready:
                self._walk_all()
                return

    def _walk_all(self) -> None:
        for root in self.roots:
            self._look_into(root)

    def _look_into(self, folder: Path) -> None:
        """Watch a folder first, then see what is in it: nothing falls in between."""
        libc = ctypes.CDLL(None, use_errno=True)
        watch = libc.inotify_add_watch(self._fd, os.fsencode(folder), WATCHED)
        if watch < 0:
            return
        self._folders[watch] = folder
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except OSError:
            return
        for entry in found:
            self._look_at(folder / entry.name)

    def _look_at(self, path: Path) -> None:
        if path.name.startswith("."):  # .work, .trash, .keep, temporary names
            return
        if path.is_dir() and not path.is_symlink():
            self._look_into(path)
            return
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return
        with os.fdopen(fd, "rb") as file:
            key = path, os.fstat(fd).st_ino
            if key not in self._seen:
                self._seen.add(key)
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                self._say("appeared", path, sha256=digest, size=os.fstat(fd).st_size)

    def _take_events(self) -> None:
        for watch, mask, name in _events(self._fd):
            if mask & IN_Q_OVERFLOW:
                self._walk_all()
            folder = self._folders.get(watch)
            if folder is None or not name or name.startswith("."):
                continue
            if mask & IN_MODIFY:
                self._say("written", folder / name)
            else:
                self._look_at(folder / name)

    def _say(self, what: str, path: Path, **more: object) -> None:
        said = {"at": time.time(), "what": what, "path": str(path), **more}
        with self.log.open("a") as file:
            file.write(json.dumps(said) + "\n")


def _events(fd: int) -> Iterator[tuple[int, int, str]]:
    try:
        data = os.read(fd, 1 << 16)
    except BlockingIOError:
        return
    while data:
        watch, mask, _, size = HEADER.unpack_from(data)
        raw = data[HEADER.size : HEADER.size + size]
        yield watch, mask, os.fsdecode(raw.rstrip(b"\0"))
        data = data[HEADER.size + size :]


if __name__ == "__main__":
    downloads, library, log = map(Path, sys.argv[1:])
    Witness((downloads, library), log).run()
