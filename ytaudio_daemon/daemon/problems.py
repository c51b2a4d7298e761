"""Stores since when problems exist; describes those of gates and inbox. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from ytaudio_daemon.daemon.problem_report import ProblemReport
from ytaudio_daemon.daemon.step_problems import STEP_PROBLEM_CODES
from ytaudio_daemon.intake.ignored_files import MAX_LISTED, IgnoredFiles
from ytaudio_daemon.model.egress import EGRESS_GATES, Egress, gates_at, gates_for_all
from ytaudio_daemon.model.gates import Gate, GateName, GateState
from ytaudio_daemon.model.hints import Circumstances, gate_hint
from ytaudio_daemon.views.snapshot import DaemonProblem

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
    }
)
#: Files that are named one by one; `doctor` and the session's status name more.
MAX_NAMED_FILES = 20


class ProblemTracker:
    """Stores when each problem was first reported."""

    def __init__(self) -> None:
        #: By code and message.
        self._known: dict[tuple[str, str], DaemonProblem] = {}

    def update(
        self, found: Iterable[ProblemReport], wall: float
    ) -> list[DaemonProblem]:
        """Replace the problems by the present ones, and return them.

        Args:
            found: The present problems.
            wall: The present, seconds since 1970.
        """
        present: dict[tuple[str, str], DaemonProblem] = {}
        for report in found:
            key = report.code, report.message
            known = self._known.get(key)
            since = wall if known is None else known.since
            present[key] = DaemonProblem(**report._asdict(), since=since)
        self._known = present
        return list(present.values())

    @property
    def is_degraded(self) -> bool:
        """Whether a problem stops all work, until a person or YouTube mends it."""
        return any(problem.code in DEGRADING_CODES for problem in self._known.values())


def gate_problems(
    egresses: Sequence[Egress],
    closed: Sequence[Gate],
    circumstances: Circumstances,
    wall: float,
) -> Iterator[ProblemReport]:
    """Yield a problem for each closed gate of a configured egress.

    Args:
        egresses: All that are configured.
        closed: The closed gates.
        circumstances: Of this installation, for the hints.
        wall: Now, seconds since 1970.
    """
    for_all = gates_for_all([egress.key for egress in egresses], closed)
    for gate in for_all:
        yield _problem_for_all(gate, egresses, circumstances, wall)
    for egress in egresses:
        for gate in gates_at(egress.key, closed):
            if gate not in for_all:
                yield _problem_of_one(gate, egress, wall)


def _problem_for_all(
    gate: Gate, egresses: Sequence[Egress], circumstances: Circumstances, wall: float
) -> ProblemReport:
    if gate.name is GateName.OUTAGE:  # the same text all the time: it is one problem
        return ProblemReport(gate.name.value, gate.reason, gate.hint)
    is_one_of_several = gate.name in EGRESS_GATES and len(egresses) > 1
    names = [f" by {one.name}" for one in egresses if one.key == gate.egress]
    by = "".join(names) if is_one_of_several else ""
    return ProblemReport(
        gate.name.value,
        f"{_opening(gate, by, wall)}: {gate.reason}",
        gate_hint(gate, circumstances) or "It continues by itself.",
    )


def _problem_of_one(gate: Gate, egress: Egress, wall: float) -> ProblemReport:
    return ProblemReport(
        "egress_closed",
        f"{_opening(gate, f' by {egress.name}', wall)}: {gate.reason}",
        "Nothing to do: the other egresses go on, and this one by itself.",
    )


def _opening(gate: Gate, by: str, wall: float) -> str:
    """Return the first words: until when nothing starts, or which download probes."""
    state = gate.state(wall)
    if state is GateState.PROBING:
        return f"One download runs{by} to see whether it is over"
    if state is GateState.DUE:
        return f"The next download{by} shows whether it is over"
    until = datetime.fromtimestamp(gate.until, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"No downloads are started{by} until {until}"


def inbox_problems(ignored_files: IgnoredFiles) -> Iterator[ProblemReport]:
    """Yield a problem for everything in the inbox that is not taken."""
    for code, (message, hint) in ignored_files.inbox_problems.items():
        yield ProblemReport(code, message, hint)
    for message, hint in ignored_files.unmovable_folders.reports():
        yield ProblemReport("drop_not_movable", message, hint)
    for path, reason in ignored_files.waiting:
        hint = "It is tried again at every scan."
        yield ProblemReport("drop_waits", f"{path}: {reason}", hint)
    for folder, reason in ignored_files.folders.items():
        yield ProblemReport(
            "bad_session_folder",
            f"inbox/{folder}: {reason}",
            "Correct that, or move the folder away; nothing in it is read until then.",
        )
    yield from _not_taken_problems(ignored_files)


def _not_taken_problems(ignored_files: IgnoredFiles) -> Iterator[ProblemReport]:
    not_taken = ignored_files.not_taken
    for path, reason in not_taken[:MAX_NAMED_FILES]:
        yield ProblemReport(
            "file_not_taken",
            f"{path} is not taken: {reason}",
            "Put that right, or move it out of the inbox.",
        )
    more = len(not_taken) - MAX_NAMED_FILES
    if more > 0:
        at_least = "at least " if len(not_taken) == MAX_LISTED else ""
        yield ProblemReport(
            "file_not_taken",
            f"{at_least}{more} more files in the inbox are not taken",
            "`ytaudio status SESSION` names those of a session.",
        )
