"""Decides whether a file that the program found by itself may be trusted."""

import grp
import os
import pwd
import stat
from pathlib import Path


def first_untrusted_part(file: Path, folder: Path) -> Path | None:
    """Return what others than the caller and root can change of a file and its folders.

    The rule is that of git's safe.directory, and the mode besides. A link counts by its
    own owner as well as by its target's.

    Args:
        file: An existing file.
        folder: The uppermost folder to check; those above it are not checked.

    Returns:
        The uppermost such folder, or the file; None when nobody else can change any.

    Raises:
        OSError: As stat(2).
    """
    between = [path for path in file.parents if path.is_relative_to(folder)]
    for path in (*reversed(between), file):
        if not is_trusted_owner(path) or _others_can_write(path.stat()):
            return path
    return None


def is_trusted_owner(path: Path) -> bool:
    """Return whether a file, and a link to it, belong to the caller or to root.

    Raises:
        OSError: As stat(2).
    """
    return {path.stat().st_uid, path.lstat().st_uid} <= {0, os.geteuid()}


def _others_can_write(found: os.stat_result) -> bool:
    if found.st_mode & stat.S_IWGRP and not _is_private_group(found.st_gid):
        return True
    return bool(found.st_mode & stat.S_IWOTH)


def _is_private_group(gid: int) -> bool:
    """Return whether only the caller is in a group; never true for root.

    Where every user has a group of the same name, the umask is often 002 and all that
    a user makes may be written by that group (Debian's openssh has the same rule).
    """
    uid = os.geteuid()
    try:
        user, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    is_own = uid != 0 and user.pw_gid == gid and group.gr_name == user.pw_name
    return is_own and set(group.gr_mem) <= {user.pw_name}
