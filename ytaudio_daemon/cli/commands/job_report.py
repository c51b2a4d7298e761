"""The report of `show` on a job, in plain words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ytaudio_daemon.cli.blocks import Block, Facts, Table
from ytaudio_daemon.cli.commands.queue_report import (
    next_start_text,
    opening_text,
    pace_rate,
)
from ytaudio_daemon.cli.commands.status_report import (
    job_name,
    options_text,
    progress_text,
)
from ytaudio_daemon.cli.formatting import (
    format_duration,
    format_size,
    local_time,
    local_time_and_distance,
    pluralize,
)
from ytaudio_daemon.cli.liveness import DaemonLiveness
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState, LinePart, SessionState
from ytaudio_daemon.model.gates import Gate, GateName, GateState
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.system.times import parse_rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetails:
    """A job, with the facts for its report.

    Attributes:
        job: The job's document.
        attempts, events: Rows of the ledger, in order.
        lines: (file, number) of each line that asked for the job.
        gates: The closed gates for which nothing is started.
        session: The job's session.
        quota: The session's quota in effect.
        file_is_gone: True if the job was published, and its file is no longer there.
        liveness: Whether the daemon runs.
        queue_place: Of a queued job, its place among those of all sessions; None if
            unknown.
        wall: Now, seconds since 1970.
    """

    job: Mapping[str, Any]
    attempts: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    lines: Sequence[tuple[str, LinePart]]
    gates: Sequence[Gate]
    session: Session
    quota: Quota
    file_is_gone: bool
    liveness: DaemonLiveness
    queue_place: int | None
    wall: float

    @property
    def state(self) -> JobState:
        """The job's state."""
        return JobState(self.job["state"])

    @property
    def short_id(self) -> str:
        """The beginning of the ID, enough to type."""
        return str(self.job["id"])[:8]


def job_report(details: JobDetails) -> list[Block]:
    """Return the report on a job."""
    blocks: list[Block] = [Facts(list(_facts(details)))]
    if details.attempts:
        rows = [_attempt_row(row, details.wall) for row in details.attempts]
        headers = ("TRY", "BEGAN", "TOOK", "LOADED", "ENGINE", "HOW IT ENDED")
        blocks.append(Table(headers, rows))
    return blocks


def _facts(details: JobDetails) -> Iterator[tuple[str, str]]:
    job = details.job
    yield "job", job["id"]
    if job["title"] is not None:
        yield "what", job_name(job)
    yield "link", job["url"]
    yield "session", f"{job['session']} ({details.session.state})"
    if job.get("collection") is not None:
        yield "of", _collection_text(job["collection"])
    yield "options", options_text(job["options"])
    for file, number in details.lines:
        yield "asked by", f"{file}, line {number}"
    yield "state", _state_text(details)
    if job["output_path"] is not None:
        gone = "  (it is gone)" if details.file_is_gone else ""
        yield "file", f"{job['output_path']}{gone}"
        yield "size", format_size(job["file_size_bytes"] or 0)
    if job["error"]:
        error = job["error"]
        yield "trouble", f"{error['message']} ({error['kind']}, {error['code']})"
        if error["hint"]:
            yield "you can", error["hint"]
    yield "next", next_text(details)


def _collection_text(collection: Mapping[str, Any]) -> str:
    count = f" of {collection['count']}" if collection["count"] else ""
    title = f"{collection['title']}, " if collection["title"] else ""
    return f"{title}{collection['kind']}, no. {collection['position']}{count}"


def _state_text(details: JobDetails) -> str:
    job = details.job
    since = job["finalized_at"] or job["started_at"] or job["created_at"]
    when = local_time_and_distance(parse_rfc3339(since), details.wall)
    if details.state is JobState.RUNNING:
        return f"running since {when}: {progress_text(job, details.wall)}"
    if job["finalized_at"]:
        return f"{details.state}, {when}"
    added = local_time_and_distance(parse_rfc3339(job["created_at"]), details.wall)
    return f"{details.state}, added {added}"


