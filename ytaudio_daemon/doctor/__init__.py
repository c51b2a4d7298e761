"""Look for what is missing or broken before it hurts. Nothing is changed, or printed.

Each check returns findings: what was looked at, whether it is all right, what that
means, and what a person can do. `ytaudio doctor` prints them.
"""

from collections.abc import Iterator

from ytaudio_daemon.doctor.check_result import CheckResult, CheckStatus
from ytaudio_daemon.doctor.folder_checks import check_folders
from ytaudio_daemon.doctor.ledger_checks import check_ledger
from ytaudio_daemon.doctor.machine_checks import check_machine
from ytaudio_daemon.doctor.notify_checks import check_receivers
from ytaudio_daemon.doctor.ytdlp_checks import check_programs
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.ytdlp_versions.version_store import version_store

__all__ = [
    "CheckResult",
    "CheckStatus",
    "check_installation",
    "check_programs",
    "run_checks",
]


def run_checks(
    settings: Settings, layout: Layout, wall: float
) -> Iterator[CheckResult]:
    """Yield what every check found, as it is found.

    Args:
        settings: In effect.
        layout: The tree that they name.
        wall: Now, seconds since 1970 UTC.
    """
    yield from check_programs(wall, version_store(layout.state).active())
    yield from check_installation(settings, layout)


def check_installation(settings: Settings, layout: Layout) -> Iterator[CheckResult]:
    """Yield what was found of this place; looked at with the caller's rights."""
    keeps_drops = settings.inbox.after_intake == "keep"
    yield from check_folders(layout, settings.disk.reserve, keeps_drops=keeps_drops)
    yield from check_ledger(settings.database.url)
    yield from check_machine(layout.inbox)
    yield from check_receivers(settings.notify)
