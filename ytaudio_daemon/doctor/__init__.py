"""Look for what is missing or broken before it hurts. Nothing is changed, or printed.

Each check returns findings: what was looked at, whether it is all right, what that
means, and what a person can do. `ytaudio doctor` prints them.
"""

from collections.abc import Iterator

from ytaudio_daemon.doctor.check_result import Finding, Health
from ytaudio_daemon.doctor.folder_checks import place_findings
from ytaudio_daemon.doctor.ledger_checks import record_findings
from ytaudio_daemon.doctor.machine_checks import machine_findings
from ytaudio_daemon.doctor.notify_checks import telling_findings
from ytaudio_daemon.doctor.ytdlp_checks import engine_findings
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.ytdlp_versions.version_store import shelf_of

__all__ = ["Finding", "Health", "engine_findings", "examine", "site_findings"]


def examine(settings: Settings, layout: Layout, wall: float) -> Iterator[Finding]:
    """Yield what every check found, as it is found.

    Args:
        settings: In effect.
        layout: The tree that they name.
        wall: Now, seconds since 1970 UTC.
    """
    yield from engine_findings(wall, shelf_of(layout.state).chosen())
    yield from site_findings(settings, layout)


def site_findings(settings: Settings, layout: Layout) -> Iterator[Finding]:
    """Yield what was found of this place; looked at with the caller's rights."""
    keeps_drops = settings.inbox.after_intake == "keep"
    yield from place_findings(layout, settings.disk.reserve, keeps_drops=keeps_drops)
    yield from record_findings(settings.database.url)
    yield from machine_findings(layout.inbox)
    yield from telling_findings(settings.notify)
