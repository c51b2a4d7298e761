"""Finds session folders that were empty and have not changed since.

Without it ten thousand idle sessions would be opened and listed at every rescan.
"""

import os
import time
from contextlib import suppress

from ytaudio_daemon.folders.safe_open import mount_id

#: File systems on which a folder's times change with its entries, in steps far shorter
#: than `SETTLED_S`; on network and FUSE ones they may not.
TRUSTED_FILE_SYSTEMS = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "tmpfs", "overlay"}
)
#: A folder that was changed so recently may change again within one step of its times.
SETTLED_S = 10.0
#: Every so many scans all folders are read, even those with unchanged times.
FULL_SCAN_EVERY = 20

#: Device, inode, time of the last change of entries, and of anything; nanoseconds.
_FolderVersion = tuple[int, int, int, int]


class QuietFolders:
    """Remembers folders in which a scan found nothing."""

    def __init__(self) -> None:
        self._known: dict[str, _FolderVersion] = {}
        self._device: int | None = None
        self._scans = 0

    def begin_scan(self, inbox: int) -> None:
        """Begin a scan of the whole inbox, which is open."""
        is_trusted = _file_system(inbox) in TRUSTED_FILE_SYSTEMS
        self._device = os.fstat(inbox).st_dev if is_trusted else None
        if self._scans % FULL_SCAN_EVERY == 0:
            self._known.clear()
        self._scans += 1

    def has(self, name: str, found: os.stat_result) -> bool:
        """Return whether a folder was quiet in the last scan and is unchanged."""
        return self._known.get(name) == _version(found)

    def add(self, name: str, found: os.stat_result) -> None:
        """Add a folder in which there was nothing.

        Args:
            name: Of the folder.
            found: Its stat(2) from before it was scanned.
        """
        is_settled = time.time() - max(found.st_mtime, found.st_ctime) > SETTLED_S
        if is_settled and found.st_dev == self._device:
            self._known[name] = _version(found)


def _version(found: os.stat_result) -> _FolderVersion:
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def _file_system(fd: int) -> str:
    """Return the type of the file system that a descriptor is on (proc(5), mountinfo).

    "" where that is not known, or there is no /proc.
    """
    with (
        suppress(OSError),
        open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as lines,
    ):
        mount = mount_id(fd).split()[1]
        for line in lines:
            if line.split(" ", 1)[0] == mount:
                return line.partition(" - ")[2].split(" ", 1)[0]
    return ""
