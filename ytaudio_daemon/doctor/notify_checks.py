"""Checks that what the receivers of [notify] need is installed. Sends nothing."""

import shutil
from collections.abc import Iterator

from ytaudio_daemon.doctor.check_result import CheckResult, broken, ok, warning
from ytaudio_daemon.errors import ConfigError
from ytaudio_daemon.notify.receivers import receivers_of, require_apprise
from ytaudio_daemon.settings import NotifySettings


def check_receivers(notify: NotifySettings) -> Iterator[CheckResult]:
    """Yield the result on the receivers; nothing when there are none."""
    receivers = receivers_of(notify)
    if not receivers:
        return
    try:
        require_apprise(notify)
    except ConfigError as error:
        message = f"{error.message}; the daemon does not start like that"
        yield broken("notify", message, error.hint)
        return
    if notify.command and shutil.which(notify.command[0]) is None:
        program = notify.command[0]
        yield warning(
            "notify",
            f"[notify] command: {program} is not there, or may not be run",
            f"chmod +x {program}, or change the setting",
        )
        return
    names = ", ".join(receiver.name for receiver in receivers)
    yield ok("notify", f"told are: {names} (`ytaudio notify test` tries them)")
