"""Becomes the daemon's user when root runs a command, and refuses other users."""

import os
import pwd
import shlex
import sys
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.system.files import nearest_existing


def drop_privileges(context: CommandContext) -> None:
    """Become the owner of the state folder if we are root, with no way back.

    The daemon could neither change nor remove files that root makes there, and root must
    not trust the files there. The config file has been read before. The rights of any
    other user stay as they are.
    """
    owner = _owner_stat(context)
    os.umask(context.settings.paths.umask)
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    context.output.load()  # the owner may not be able to read our Python
    with suppress(KeyError):  # an owner without a name has no further groups
        os.initgroups(pwd.getpwuid(owner.st_uid).pw_name, owner.st_gid)
    os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
    os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)


def not_permitted_error(context: CommandContext, path: Path) -> UsageError:
    """Return the error for a user without the right, with the command that works."""
    return UsageError(
        f"{path}: you ({_user_name(os.geteuid())}) may not do that here",
        shlex.join(["sudo", "-u", daemon_user(context), "ytaudio", *sys.argv[1:]]),
    )


def daemon_user(context: CommandContext) -> str:
    """Return the name of the state folder's owner: the daemon's user."""
    return _user_name(daemon_uid(context))


def daemon_uid(context: CommandContext) -> int:
    """Return the user ID of the state folder's owner."""
    return _owner_stat(context).st_uid


def _owner_stat(context: CommandContext) -> os.stat_result:
    """Return the stat of the first that is not root's: state folder, its target, root.

    If the state folder is a link, its own owner goes first: the daemon's user may link
    to anything, `/tmp` say. The root folder goes last, for a state folder that root
    made by mistake in another user's tree.
    """
    state = nearest_existing(context.layout.state)
    root = nearest_existing(context.settings.paths.root)
    found = (state.lstat(), state.stat(), root.stat())
    return next((each for each in found if each.st_uid), found[0])


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"
