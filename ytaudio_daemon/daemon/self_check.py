"""What `ytaudio doctor` would find of this place, looked at by the daemon itself.

Only what takes no time: a few questions to the kernel. Programs, ledger, room and
yt-dlp are minded all the time by those who use them.
"""

import math
from collections.abc import Iterable

import structlog

from ytaudio_daemon.doctor import Finding, Health
from ytaudio_daemon.doctor.folder_checks import file_system_findings, folder_findings
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()

#: Trying a rename writes to the disk, so it is done this often, in seconds, unless it
#: went wrong last time.
RENAME_EVERY_S = 3600.0
#: (code, message, hint), as `daemon.problems` takes them.
Trouble = tuple[str, str, str]


class Checkup:
    """Looks at the folders; what is broken heals in the list when it is mended.

    Args:
        layout: The tree.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._rename_due = -math.inf
        self._rename: list[Trouble] = []
        self._known: list[Trouble] = []

    def look(self, settings: Settings, mono: float) -> list[Trouble]:
        """Return what is broken now.

        Args:
            settings: Section inbox.
            mono: `time.monotonic()`.
        """
        keeps = settings.inbox.after_intake == "keep"
        found = _broken(folder_findings(self._layout, keeps_drops=keeps))
        if mono >= self._rename_due or self._rename:
            self._rename = _broken(file_system_findings(self._layout))
            self._rename_due = mono + RENAME_EVERY_S
        found += self._rename
        if found != self._known:
            log.warning("place.looked_at", broken=[code for code, _, _ in found])
            self._known = found
        return found


def _broken(findings: Iterable[Finding]) -> list[Trouble]:
    return [
        (found.name, f"{found.message}.", found.remedy)
        for found in findings
        if found.health is Health.BROKEN
    ]
