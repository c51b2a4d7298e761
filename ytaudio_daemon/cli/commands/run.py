"""`run`: runs the daemon in the foreground until Ctrl-C or SIGTERM."""

import os
import shlex
import sys

from ytaudio_daemon import daemon
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.privileges import daemon_uid, daemon_user
from ytaudio_daemon.errors import UsageError


def run(context: CommandContext) -> int:
    """Run the daemon and return its exit status.

    Raises:
        UsageError: We are root, and the tree is another user's, who could not change
            the files that root makes there.
    """
    owner = daemon_uid(context)
    if os.geteuid() == 0 and owner != 0:
        name = daemon_user(context)
        as_owner = shlex.join(["sudo", "-u", name, "ytaudio", *sys.argv[1:]])
        raise UsageError(
            f"{context.settings.paths.root} is {name}'s; root's files there would lock "
            f"{name} out",
            context.start_command() if context.has_system_service else as_owner,
        )
    return daemon.run(context.settings)
