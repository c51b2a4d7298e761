"""Opens and renames files without following links, waiting, or replacing anything.

The users of sessions may attack one another: every path below a root is opened one
component at a time with O_NOFOLLOW, so that a folder swapped for a link is not followed.
"""

import ctypes
import errno
import functools
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.system import regular_files

DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: renameat2(2): fail with EEXIST where plain rename would replace silently.
RENAME_NOREPLACE = 1
#: Errors of renameat2(2) where the file system, or an old kernel, lacks that flag.
NOREPLACE_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
#: Errors of link(2) where a link is impossible: other disk, no links, too many,
#: protected.
LINK_UNSUPPORTED = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
)
#: The short name of a file on NTFS, as ntfs-3g(8) shows it.
NTFS_SHORT_NAME = "system.ntfs_dos_name"


@contextmanager
def open_dir(root: Path, *parts: str | bytes, make: bool = False) -> Iterator[int]:
    """Open a folder below a trusted root, no link followed on the way.

    Args:
        root: Trusted; links in it are followed (the operator chose them).
        parts: Names below it, each a single component.
        make: Create what is missing, with the process's umask.

    Yields:
        A file descriptor of the folder.

    Raises:
        UnsafePathError: A link or a plain file stands in the way.
        OSError: As open(2).
    """
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    with _open_below(fd, parts, make=make) as folder:
        yield folder


@contextmanager
def open_child(folder: int, *parts: str | bytes, make: bool = False) -> Iterator[int]:
    """Open a folder in an open folder, even if that has another path by now.

    Args:
        folder: The open folder.
        parts: Names below it, each a single component; none for the folder itself.
        make: Create what is missing, with the process's umask.

    Raises:
        UnsafePathError: A link or a plain file stands in the way.
        OSError: As open(2).
    """
    with _open_below(os.dup(folder), parts, make=make) as child:
        yield child


@contextmanager
def _open_below(fd: int, parts: Iterable[str | bytes], *, make: bool) -> Iterator[int]:
    """Walk down from a folder; its descriptor, and each on the way, is closed."""
    try:
        for part in parts:
            inner = _open_child(fd, part, make=make)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def _open_child(parent: int, name: str | bytes, *, make: bool) -> int:
    plain = os.fsencode(name)
    if plain in {b"", b".", b".."} or b"/" in plain:
        raise UnsafePathError(f"{name!r} is no plain folder name")
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=parent)
    try:
        return os.open(name, DIRECTORY_FLAGS, dir_fd=parent)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise UnsafePathError(
                f"{os.fsdecode(name)!r} is a link or a file where a folder should be",
                "Remove it; the daemon makes the folder.",
            ) from error
        raise


def open_regular_file(folder: int, name: str | bytes) -> int:
    """Open a file for reading that another user may have put there.

    A link is not followed, and a pipe's writer is not waited for.

    Args:
        folder: The open folder it lies in.
        name: The file's name.

    Returns:
        A descriptor, which the caller closes.

    Raises:
        UnsafePathError: It is a link, a pipe, a socket, a device or a folder.
        OSError: As open(2).
    """
    try:
        return regular_files.open_regular_file(name, folder=folder)
    except regular_files.NotRegularFileError as error:
        raise UnsafePathError(f"{os.fsdecode(name)} {error.strerror}") from error


def read_regular_file(folder: int, name: str | bytes, limit: int) -> bytes:
    """Return the first `limit` bytes of a file that another user may have put there.

    Raises:
        UnsafePathError: It is no regular file.
        OSError: It cannot be read.
    """
    with os.fdopen(open_regular_file(folder, name), "rb") as file:
        return file.read(limit)


