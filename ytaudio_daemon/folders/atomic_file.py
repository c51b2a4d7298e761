"""Writes files over many steps under a temporary name, and renames them when complete.

People may write in these folders. So the temporary name cannot be guessed, the file is
made by this call or not at all, and nothing that exists is opened, waited for, or
changed.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Self

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.open_dirs import OpenDirs
from ytaudio_daemon.folders.safe_open import (
    open_dir,
    open_regular_file,
    read_regular_file,
    remove_file,
)
from ytaudio_daemon.system.regular_files import create_file

#: Of a status file: readable by its owner and group only.
STATUS_MODE = 0o640
TEMP_PREFIX = b".ytaudio-"
TEMP_SUFFIX = b".tmp"
#: So many names of a folder are searched for files of killed processes: some 10 ms.
MAX_NAMES = 20_000
#: The folders remembered as searched take 1.5 MB at most.
MAX_SEARCHED_FOLDERS = 10_000

#: By device and inode.
_searched_folders: set[tuple[int, int]] = set()


class AtomicFileWriter:
    """A file that is written in pieces; readers see the old one until `commit`.

    As a context manager, it is discarded at the end unless it was committed.

    Args:
        root: Trusted; below it no link is followed.
        parts: The folders below the root.
        name: Its final name.
        mode: Permissions, not masked; None leaves them to the umask, for files that
            the people who drop files read.
        make: Create missing folders.
        open_dirs: Opens the folder, for a batch of files; None opens it for this file.

    Raises:
        OSError: It cannot be written there.
        UnsafePathError: A link or a file stands where a folder should.
    """

    def __init__(
        self,
        root: Path,
        parts: tuple[str, ...],
        name: bytes,
        *,
        mode: int | None = STATUS_MODE,
        make: bool = False,
        open_dirs: OpenDirs | None = None,
    ) -> None:
        self._name = name
        if open_dirs is not None:
            self._folder = os.dup(open_dirs.folder(root, *parts, make=make))
        else:
            with open_dir(root, *parts, make=make) as folder:
                self._folder = os.dup(folder)
        try:
            self._temp, self._fd = _create_temporary(self._folder, name, mode)
        except BaseException:
            os.close(self._folder)
            raise
        self._is_open = True

    def write(self, chunk: bytes) -> None:
        """Append a piece."""
        left = memoryview(chunk)
        while left:
            left = left[os.write(self._fd, left) :]

    def commit(self, marker: bytes = b"") -> None:
        """Take its final name; when that fails, it is removed.

        Args:
            marker: How files of this kind begin: one that begins otherwise is not
                ours and is never replaced.

        Raises:
            UnsafePathError: Something that is not ours has the name.
            OSError: The rename failed.
        """
        with self:
            if marker and not begins_with(self._folder, self._name, marker):
                raise UnsafePathError(
                    f"{os.fsdecode(self._name)!r} is not ours and was left as it is",
                    "Rename or remove that file; the daemon then writes its own.",
                )
            with _errors_name(self._name):
                folder = self._folder
                os.replace(self._temp, self._name, src_dir_fd=folder, dst_dir_fd=folder)
            self._close()

    def discard(self) -> None:
        """Remove it, unless it was committed; the old file stays."""
        if self._is_open:
            try:
                remove_file(self._folder, self._temp)
            finally:
                self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # left for `_remove_abandoned_files`
            self.discard()

    def _close(self) -> None:
        self._is_open = False
        os.close(self._fd)
        os.close(self._folder)


def _create_temporary(
    folder: int, final_name: bytes, mode: int | None
) -> tuple[bytes, int]:
    """Create a file that is locked as long as its descriptor is open.

    Returns:
        Its name and the descriptor.
    """
    _remove_abandoned_files(folder)
    temp = TEMP_PREFIX + secrets.token_hex(8).encode() + TEMP_SUFFIX
    with _errors_name(final_name):
        fd = create_file(temp, 0o666 if mode is None else mode, folder=folder)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if mode is not None:
            os.fchmod(fd, mode)
    except BaseException:
        os.close(fd)
        remove_file(folder, temp)
        raise
    return temp, fd


@contextmanager
def _errors_name(name: bytes) -> Iterator[None]:
    """Put the final name into an OSError in place of the temporary one."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fsdecode(name)) from error


def _remove_abandoned_files(folder: int) -> None:
    """Remove the temporary files of killed processes; once a folder."""
    found = os.fstat(folder)
    key = found.st_dev, found.st_ino
    if key in _searched_folders:
        return
    if len(_searched_folders) >= MAX_SEARCHED_FOLDERS:
        _searched_folders.clear()
    _searched_folders.add(key)
    with suppress(OSError), os.scandir(folder) as entries:
        names = [os.fsencode(entry.name) for entry in islice(entries, MAX_NAMES)]
        for name in names:
            if name.startswith(TEMP_PREFIX) and name.endswith(TEMP_SUFFIX):
                _remove_if_abandoned(folder, name)


def _remove_if_abandoned(folder: int, name: bytes) -> None:
    """Remove a temporary file, unless a living process has it locked."""
    try:
        fd = open_regular_file(folder, name)
    except (OSError, UnsafePathError):  # not ours
        return
    with os.fdopen(fd, "rb"), suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove_file(folder, name)


def begins_with(folder: int, name: bytes, marker: bytes) -> bool:
    """Return whether nothing has that name, or a regular file that begins so."""
    try:
        return read_regular_file(folder, name, len(marker)) == marker
    except FileNotFoundError:
        return True
    except (OSError, UnsafePathError):  # a link, a socket, a folder: not ours
        return False


def remove_if_ours(
    root: Path, parts: tuple[str, ...], name: bytes, marker: bytes
) -> None:
    """Remove a file of ours that is no longer needed; a file of a person stays.

    Raises:
        OSError: It cannot be removed.
    """
    try:
        # Nearly always there is none: one system call shows that, instead of ten.
        os.lstat(os.path.join(os.fsencode(root), *map(os.fsencode, parts), name))
        with open_dir(root, *parts) as folder:
            if begins_with(folder, name, marker):
                remove_file(folder, name)
    except (FileNotFoundError, UnsafePathError):
        return
