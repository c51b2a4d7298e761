"""Folders that only the daemon uses, among folders that others may write in."""

import errno
import os
import stat
import tempfile
from pathlib import Path

from ytaudio_daemon.folders.safe_open import DIRECTORY_FLAGS


def make_private(folder: Path) -> None:
    """Make a folder that only the daemon uses; a setgid bit that it inherits stays.

    It could not be set again where systemd's `RestrictSUIDSGID=` is in force. Somebody
    else's folder is refused: its owner could open it again at any time.
    """
    folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    try:
        fd = os.open(folder, DIRECTORY_FLAGS)
    except NotADirectoryError as error:  # a link may lead anywhere
        raise NotADirectoryError(errno.ENOTDIR, "it is a link", str(folder)) from error
    try:
        found = os.fstat(fd)
        is_ours = found.st_uid == os.geteuid()
        if not is_ours and found.st_uid != _owner_of_new_folder(folder.parent):
            raise FileExistsError(
                errno.EEXIST, "it belongs to another user", str(folder)
            )
        if stat.S_IMODE(found.st_mode) & ~stat.S_ISGID != stat.S_IRWXU:
            os.fchmod(fd, stat.S_IRWXU)
    finally:
        os.close(fd)


def _owner_of_new_folder(parent: Path) -> int:
    """Return whose a folder is that we make: not ours on a mount that maps users."""
    probe = Path(tempfile.mkdtemp(prefix=".ytaudio-", dir=parent))
    try:
        return probe.stat().st_uid
    finally:
        probe.rmdir()
