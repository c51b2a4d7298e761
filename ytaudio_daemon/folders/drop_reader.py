"""Reads a drop that its writer may still be changing."""

import errno
import hashlib
import io
import os
from pathlib import Path

from ytaudio_daemon.errors import DropChangedError, UnsafePathError
from ytaudio_daemon.folders.inbox import (
    InboxFile,
    file_identity,
    open_drop_folder,
    split_path,
)
from ytaudio_daemon.folders.open_dirs import OpenDirs
from ytaudio_daemon.folders.safe_open import is_plain_file, mount_id, open_regular_file

READ_BLOCK = 1 << 20


class DropReader:
    """Reads and hashes one drop in pieces, and detects a change meanwhile.

    Args:
        inbox: The inbox root.
        inbox_file: The file as the scan found it; it must still be that one.
        open_dirs: Opens its folder, for all drops that are read together.

    Raises:
        DropChangedError: Another file has the name by now, or it was written to.
        UnsafePathError: A link, a pipe or a folder has the name by now.
        OSError: It cannot be opened.
    """

    def __init__(self, inbox: Path, inbox_file: InboxFile, open_dirs: OpenDirs) -> None:
        self._inbox = inbox
        self._inbox_file = inbox_file
        self._hash = hashlib.sha256()
        self._content = io.BytesIO()  # grows in place: the content is there only once
        subfolders, last = split_path(inbox_file.name)
        folder = open_dirs.folder(inbox, *inbox_file.location.parts, *subfolders)
        self._fd = open_regular_file(folder, last)
        is_mounted_here = mount_id(folder) == mount_id(self._fd)
        is_unchanged = self._is_unchanged(os.fstat(self._fd))
        if not is_mounted_here or not is_unchanged:
            self.close()
        if not is_unchanged:
            raise DropChangedError("the drop changed before it was read")
        # As `docker run -v list.txt:…` does; such a file cannot be moved.
        if not is_mounted_here:
            raise OSError(errno.EBUSY, "something is mounted on the file")

    def read_some(self, blocks: int = 8) -> bool:
        """Read up to `blocks` MiB; returns whether the end is reached.

        Raises:
            DropChangedError: It grew by more than 2 MiB meanwhile.
            OSError: It cannot be read.
        """
        for _ in range(blocks):
            block = os.read(self._fd, READ_BLOCK)
            if not block:
                return True
            self._hash.update(block)
            self._content.write(block)
            if self._content.tell() > self._inbox_file.size + 2 * READ_BLOCK:
                raise DropChangedError("the drop grew while it was read")
        return False

    def content(self) -> tuple[bytes, str]:
        """Return the whole content and its SHA-256; call it when the end is reached.

        Raises:
            DropChangedError: It was written to while it was read, or replaced.
        """
        if not self._is_unchanged(os.fstat(self._fd)) or not self._is_in_place():
            raise DropChangedError("the drop changed while it was read")
        return self._content.getvalue(), self._hash.hexdigest()

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _is_unchanged(self, found: os.stat_result) -> bool:
        # It is regular: `open_regular_file` opened it.
        may_be_read = self._inbox_file.has_hard_links or is_plain_file(found, self._fd)
        return may_be_read and file_identity(found) == self._inbox_file.identity

    def _is_in_place(self) -> bool:
        """Return whether its path still leads to it: its disk may have been unmounted."""
        try:
            location, name = self._inbox_file.location, self._inbox_file.name
            with open_drop_folder(self._inbox, location, name) as (folder, last):
                found = os.lstat(last, dir_fd=folder)
        except (FileNotFoundError, UnsafePathError):
            return False
        return file_identity(found) == self._inbox_file.identity
