"""Landlock (Linux 5.13): a process gives up files for itself and its children.

Source: the kernel's `Documentation/userspace-api/landlock.rst` and `linux/landlock.h`.
No privilege is needed, and nothing brings back what was given up.
"""

import ctypes
import os
import stat
from collections.abc import Iterable
from contextlib import suppress

# Numbers of system calls, the same on all architectures but Alpha.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

#: Before it no file can be moved between two folders (`LANDLOCK_ACCESS_FS_REFER`).
MIN_ABI = 2
_TRUNCATE_ABI = 3
#: Signals and abstract sockets are held back from it on.
SCOPE_ABI = 6

# Access rights (`LANDLOCK_ACCESS_FS_*`).
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_CHANGE_FOLDERS = sum(1 << bit for bit in range(4, 14))  # REMOVE_DIR … REFER
_TRUNCATE = 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_WRITE = _WRITE_FILE | _CHANGE_FOLDERS | _TRUNCATE
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
#: `LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET` and `LANDLOCK_SCOPE_SIGNAL`.
_SCOPES = 1 << 0 | 1 << 1

StrPath = str | os.PathLike[str]

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    """`struct landlock_ruleset_attr`."""

    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    """`struct landlock_path_beneath_attr`."""

    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """Return the kernel's version of Landlock; 0 without it."""
    with suppress(OSError):  # an old kernel, or a filter of system calls
        return _call(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    return 0


def restrict_files(readable: Iterable[StrPath], writable: Iterable[StrPath]) -> bool:
    """Give up all files but those below some paths; processes outside get no signals.

    No process outside can be traced, or its memory read, either.

    Args:
        readable: Files and folders to be read and executed.
        writable: Files and folders to be read and changed. Paths that do not exist are
            left out; links are not followed.

    Returns:
        False where the kernel cannot do that: then nothing is given up.

    Raises:
        OSError: The kernel refused the rules; nothing is given up.
    """
    version = abi()
    if version < MIN_ABI:
        return False
    handled = _READ | _WRITE & (~0 if version >= _TRUNCATE_ABI else ~_TRUNCATE)
    scoped = _SCOPES if version >= SCOPE_ABI else 0
    attributes = _Ruleset(handled, 0, scoped)
    size = ctypes.sizeof(attributes) if scoped else ctypes.sizeof(ctypes.c_uint64)
    ruleset = _call(_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    try:
        for paths, access in ((readable, _READ), (writable, handled)):
            for path in paths:
                _allow(ruleset, path, access)
        if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise _last_error()
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, path: StrPath, access: int) -> None:
    with suppress(FileNotFoundError, PermissionError):
        place = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            mode = os.fstat(place).st_mode
            if not stat.S_ISLNK(mode):
                allowed = access if stat.S_ISDIR(mode) else access & _OF_FILES
                rule = _PathBeneath(allowed, place)
                _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
        finally:
            os.close(place)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise _last_error()
    return result


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"Landlock: {os.strerror(number)}")
