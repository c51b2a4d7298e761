"""Repeats, while the daemon runs, the checks of `ytaudio doctor` for its folders.

They are a few system calls. Programs, ledger, free space and yt-dlp are checked by the
services that use them.
"""

import math
from collections.abc import Iterable

import structlog

from ytaudio_daemon.daemon.problem_report import ProblemReport, report_of_check
from ytaudio_daemon.doctor import CheckResult, CheckStatus
from ytaudio_daemon.doctor.folder_checks import check_file_systems, check_tree_folders
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()

#: A trial rename writes to the disk, so it is made this often, in seconds; sooner if the
#: last one failed.
RENAME_CHECK_INTERVAL_S = 3600.0


class SelfCheck:
    """Checks the folders; a problem is gone with the first check that finds it mended.

    Args:
        layout: The tree.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._rename_check_due = -math.inf
        self._rename_problems: list[ProblemReport] = []
        self._last_found: list[ProblemReport] = []

    def run(self, settings: Settings, mono: float) -> list[ProblemReport]:
        """Return the broken checks.

        Args:
            settings: Section inbox.
            mono: `time.monotonic()`.
        """
        keeps = settings.inbox.after_intake == "keep"
        found = _broken_checks(check_tree_folders(self._layout, keeps_drops=keeps))
        if mono >= self._rename_check_due or self._rename_problems:
            self._rename_problems = _broken_checks(check_file_systems(self._layout))
            self._rename_check_due = mono + RENAME_CHECK_INTERVAL_S
        found += self._rename_problems
        if found != self._last_found:
            log.warning("place.looked_at", broken=[report.code for report in found])
            self._last_found = found
        return found


def _broken_checks(results: Iterable[CheckResult]) -> list[ProblemReport]:
    broken = (each for each in results if each.health is CheckStatus.BROKEN)
    return [report_of_check(result) for result in broken]
