"""The present problems, each with the time since when it exists."""

from collections.abc import Iterable

from ytaudio_daemon.daemon.step_problems import STEP_PROBLEM_CODES
from ytaudio_daemon.model.gates import GateName
from ytaudio_daemon.views.snapshot import DaemonProblem

#: A problem as it is now: code, message, hint.
ProblemReport = tuple[str, str, str]
#: A key of the config has another value than the running daemon.
NEEDS_RESTART = "needs_restart"
#: Problems that make the daemon's state `degraded`.
DEGRADING_CODES = STEP_PROBLEM_CODES | frozenset(
    {
        "engine_outdated",
        "ffmpeg_missing",
        "folder_downloads",
        "folder_inbox",
        "host",
        "inbox_unreadable",
        "js_runtime_missing",
        "one_file_system",
        GateName.OUTAGE.value,
    },
)


class ProblemTracker:
    """Stores when each problem was first reported."""

    def __init__(self) -> None:
        self._known: dict[str, DaemonProblem] = {}

    def update(
        self, found: Iterable[ProblemReport], wall: float
    ) -> list[DaemonProblem]:
        """Replace the problems by the present ones, and return them.

        Args:
            found: (code, message, hint) of each; two with one code differ in the message.
            wall: The present, seconds since 1970.
        """
        fresh: dict[str, DaemonProblem] = {}
        for code, message, hint in found:
            key = f"{code}\0{message}"
            known = self._known.get(key)
            since = wall if known is None else known.since
            fresh[key] = DaemonProblem(
                code=code, message=message, hint=hint, since=since
            )
        self._known = fresh
        return list(fresh.values())

    @property
    def is_degraded(self) -> bool:
        """Whether a problem holds up all work: until a person mends it, or YouTube does."""
        return any(problem.code in DEGRADING_CODES for problem in self._known.values())
