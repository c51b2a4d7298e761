"""Words for the queue: closed gates, the pace, and when all is done. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from ytaudio_daemon.cli.formatting import (
    format_roughly,
    local_time,
    local_time_and_distance,
    pluralize,
)
from ytaudio_daemon.cli.liveness import Document
from ytaudio_daemon.system.times import parse_rfc3339

#: Words of the daemon's document; `model.gates` has them as types, which `status` need
#: not import.
OUTAGE, PROBING, DUE = "outage", "probing", "due"


def queue_facts(document: Document, wall: float) -> Iterator[tuple[str, str]]:
    """Yield the closed gates, the pace and the forecast of a running daemon.

    Args:
        document: The daemon's; one of an older daemon has no pace.
        wall: Now, seconds since 1970.
    """
    for gate in document["gates"]:
        yield "closed", _gate_text(gate, wall)
    # A status file of an older daemon has no egresses.
    egresses = document.get("egress", [])
    if len(egresses) > 1:
        for egress in egresses:
            yield "egress", _egress_text(egress, wall)
    if is_anything_unstarted(document["counts"]) and (
        text := pace_text(document, wall)
    ):
        yield "pace", text
    if text := _forecast_text(document, wall):
        yield "queue", text


def is_anything_unstarted(counts: Mapping[str, int]) -> bool:
    """True if a job is queued or held."""
    return bool(counts["queued"] or counts["held"])


def pace_text(document: Document, wall: float) -> str:
    """Return the pace, and when the next job may start; "" where there is no limit."""
    rate = pace_rate(document)
    next_text = next_start_text(document, wall)
    return f"{rate}; {next_text}" if next_text else rate


def pace_rate(document: Document) -> str:
    """Return how many jobs may start an hour; "" where there is no limit."""
    pace = document.get("pace")
    if not pace or not pace["per_hour"]:
        return ""
    return f"{pace['burst']:,} at once, then {pace['per_hour']:,} an hour"


def next_start_text(document: Document, wall: float) -> str:
    """Return when the pace lets the next job start; "" if at once."""
    pace = document.get("pace")
    if not pace or pace["next_at"] is None:
        return ""
    next_at = parse_rfc3339(pace["next_at"])
    if next_at <= wall:
        return ""
    return f"the next starts at {local_time_and_distance(next_at, wall)}"


def _forecast_text(document: Document, wall: float) -> str:
    forecast = document.get("forecast")
    if not forecast:
        return ""
    done_at = parse_rfc3339(forecast["done_at"])
    videos = pluralize(forecast["jobs"], "video")
    about = format_roughly(done_at - wall)
    return (
        f"{videos} in all, {about}, done at {local_time(done_at, wall, seconds=False)}"
    )


def _egress_text(egress: Mapping[str, Any], wall: float) -> str:
    closed = [_gate_text(gate, wall) for gate in egress["gates"]]
    state = f"closed: {'; '.join(closed)}" if closed else "open"
    pace = egress["pace"]
    left = (
        f"; {pace['available']} of {pace['burst']} may begin at once, then "
        f"{pace['per_hour']} an hour"
        if pace
        else ""
    )
    return f"{egress['name']}: {state}{left}"


def _gate_text(gate: Mapping[str, Any], wall: float) -> str:
    opening = opening_text(
        gate["name"], gate.get("state"), parse_rfc3339(gate["until"]), wall
    )
    return f"{gate['name']} {opening}: {gate['reason']}"


def opening_text(name: str, state: str | None, until: float, wall: float) -> str:
    """Return when or how a gate opens: "until 11:02:14 (in 5 min)".

    Args:
        name: A `GateName`.
        state: A `GateState`; None in a document of an older daemon.
        until: When its pause ends, seconds since 1970.
        wall: Now, seconds since 1970.
    """
    if state == PROBING:
        tried = "a known video is asked for" if name == OUTAGE else "one download runs"
        return f"is being tried: {tried} to see whether it is over"
    if state == DUE or until <= wall:
        return "is to be tried: the next download shows whether it is over"
    return f"until {local_time_and_distance(until, wall)}"
