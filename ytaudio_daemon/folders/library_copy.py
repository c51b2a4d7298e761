"""A second name for an open file, or a copy where there can be none."""

import fcntl
import os
from collections.abc import Generator

from ytaudio_daemon.folders.safe_open import LINK_UNSUPPORTED
from ytaudio_daemon.system.regular_files import create_file

#: ioctl(2) FICLONE, include/uapi/linux/fs.h: share the blocks of another file.
FICLONE = 0x40049409
#: Copied and synced in one step, in bytes.
COPY_BLOCK = 8 << 20


def link_or_copy(source: int, folder: int, name: str) -> Generator[None]:
    """Make a hard link; if that is impossible, a reflink; if that is, too, a copy.

    The link is made to the open file, not by its name: people may write in downloads,
    and another file or a symbolic link may have that name by now.
    """
    try:
        # The link in /proc is followed to the open file (linkat(2), AT_SYMLINK_FOLLOW).
        os.link(
            f"/proc/self/fd/{source}", name, dst_dir_fd=folder, follow_symlinks=True
        )
    except OSError as error:
        if error.errno not in LINK_UNSUPPORTED:
            raise
    else:
        return
    found = os.fstat(source)
    fd = create_file(name, found.st_mode & 0o777, folder=folder)
    try:
        try:
            fcntl.ioctl(fd, FICLONE, source)
        except OSError:  # most file systems cannot
            yield from _copy(source, fd)
        os.utime(fd, ns=(found.st_atime_ns, found.st_mtime_ns))
    finally:
        os.close(fd)


def _copy(source: int, target: int) -> Generator[None]:
    offset = 0
    while sent := os.sendfile(target, source, offset, COPY_BLOCK):
        os.fdatasync(target)  # piece by piece, so that no step waits for all of it
        offset += sent
        yield
