"""Files that grow out of sight, over many steps, and appear whole in one rename."""

import os
from contextlib import ExitStack
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.safe_open import STATUS_MODE, open_dir, remove_file


class AtomicFileWriter:
    """A file that is written in pieces; readers see the old one until it `commit`s.

    Args:
        root: Trusted; below it no link is followed.
        parts: The folders below the root.
        name: Its final name.
        mode: Permissions, not masked; None leaves them to the umask, for files that
            the people who drop files read.
        make: Create missing folders.

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
    ) -> None:
        self._name = name
        self._temp = b"." + name + b".tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with ExitStack() as opened:
            folder = opened.enter_context(open_dir(root, *parts, make=make))
            fd = os.open(
                self._temp, flags, 0o666 if mode is None else mode, dir_fd=folder
            )
            if mode is not None:
                os.fchmod(fd, mode)
            self._folder = os.dup(folder)
        self._fd = fd

    def write(self, chunk: bytes) -> None:
        """Append a piece."""
        left = memoryview(chunk)
        while left:
            left = left[os.write(self._fd, left) :]

    def commit(self, marker: bytes = b"") -> None:
        """Take its final name.

        Args:
            marker: How files of this kind begin: one that begins otherwise is not
                ours and is never replaced.

        Raises:
            UnsafePathError: Something that is not ours has the name.
            OSError: The rename failed.
        """
        if marker and not begins_with(self._folder, self._name, marker):
            self.discard()
            raise UnsafePathError(
                f"{os.fsdecode(self._name)!r} is not ours and was left as it is",
                "Rename or remove that file; the daemon then writes its own.",
            )
        os.replace(
            self._temp, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder
        )
        self._close()

    def discard(self) -> None:
        """Leave no trace of it."""
        try:
            remove_file(self._folder, self._temp)
        finally:
            self._close()

    def _close(self) -> None:
        os.close(self._fd)
        os.close(self._folder)


def begins_with(folder: int, name: bytes, marker: bytes) -> bool:
    """Return whether nothing has that name, or a plain file that begins so."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        return True
    except OSError:  # a link, a socket: not ours
        return False
    try:
        return os.pread(fd, len(marker), 0) == marker
    except OSError:  # a folder
        return False
    finally:
        os.close(fd)


def remove_if_ours(
    root: Path, parts: tuple[str, ...], name: bytes, marker: bytes
) -> None:
    """Remove a file of ours that is no longer needed; anybody else's stays.

    Raises:
        OSError: It cannot be removed.
    """
    try:
        with open_dir(root, *parts) as folder:
            if begins_with(folder, name, marker):
                remove_file(folder, name)
    except (FileNotFoundError, UnsafePathError):
        return