def next_text(details: JobDetails) -> str:
    """Return the sentence on the job's next step, or on what the user can do."""
    if details.state in _NEXT_BY_STATE:
        text = _NEXT_BY_STATE[details.state](details)
        down = not details.liveness.is_up and details.state not in _ENDED
        return f"{text}; but {details.liveness.explanation()}" if down else text
    return f"nothing, unless you ask: ytaudio retry {details.short_id}"


def _next_for_running(details: JobDetails) -> str:
    if details.job["cancel_requested"]:
        return "it is being cancelled"
    return "it is published when it is proven to be whole"


def _next_for_queued(details: JobDetails) -> str:
    place = details.queue_place
    turn = f"no. {place:,} in the queue" if place else "its turn in the queue"
    closed = _closed_gates_text(details)
    return turn + (closed or _pace_text(details))


def _pace_text(details: JobDetails) -> str:
    """Return when the pace lets the next job start, as the daemon reported it."""
    document = details.liveness.document
    if document is None or not details.liveness.is_up:
        return ""
    start = next_start_text(document, details.wall)
    return f"; {start}, by the pace of {pace_rate(document)}" if start else ""


def _closed_gates_text(details: JobDetails) -> str:
    """Return the text on the gates that let no job start now."""
    return "".join(
        f"; {_closed_gate_text(gate, details.wall)}"
        for gate in details.gates
        if gate.name is GateName.OUTAGE or gate.state(details.wall) is not GateState.DUE
    )


def _closed_gate_text(gate: Gate, wall: float) -> str:
    state = gate.state(wall)
    opening = opening_text(gate.name, state, gate.until, wall)
    if gate.name is GateName.OUTAGE:
        until = local_time_and_distance(gate.until, wall)
        again = f"YouTube is asked again at {until}"
        return f"{gate.reason} {gate.hint} {again if state is GateState.CLOSED else f'it {opening}'}"
    if state is GateState.CLOSED:
        return f"nothing starts {opening}: {gate.reason}"
    return f"it {opening}: {gate.reason}"


def _next_for_held(details: JobDetails) -> str:
    session, place = details.session, details.job["position"]
    if details.quota.max_bytes and session.used_bytes >= details.quota.max_bytes:
        return (
            f"held: the session's audio fills its {format_size(details.quota.max_bytes)}; allow it "
            f"more: ytaudio session set {session.name} --max-bytes …"
        )
    turn = f" (no. {place} in its queue)" if place else ""
    return (
        f"held: the session may have {pluralize(details.quota.max_jobs, 'unfinished job')}; this "
        f"one enters when an earlier one ends{turn}"
    )


def _next_for_waiting(details: JobDetails) -> str:
    attempt = details.job["attempt"]
    again = local_time_and_distance(parse_rfc3339(attempt["retry_at"]), details.wall)
    return (
        f"tried again at {again}; {attempt['charged']} of "
        f"{pluralize(attempt['max'], 'try', 'tries')} are spent{_closed_gates_text(details)}"
    )


def _next_for_completed(details: JobDetails) -> str:
    if details.file_is_gone and details.session.state is SessionState.ACTIVE:
        return f"nothing; to fetch it again: ytaudio retry {details.short_id}"
    return "nothing: it is done"


_NEXT_BY_STATE = {
    JobState.RUNNING: _next_for_running,
    JobState.QUEUED: _next_for_queued,
    JobState.HELD: _next_for_held,
    JobState.WAITING: _next_for_waiting,
    JobState.COMPLETED: _next_for_completed,
}
_ENDED = frozenset({JobState.COMPLETED})


def _attempt_row(row: Mapping[str, Any], wall: float) -> tuple[str, ...]:
    ended = row["ended_at"]
    took = format_duration((wall if ended is None else ended) - row["started_at"])
    loaded = row["downloaded_bytes"]
    return (
        str(row["number"]),
        local_time(row["started_at"], wall),
        took,
        "-" if loaded is None else format_size(loaded),
        f"yt-dlp {row['engine']}" if row["engine"] else "-",
        row["message"] or row["kind"] or "it is running",
    )
