"""The problems that closed gates are: of all downloads, or of one egress. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ytaudio_daemon.daemon.problems import ProblemReport
from ytaudio_daemon.model.egress import EGRESS_GATES, Egress, gates_at, gates_for_all
from ytaudio_daemon.model.gates import Gate, GateName, GateState
from ytaudio_daemon.model.hints import Circumstances, gate_hint


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
    gate: Gate,
    egresses: Sequence[Egress],
    circumstances: Circumstances,
    wall: float,
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
