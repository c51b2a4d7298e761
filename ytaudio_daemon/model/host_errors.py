"""The kernel's error numbers as public codes: one number, one code. Pure data.

Every part that reports an `OSError` takes its code, its sentence and its remedy from
here, so that a full disk has one name in a job's error, in a gate and in `problems`.
"""

import errno
import os
from enum import Enum
from typing import NamedTuple

from ytaudio_daemon.model.outcome import Failure, FailureKind


class Scope(Enum):
    """What an error number says something about."""

    #: The whole machine: every job runs into it.
    MACHINE = "machine"
    #: One disk: every job that writes to it runs into it.
    DISK = "disk"
    #: One file or folder; others may be well.
    PATH = "path"


class HostError(NamedTuple):
    """What an error number means, and what a person can do.

    Attributes:
        scope: What else is affected.
        code: Public and stable, as in `error.code` and `problems`.
        cause: One plain sentence.
        remedy_template: One sentence; `{place}` is the file or folder.
    """

    scope: Scope
    code: str
    cause: str
    remedy_template: str

    def remedy(self, place: str = "") -> str:
        """Return what to do.

        Args:
            place: The file or folder it was, or "" when none is named.
        """
        return self.remedy_template.format(place=place or "the daemon's folders")

    def failure(self, message: str = "") -> Failure:
        """Return the failure of an attempt that ran into it; it closes the host gate.

        The remedy names no place: gates are shown to everybody, and a path may have
        the UUID of somebody's session in it.

        Args:
            message: What could not be done; the cause alone when "".
        """
        return Failure(
            kind=FailureKind.HOST,
            code=self.code,
            message=message or self.cause,
            hint=self.remedy(),
        )


_HOST_ERRORS = {
    errno.ENOMEM: HostError(
        Scope.MACHINE,
        "out_of_memory",
        "There is not enough memory.",
        "Free some memory, or lower [download] workers or converters.",
    ),
    errno.EMFILE: HostError(
        Scope.MACHINE,
        "too_many_files",
        "The daemon has too many files open.",
        "Raise LimitNOFILE= of the service (ulimit -n).",
    ),
    errno.ENFILE: HostError(
        Scope.MACHINE,
        "too_many_files",
        "Too many files are open on this computer.",
        "Raise the machine's limit of open files: sysctl fs.file-max.",
    ),
    errno.ENOSPC: HostError(
        Scope.DISK,
        "disk_full",
        "There is not enough free space on the disk.",
        "Make room on the disk of {place}.",
    ),
    errno.EDQUOT: HostError(
        Scope.DISK,
        "disk_full",
        "The disk quota of the daemon's user is used up.",
        "Raise the disk quota of the daemon's user, or make room.",
    ),
    errno.EROFS: HostError(
        Scope.DISK,
        "read_only",
        "The disk is mounted read-only.",
        "Mount the file system of {place} writable again; `dmesg` says why it is not, "
        "if the kernel did it.",
    ),
    errno.EIO: HostError(
        Scope.DISK,
        "io_error",
        "The disk reported an error.",
        "The disk of {place} fails: see `dmesg`, make a backup.",
    ),
    errno.EACCES: HostError(
        Scope.PATH,
        "permission_denied",
        "The daemon may not read or write where it must.",
        "Let the daemon's user read and write {place}; `ytaudio doctor` names the line.",
    ),
    errno.EPERM: HostError(
        Scope.PATH,
        "permission_denied",
        "The kernel forbids this to the daemon's user.",
        "Let the daemon's user own {place}; if it does, look for a flag (lsattr) or a "
        "sandbox (systemctl cat) that forbids it even to root.",
    ),
    errno.ENOENT: HostError(
        Scope.PATH,
        "folder_missing",
        "A file or folder is not there.",
        "Make {place} again, or restart the daemon.",
    ),
    errno.ENOTDIR: HostError(
        Scope.PATH,
        "not_a_folder",
        "Something else is where a folder belongs.",
        "A folder on the way to {place} is a file or a link: move that away.",
    ),
    errno.EISDIR: HostError(
        Scope.PATH,
        "not_a_file",
        "A folder is where a file belongs.",
        "Move the folder at {place} away.",
    ),
    errno.ELOOP: HostError(
        Scope.PATH,
        "symbolic_link",
        "A symbolic link is in the way; it is not followed.",
        "Put the real file or folder where the link {place} is.",
    ),
    errno.ENAMETOOLONG: HostError(
        Scope.PATH,
        "name_too_long",
        "A name is longer than the file system takes.",
        "Shorten the name or the path of {place}: most file systems take 255 bytes a "
        "name, encrypted ones 143.",
    ),
    errno.EBUSY: HostError(
        Scope.PATH,
        "in_use",
        "The file or folder is in use.",
        "Unmount what is mounted at {place} (findmnt), or end the program that uses it "
        "(fuser -v).",
    ),
    errno.EXDEV: HostError(
        Scope.PATH,
        "other_file_system",
        "Two folders that must be on one file system are on two.",
        "Remove the mount between {place} and the rest of the tree (findmnt), also "
        "a bind mount.",
    ),
    errno.EOPNOTSUPP: HostError(
        Scope.PATH,
        "not_supported",
        "The file system cannot do what is needed.",
        "Put {place} on a file system of Linux, such as ext4, XFS or btrfs.",
    ),
    errno.ENOTCONN: HostError(
        Scope.PATH,
        "mount_lost",
        "The program behind a mount has ended.",
        "Mount the file system of {place} again (findmnt names it).",
    ),
    errno.ESTALE: HostError(
        Scope.PATH,
        "mount_lost",
        "The server of a mount no longer knows the folder.",
        "Mount the file system of {place} again (findmnt names it).",
    ),
}
_HOST_ERRORS[errno.ENOSYS] = _HOST_ERRORS[errno.EOPNOTSUPP]

HOST_ERROR_CODES = frozenset(known.code for known in _HOST_ERRORS.values())
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
    """Return what an error number means, None when it says nothing about the host.

    Args:
        number: `OSError.errno`, which is None when the kernel gave none.
    """
    return None if number is None else _HOST_ERRORS.get(number)


def is_of_one_place(number: int | None) -> bool:
    """Return whether an error number says that other folders may be well.

    That of a read-only mount does, too: it stays so until a person changes it.
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
