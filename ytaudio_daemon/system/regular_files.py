"""Opening files in folders where other people may write. The only place that does.

Somebody may have laid a pipe, a link, a device or another name of a precious file where
this program reads or writes. So a link is not followed, a pipe is not waited for, what
is no regular file is refused, and a new file is made by this call or not at all.
`tests/unit/test_file_access.py` proves that nothing else opens files, but for a list of
exceptions with their reasons.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

Name = str | bytes | Path

#: Of a status document: a session of a hundred thousand jobs has some 100 MB.
MAX_DOCUMENT_BYTES = 128 << 20

_SAFE_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC
#: open(2): a link (O_NOFOLLOW), a socket or a pipe without a reader.
_NOT_REGULAR = frozenset({errno.ELOOP, errno.ENXIO})


class NotRegularFileError(OSError):
    """A link, a pipe, a socket, a device or a folder."""


def open_regular_file(
    path: Name, *, folder: int | None = None, follow_links: bool = False
) -> int:
    """Open a regular file for reading.

    Args:
        path: Its path, or its name in `folder`.
        folder: A descriptor of the folder it lies in.
        follow_links: Only for paths that the caller's user chose, who may use links.

    Returns:
        A descriptor, which the caller closes.

    Raises:
        NotRegularFileError: It is something else.
        OSError: As open(2).
    """
    flags = os.O_RDONLY if follow_links else os.O_RDONLY | os.O_NOFOLLOW
    return _open_regular(path, flags, folder)


def read_regular_file(path: Path, limit: int, *, follow_links: bool = False) -> bytes:
    """Return the content of a regular file.

    Args:
        path: Its path.
        limit: In bytes; what is bigger is not ours.
        follow_links: As in `open_regular_file`.

    Raises:
        NotRegularFileError: It is something else.
        OSError: As open(2); EFBIG when it is bigger than the limit.
    """
    with os.fdopen(open_regular_file(path, follow_links=follow_links), "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return content


def open_own_file(path: Path, mode: int, *, flags: int = os.O_RDWR) -> int:
    """Open a file of ours for writing under a fixed name; it is made when missing.

    Nothing is truncated, and the permissions of an existing file stay as they are.

    Args:
        path: Its path.
        mode: Permissions of a new file, masked by the umask.
        flags: O_RDWR or O_WRONLY, and O_APPEND if wanted.

    Raises:
        NotRegularFileError: It is something else.
        OSError: As open(2).
    """
    return _open_regular(path, flags | os.O_CREAT | os.O_NOFOLLOW, None, mode)


def create_file(
    path: Name, mode: int = 0o666, *, folder: int | None = None, replace: bool = False
) -> int:
    """Create a file that nobody else has, and open it for writing.

    Args:
        path: Its path, or its name in `folder`; unguessable where others may write, as
            they could take a known one first.
        mode: Its permissions, masked by the umask.
        folder: A descriptor of the folder.
        replace: Remove what has the name; it is neither opened nor followed.

    Raises:
        FileExistsError: The name is taken.
        OSError: As open(2).
    """
    if replace:
        with suppress(FileNotFoundError):
            os.unlink(path, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | _SAFE_FLAGS
    return os.open(path, flags, mode, dir_fd=folder)


def _open_regular(path: Name, flags: int, folder: int | None, mode: int = 0) -> int:
    try:
        fd = os.open(path, flags | _SAFE_FLAGS, mode, dir_fd=folder)
    except OSError as error:
        if error.errno in _NOT_REGULAR:
            raise _not_regular(path, error.errno) from error
        raise
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        os.close(fd)
        raise _not_regular(path, errno.EISDIR if stat.S_ISDIR(mode) else errno.ENXIO)
    return fd


def _not_regular(path: Name, number: int) -> NotRegularFileError:
    is_link = number == errno.ELOOP
    what = "is a symbolic link" if is_link else "is not a plain file"
    return NotRegularFileError(number, what, os.fsdecode(path))
