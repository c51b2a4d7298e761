"""The meaning of the kernel's error numbers for the host, and remedies. Pure data.

The numbers are those that open(2), rename(2), link(2), unlink(2), mkdir(2) and fsync(2)
may give, with what file systems of networks, FUSE and encrypted ones add.
"""

import errno
from enum import Enum
from typing import NamedTuple

from ytaudio_daemon.model.outcome import Failure, FailureKind


class Scope(Enum):
    """How far the cause of an error number reaches."""

    #: The whole machine: every job runs into it.
    MACHINE = "machine"
    #: One disk: every job that writes to it runs into it.
    DISK = "disk"
    #: One file or folder; others may be well.
    PATH = "path"


class HostError(NamedTuple):
    """The meaning of an error number, and what a person can do.

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


HOST_ERRORS = {
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
    errno.EUCLEAN: HostError(
        Scope.DISK,
        "io_error",
        "The file system is damaged.",
        "Have the file system of {place} repaired (fsck, xfs_repair), after a backup.",
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
        "(fuser -v), on a network share also on other computers.",
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
    errno.EAGAIN: HostError(  # open(2): a lease, such as a file server takes
        Scope.PATH,
        "in_use",
        "Another program has locked the file.",
        "End the program that has {place} open (lslocks, fuser -v); a file server lets "
        "go by itself.",
    ),
    errno.ETXTBSY: HostError(
        Scope.PATH,
        "in_use",
        "The file is a program that runs, or is in use for swapping.",
        "End the program that runs from {place} (fuser -v), or see `swapon --show`.",
    ),
    errno.EEXIST: HostError(
        Scope.PATH,
        "place_taken",
        "Something else has that name already.",
        "Move what is at {place} away.",
    ),
    errno.EMLINK: HostError(
        Scope.PATH,
        "too_many_entries",
        "The file system allows no more folders there, or no more names of the file.",
        "Move or remove some of what is in {place}, or put it on a file system that "
        "allows more, such as ext4, XFS or btrfs.",
    ),
    errno.EFBIG: HostError(
        Scope.PATH,
        "file_too_big",
        "A file would be bigger than this process, or the file system, allows.",
        "Raise the limit of a file's size (LimitFSIZE= of the service, ulimit -f), or "
        "put {place} on a file system that takes bigger files.",
    ),
    errno.EINVAL: HostError(
        Scope.PATH,
        "not_supported",
        "The file system does not take that name, or cannot do what is needed.",
        "Rename {place} without characters such as : ? * | or move it to a file system "
        "of Linux, such as ext4, XFS or btrfs.",
    ),
    errno.EILSEQ: HostError(
        Scope.PATH,
        "not_supported",
        "The file system takes only names in UTF-8.",
        "Rename {place}: use letters that every system knows.",
    ),
    errno.ENXIO: HostError(
        Scope.PATH,
        "not_a_file",
        "A pipe, a socket or a device is where a file belongs.",
        "Move what is at {place} away.",
    ),
    errno.ENOLCK: HostError(
        Scope.PATH,
        "not_supported",
        "The file system has no locks left, or its server gives none.",
        "Start the lock service of the server (rpc.statd for NFS), or put {place} on a "
        "local disk.",
    ),
    errno.ENOKEY: HostError(
        Scope.PATH,
        "permission_denied",
        "The folder is encrypted, and locked.",
        "Unlock the encrypted folder of {place} (fscrypt unlock).",
    ),
    errno.EKEYEXPIRED: HostError(
        Scope.PATH,
        "permission_denied",
        "The ticket for the file server has expired.",
        "Renew the ticket of the daemon's user for the server of {place} (kinit).",
    ),
    errno.ETIMEDOUT: HostError(
        Scope.PATH,
        "mount_lost",
        "The server of a mount does not answer.",
        "See whether the server of {place} runs and is reached (findmnt names it).",
    ),
    errno.ECONNABORTED: HostError(
        Scope.PATH,
        "mount_lost",
        "A mount was broken off.",
        "Mount the file system of {place} again (findmnt names it).",
    ),
}
_SAME = {
    errno.ENOSYS: errno.EOPNOTSUPP,
    errno.EOVERFLOW: errno.EOPNOTSUPP,
    errno.ENOTEMPTY: errno.EEXIST,
    errno.ENODEV: errno.ENXIO,
    errno.EKEYREVOKED: errno.EKEYEXPIRED,
    errno.EKEYREJECTED: errno.EKEYEXPIRED,
    errno.EHOSTDOWN: errno.ETIMEDOUT,
    errno.EREMOTEIO: errno.ETIMEDOUT,
    errno.ESHUTDOWN: errno.ECONNABORTED,
}
HOST_ERRORS.update({number: HOST_ERRORS[like] for number, like in _SAME.items()})
#: No process could be started: fork(2) gives EAGAIN, which other calls mean otherwise.
NO_PROCESSES = HostError(
    Scope.MACHINE,
    "no_processes",
    "The machine has no room for another process.",
    "Raise the limit of processes (TasksMax=, ulimit -u).",
)
#: EACCES where the permissions allow it.
LOCKED = HostError(
    Scope.PATH,
    "permission_denied",
    "It is refused although the permissions allow it.",
    "Another program or computer may have {place} open and locked; otherwise look for a "
    "security module (SELinux, AppArmor) or rules of the file server that forbid it.",
)
