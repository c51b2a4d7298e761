"""Checks of the installation, which find faults before a job does.

Each check yields results: the check's name, the severity, a sentence on what was found and
its consequence, and a remedy. `ytaudio doctor` prints them. The checks change nothing.
"""

import time
from collections.abc import Iterator

from ytaudio_daemon.doctor.check_result import CheckResult, CheckStatus
from ytaudio_daemon.doctor.cookie_checks import check_cookies_if_ledger
from ytaudio_daemon.doctor.folder_checks import check_folders
from ytaudio_daemon.doctor.inbox_checks import check_inbox_contents
from ytaudio_daemon.doctor.ledger_checks import check_ledger
from ytaudio_daemon.doctor.machine_checks import check_machine
from ytaudio_daemon.doctor.notify_checks import check_receivers
from ytaudio_daemon.doctor.program_checks import check_programs
from ytaudio_daemon.doctor.youtube_checks import check_token_provider
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.settings import Settings

__all__ = ["CheckResult", "CheckStatus", "check_installation", "check_programs"]


def check_installation(settings: Settings, layout: Layout) -> Iterator[CheckResult]:
    """Yield the results on folders, ledger, machine and receivers.

    They depend on the rights of the process, so it should run as the daemon's user.
    """
    keeps_drops = settings.inbox.after_intake == "keep"
    yield from check_folders(layout, settings.disk.reserve, keeps_drops=keeps_drops)
    yield from check_inbox_contents(layout)
    yield from check_ledger(settings.database)
    yield from check_cookies_if_ledger(settings, layout, time.time())
    yield from check_machine(layout.inbox)
    yield from check_receivers(settings.notify)
    yield from check_token_provider(settings.youtube.pot_provider)
