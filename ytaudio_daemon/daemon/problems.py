"""What is wrong at the moment, each with since when."""

from collections.abc import Iterable

from ytaudio_daemon.daemon.step_problems import STEP_PROBLEM_CODES
from ytaudio_daemon.views.snapshot import DaemonProblem

#: With one of these the daemon calls itself degraded.
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
    },
)


class ProblemTracker:
    """Remembers when each problem was first seen."""

    def __init__(self) -> None:
        self._known: dict[str, DaemonProblem] = {}

    def update(
        self, found: Iterable[tuple[str, str, str]], wall: float
    ) -> list[DaemonProblem]:
        """Return the problems there are now.

        Args:
            found: (code, message, hint) of each; two of one code are told apart by
                their message.
            wall: Now.
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
        """Whether work is held up by something a person should mend."""
        return any(problem.code in DEGRADING_CODES for problem in self._known.values())
