"""Writes the log to files once the terminal that showed it is closed."""

import os
from pathlib import Path

import structlog

from ytaudio_daemon.daemon.problem_report import ProblemReport
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import logs

log = structlog.get_logger()

STDERR = 2


class TerminalLog:
    """Watches the terminal that `ytaudio run` was started from.

    A daemon outlives its terminal, whose end is a SIGHUP like that of a reload. Without
    `[log] directory` nothing would be logged from then on.

    Args:
        settings: Sections log and paths, as loaded at the start.
    """

    def __init__(self, settings: Settings) -> None:
        self._is_watched = settings.log.directory is None and os.isatty(STDERR)
        self._directory = settings.paths.root / "logs"
        self._problems: list[ProblemReport] = []

    def check(self) -> list[ProblemReport]:
        """Return the problem that the terminal is gone, if it is."""
        if self._is_watched and not os.isatty(STDERR):  # a hangup ends it, too: EIO
            self._is_watched = False
            self._problems = [_closed_problem(_log_to_files(self._directory))]
        return self._problems


def _log_to_files(directory: Path) -> str:
    """Add log files; return what became of the log, as the end of a sentence."""
    try:
        logs.add_files(directory)
    except OSError as error:
        return f"is lost: {error}"
    log.warning("log.terminal_closed", directory=str(directory))
    return f"goes on in {directory}"


def _closed_problem(where: str) -> ProblemReport:
    return ProblemReport(
        "terminal_closed",
        f"The terminal that the daemon was started from was closed; its log {where}.",
        f"It goes on; to stop it: kill {os.getpid()}. [log] directory names a folder.",
    )