def has_sha256(folder: int, name: str | bytes, sha256: str) -> bool:
    """Return whether a file has that content, read in full.

    Args:
        folder: The open folder it lies in.
        name: The file's name; no link is followed.
        sha256: Hex digits.

    Raises:
        UnsafePathError: It is no regular file.
        OSError: It is not there, or cannot be read.
    """
    with os.fdopen(open_regular_file(folder, name), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def is_plain_file(found: os.stat_result, file: int | Path) -> bool:
    """Return whether it is a regular file with one name.

    Args:
        found: What stat(2) says of it.
        file: Its descriptor or path.
    """
    return stat.S_ISREG(found.st_mode) and name_count(found, file) == 1


def name_count(found: os.stat_result, file: int | Path) -> int:
    """Return how many names a file has; the short one (8.3) that NTFS adds is none.

    ntfs-3g(8) counts it as a link, and shows it in an attribute that nobody can add to
    a file elsewhere.

    Args:
        found: What stat(2) says of it.
        file: Its descriptor or path; a link is not followed.
    """
    if found.st_nlink == 1:
        return 1
    try:
        if isinstance(file, int):
            os.getxattr(file, NTFS_SHORT_NAME)
        else:
            os.getxattr(file, NTFS_SHORT_NAME, follow_symlinks=False)
    except OSError:
        return found.st_nlink
    return found.st_nlink - 1


def mount_id(fd: int) -> str:
    """Return the ID of the mount that a descriptor is on.

    Not `st_dev`: on overlayfs, where containers live, a file and its folder may show
    different ones (proc(5), fdinfo; overlayfs.rst, "Inode properties").
    """
    info = os.open(f"/proc/self/fdinfo/{fd}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        lines = os.read(info, 4096).decode().splitlines()
    finally:
        os.close(info)
    return next(line for line in lines if line.startswith("mnt_id:"))


def rename_noreplace(
    src_dir: int, src: str | bytes, dst_dir: int, dst: str | bytes
) -> None:
    """Rename a file or folder, but never over another one.

    Raises:
        FileExistsError: The target is taken.
        OSError: As renameat2(2).
    """
    names = os.fsencode(src), os.fsencode(dst)
    if _libc().renameat2(src_dir, names[0], dst_dir, names[1], RENAME_NOREPLACE) == 0:
        return
    code = ctypes.get_errno()
    if code not in NOREPLACE_UNSUPPORTED:
        raise OSError(code, os.strerror(code), os.fsdecode(src), None, os.fsdecode(dst))
    _rename_noreplace_fallback(src_dir, src, dst_dir, dst)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _rename_noreplace_fallback(
    src_dir: int, src: str | bytes, dst_dir: int, dst: str | bytes
) -> None:
    """Rename where RENAME_NOREPLACE is missing: exFAT and NTFS through FUSE, old NFS.

    A file goes by link + unlink, which never replaces; where there are no links either,
    its target's name is reserved first. A folder cannot be linked; its target's name is
    a fresh UUID of ours, so a check before the rename is enough.
    """
    if not stat.S_ISREG(os.lstat(src, dir_fd=src_dir).st_mode):
        _require_free(dst_dir, dst)
        os.rename(src, dst, src_dir_fd=src_dir, dst_dir_fd=dst_dir)
        return
    try:
        os.link(src, dst, src_dir_fd=src_dir, dst_dir_fd=dst_dir, follow_symlinks=False)
    except OSError as error:
        if error.errno not in LINK_UNSUPPORTED:
            raise
        _rename_over_placeholder(src_dir, src, dst_dir, dst)
    else:
        os.unlink(src, dir_fd=src_dir)


def _rename_over_placeholder(
    src_dir: int, src: str | bytes, dst_dir: int, dst: str | bytes
) -> None:
    """Reserve a name with an empty file, made by this call or not at all; replace that.

    For a moment, or after a crash just then, the name has an empty file: such a file
    system offers nothing better. A file that another program puts there meanwhile stays.
    """
    fd = regular_files.create_file(dst, folder=dst_dir)
    try:
        placeholder = os.fstat(fd)
    finally:
        os.close(fd)  # a file that is open cannot be replaced everywhere
    try:
        found = os.lstat(dst, dir_fd=dst_dir)
        if not os.path.samestat(found, placeholder) or found.st_size:
            raise _name_taken(dst)
        os.rename(src, dst, src_dir_fd=src_dir, dst_dir_fd=dst_dir)
    except FileExistsError:
        raise
    except OSError:
        remove_file(dst_dir, dst)
        raise


def _require_free(folder: int, name: str | bytes) -> None:
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return
    raise _name_taken(name)


def _name_taken(name: str | bytes) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fsdecode(name))


def remove_file(folder: int, name: str | bytes) -> None:
    """Remove a file that may be gone already."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
