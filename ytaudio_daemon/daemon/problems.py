"""The present problems since when they exist; those of gates and inbox in words. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from ytaudio_daemon.daemon.step_problems import STEP_PROBLEM_CODES
from ytaudio_daemon.intake.ignored_files import MAX_LISTED, IgnoredFiles
from ytaudio_daemon.model.egress import EGRESS_GATES, Egress, gates_at, gates_for_all
from ytaudio_daemon.model.gates import Gate, GateName, GateState
from ytaudio_daemon.model.hints import Circumstances, gate_hint
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
    }
)
#: Files that are named one by one; `doctor` and the session's status name more.
MAX_NAMED_FILES = 20


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
        return gate.name.value, gate.reason, gate.hint
    is_one_of_several = gate.name in EGRESS_GATES and len(egresses) > 1
    names = [f" by {one.name}" for one in egresses if one.key == gate.egress]
    by = "".join(names) if is_one_of_several else ""
    return (
        gate.name.value,
        f"{_opening(gate, by, wall)}: {gate.reason}",
        gate_hint(gate, circumstances) or "It continues by itself.",
    )


def _problem_of_one(gate: Gate, egress: Egress, wall: float) -> ProblemReport:
    return (
        "egress_closed",
        f"{_opening(gate, f' by {egress.name}', wall)}: {gate.reason}",
        "Nothing to do: the other egresses go on, and this one by itself.",
    )


def _opening(gate: Gate, by: str, wall: float) -> str:
    """Return until when nothing is started, or what shows whether it is over."""
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
        yield code, message, hint
    for message, hint in ignored_files.unmovable_folders.reports():
        yield "drop_not_movable", message, hint
    for path, reason in ignored_files.waiting:
        yield "drop_waits", f"{path}: {reason}", "It is tried again at every scan."
    for folder, reason in ignored_files.folders.items():
        yield (
            "bad_session_folder",
            f"inbox/{folder}: {reason}",
            "Correct that, or move the folder away; nothing in it is read until then.",
        )
    yield from _not_taken_problems(ignored_files)


def _not_taken_problems(ignored_files: IgnoredFiles) -> Iterator[ProblemReport]:
    not_taken = ignored_files.not_taken
    for path, reason in not_taken[:MAX_NAMED_FILES]:
        yield (
            "file_not_taken",
            f"{path} is not taken: {reason}",
            "Put that right, or move it out of the inbox.",
        )
    more = len(not_taken) - MAX_NAMED_FILES
    if more > 0:
        at_least = "at least " if len(not_taken) == MAX_LISTED else ""
        yield (
            "file_not_taken",
            f"{at_least}{more} more files in the inbox are not taken",
            "`ytaudio status SESSION` names those of a session.",
        )
