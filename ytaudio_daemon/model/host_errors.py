"""The kernel's error numbers as public codes: one number, one code. Pure.

Every part that reports an `OSError` takes its code, its sentence and its remedy from
here, so that a full disk has one name in a job's error, in a gate and in `problems`.
"""

import errno
import os

from ytaudio_daemon.model.host_error_table import (
    HOST_ERRORS,
    NO_PROCESSES,
    HostError,
    Scope,
)

HOST_ERROR_CODES = frozenset(
    known.code for known in (*HOST_ERRORS.values(), NO_PROCESSES)
)
#: A write was refused for good: by a mode, a flag of the inode, or a read-only mount.
WRITE_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
#: Codes of earlier versions, which rows of old ledgers may still have.
CODE_ALIASES = {
    "no_descriptors": "too_many_files",
    "no_files": "too_many_files",
    "no_memory": "out_of_memory",
    "not_permitted": "permission_denied",
}


def find_host_error(number: int | None) -> HostError | None:
    """Return the meaning of an error number, None when it is not about the host.

    Args:
        number: `OSError.errno`, which is None when the kernel gave none.
    """
    return None if number is None else HOST_ERRORS.get(number)


def is_of_one_place(number: int | None) -> bool:
    """Return whether an error number concerns one folder only, and not the whole disk.

    EROFS counts as such: a read-only mount stays read-only until a person changes it.
    """
    found = find_host_error(number)
    return number == errno.EROFS or (found is not None and found.scope is Scope.PATH)


def find_host_error_in(text: str, numbers: frozenset[int]) -> HostError | None:
    """Return the meaning of one of `numbers` whose words (strerror(3)) are in `text`."""
    found = (number for number in sorted(numbers) if os.strerror(number) in text)
    return find_host_error(next(found, None))


def current_code(code: str) -> str:
    """Return today's name of a code that an earlier version may have written."""
    return CODE_ALIASES.get(code, code)
