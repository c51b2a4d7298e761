"""What `show` tells of a job, in plain words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ytaudio_daemon.cli.formatting import (
    count_of,
    moment,
    moment_and_distance,
    size,
    span,
    wall_of,
)
from ytaudio_daemon.cli.liveness import Life
from ytaudio_daemon.cli.status_report import (
    Block,
    Facts,
    Table,
    how_far,
    job_name,
    options_in_words,
)
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.gates import Gate
from ytaudio_daemon.model.quota import Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A job and all that bears on it.

    Attributes:
        job: Its document.
        attempts, events: Rows of the ledger, in order.
        lines: (file, line) of each line that asked for it.
        gates: Those that are closed.
        session: Its session.
        quota: What holds for the session.
        file_is_gone: It was published, and its file is no longer there.
        life: Whether the daemon runs.
        wall: Now, seconds since 1970.
    """

    job: Mapping[str, Any]
    attempts: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    lines: Sequence[tuple[str, int]]
    gates: Sequence[Gate]
    session: Session
    quota: Quota
    file_is_gone: bool
    life: Life
    wall: float

    @property
    def state(self) -> JobState:
        """The job's."""
        return JobState(self.job["state"])

    @property
    def short_id(self) -> str:
        """Enough of the ID to type."""
        return str(self.job["id"])[:8]


def story(case: Case) -> list[Block]:
    """Return what there is to say of a job."""
    blocks: list[Block] = [Facts(list(_facts(case)))]
    if case.attempts:
        rows = [_attempt(row, case.wall) for row in case.attempts]
        headers = ("TRY", "BEGAN", "TOOK", "LOADED", "ENGINE", "HOW IT ENDED")
        blocks.append(Table(headers, rows))
    return blocks


def _facts(case: Case) -> Iterator[tuple[str, str]]:
    job = case.job
    yield "job", job["id"]
    if job["title"] is not None:
        yield "what", job_name(job)
    yield "link", job["url"]
    yield "session", f"{job['session']} ({case.session.state})"
    yield "options", options_in_words(job["options"])
    for file, line in case.lines:
        yield "asked by", f"{file}, line {line}"
    yield "state", _state(case)
    if job["output_path"] is not None:
        gone = "  (it is gone)" if case.file_is_gone else ""
        yield "file", f"{job['output_path']}{gone}"
        yield "size", size(job["file_size_bytes"] or 0)
    if job["error"]:
        error = job["error"]
        yield "trouble", f"{error['message']} ({error['kind']}, {error['code']})"
        if error["hint"]:
            yield "you can", error["hint"]
    yield "next", what_next(case)


def _state(case: Case) -> str:
    job = case.job
    since = job["finalized_at"] or job["started_at"] or job["created_at"]
    when = moment_and_distance(wall_of(since), case.wall)
    if case.state is JobState.RUNNING:
        return f"running since {when}: {how_far(job, case.wall)}"
    if job["finalized_at"]:
        return f"{case.state}, {when}"
    added = moment_and_distance(wall_of(job["created_at"]), case.wall)
    return f"{case.state}, added {added}"


def what_next(case: Case) -> str:
    """Say what will happen to the job, or what it takes."""
    if case.state in _NEXT:
        said = _NEXT[case.state](case)
        down = not case.life.is_up and case.state not in _ENDED
        return f"{said}; but {case.life.sentence()}" if down else said
    return f"nothing, unless you ask: ytaudio retry {case.short_id}"


def _after_running(case: Case) -> str:
    if case.job["cancel_requested"]:
        return "it is being cancelled"
    return "it is published when it is proven to be whole"


def _after_queued(case: Case) -> str:
    place = case.job["position"]
    turn = f"no. {place} in its session's queue" if place else "its turn in the queue"
    return turn + _closed(case)


def _closed(case: Case) -> str:
    """Say which gates nothing passes now."""
    shut = [gate for gate in case.gates if gate.is_shut(case.wall)]
    return "".join(
        f"; nothing starts before {moment_and_distance(gate.until, case.wall)}: "
        f"{gate.reason}"
        for gate in shut
    )


def _after_held(case: Case) -> str:
    session, place = case.session, case.job["position"]
    if case.quota.max_bytes and session.used_bytes >= case.quota.max_bytes:
        return (
            f"held: the session's audio fills its {size(case.quota.max_bytes)}; allow it "
            f"more: ytaudio session set {session.name} --max-bytes …"
        )
    turn = f" (no. {place} in its queue)" if place else ""
    return (
        f"held: the session may have {count_of(case.quota.max_jobs, 'unfinished job')}; this "
        f"one enters when an earlier one is finished{turn}"
    )


def _after_waiting(case: Case) -> str:
    attempt = case.job["attempt"]
    again = moment_and_distance(wall_of(attempt["retry_at"]), case.wall)
    return (
        f"tried again at {again}; {attempt['charged']} of "
        f"{count_of(attempt['max'], 'try', 'tries')} are spent{_closed(case)}"
    )


def _after_completed(case: Case) -> str:
    if case.file_is_gone and case.session.state is SessionState.ACTIVE:
        return f"nothing; to fetch it again: ytaudio retry {case.short_id}"
    return "nothing: it is done"


_NEXT = {
    JobState.RUNNING: _after_running,
    JobState.QUEUED: _after_queued,
    JobState.HELD: _after_held,
    JobState.WAITING: _after_waiting,
    JobState.COMPLETED: _after_completed,
}
_ENDED = frozenset({JobState.COMPLETED})


def _attempt(row: Mapping[str, Any], wall: float) -> tuple[str, ...]:
    ended = row["ended_at"]
    took = span((wall if ended is None else ended) - row["started_at"])
    loaded = row["downloaded_bytes"]
    return (
        str(row["number"]),
        moment(row["started_at"], wall),
        took,
        "-" if loaded is None else size(loaded),
        f"yt-dlp {row['engine']}" if row["engine"] else "-",
        row["message"] or row["kind"] or "it is running",
    )
