"""Claims jobs for workers: sessions take turns, jobs go by priority and age."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import gates, outages
from ytaudio_daemon.ledger.events import Fence, record_transition
from ytaudio_daemon.ledger.job_join import JOBS_QUERY, source_file
from ytaudio_daemon.ledger.schema import attempts, jobs, sessions
from ytaudio_daemon.model import FailureKind, JobState, Phase
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import JobHistory
from ytaudio_daemon.model.egress import gates_at, is_open
from ytaudio_daemon.model.gates import Pace

_NEXT_SESSION = (
    sa.select(sessions.c.id)
    .where(sessions.c.queued > 0)
    .order_by(sessions.c.turn)
    .limit(1)
)
_COLUMNS_TO_CLAIM = (jobs.c.id, jobs.c.session_id, jobs.c.attempt)
_NEXT_OF_SESSION = (
    sa.select(*_COLUMNS_TO_CLAIM)
    .where(
        jobs.c.session_id == sa.bindparam("of_session"), jobs.c.state == JobState.QUEUED
    )
    .order_by(jobs.c.priority.desc(), jobs.c.id)
    .limit(1)
)
_QUEUED_JOB = sa.select(*_COLUMNS_TO_CLAIM).where(
    jobs.c.id == sa.bindparam("of_job"), jobs.c.state == JobState.QUEUED
)
_MARK_RUNNING = sa.update(jobs).where(jobs.c.id == sa.bindparam("of_job"))
_INSERT_ATTEMPT = sa.insert(attempts)
_MOVE_TO_END_OF_TURNS = (
    sa.update(sessions)
    .where(sessions.c.id == sa.bindparam("of_session"))
    .values(turn=sa.select(sa.func.max(sessions.c.turn)).scalar_subquery() + 1)
)
_CLAIMS = JOBS_QUERY.add_columns(attempts.c.egress).outerjoin(
    attempts,
    sa.and_(attempts.c.job_id == jobs.c.id, attempts.c.number == jobs.c.attempt),
)
_CLAIM_OF_JOB = _CLAIMS.where(jobs.c.id == sa.bindparam("of_job"))
_RUNNING_CLAIMS = _CLAIMS.where(jobs.c.state == JobState.RUNNING)
_CLAIMS_OF_HOST = _RUNNING_CLAIMS.where(jobs.c.host == sa.bindparam("of_host"))
_CANCEL_REQUESTED = _CLAIMS_OF_HOST.where(jobs.c.cancel_requested.is_(True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One attempt at one job, with all that is needed to run it."""

    job_id: int
    uuid: str
    attempt: int
    session_id: int
    session_uuid: str
    session_name: str
    video_id: str
    options: Mapping[str, Any]
    source_file: str | None
    source_line: int | None
    source_part: int | None
    history: JobHistory
    output_path: str | None = None
    sha256: str | None = None
    publishing: bool = False
    owner: str | None = None
    is_music: bool = False
    egress: str = ""
    is_of_collection: bool = False

    @property
    def name(self) -> str:
        """The attempt's name: the job's UUID and the attempt's number."""
        return f"{self.uuid}/{self.attempt}"

    @property
    def fence(self) -> Fence:
        """The fence of the attempt's writes."""
        return Fence(
            job_id=self.job_id, session_id=self.session_id, attempt=self.attempt
        )


def claim_next(
    db: Connection, now: Now, host: str, pace: Pace, egresses: Sequence[str] = ("",)
) -> Claim | None:
    """Claim the next job in turn (queued → running); None when no job may start.

    Sessions take turns (the one served longest ago first); inside a session the
    highest priority goes first, then the oldest. The attempt gets the first egress whose
    gates are open and whose pace has a token left; those by which the job has failed less
    often come first. Nothing is claimed without such an egress, or while an outage is
    suspected. A gate whose pause is over lets one probe pass, preferably a job that was not
    blocked itself.

    Args:
        db: A write transaction.
        now: The moment.
        host: The name of the claiming host.
        pace: The config's token bucket; each egress has one like it.
        egresses: Keys of the egresses, the preferred one first.
    """
    closed = gates.closed_gates(db)
    usable = [k for k in egresses if gates.may_claim(gates_at(k, closed), now)]
    if not usable or outages.is_held(db, now):
        return None
    is_probe = bool(gates_at(usable[0], closed))
    row = (_next_unblocked(db) if is_probe else None) or _next_queued(db)
    if row is None:
        return None
    egress = take_first_token(db, _in_order_for(db, row.id, usable), pace, now)
    if egress is None:
        return None
    _begin_attempt(db, row, now, host, egress)
    move_to_end_of_turns(db, row.session_id)
    gates.set_probe(db, row.id, gates_at(egress, closed))
    return _claim_of_job(db, row.id)


def _in_order_for(db: Connection, job_id: int, egresses: Sequence[str]) -> list[str]:
    """Return the egresses, those by which the job has failed least first.

    YouTube refuses an address in more ways than by a block: media get a 403, pages "need to
    be reloaded".
    """
    if len(egresses) == 1:
        return list(egresses)
    failed = gates.failures_by_egress(db, job_id)
    return sorted(egresses, key=lambda key: failed[key])


def order_egresses(
    db: Connection, job_id: int, now: Now, egresses: Sequence[str]
) -> list[str]:
    """Return the egresses, the best one for a caller who waits for this job first.

    Those whose gates are closed come last; none is left out, as the caller waits for the
    result.
    """
    closed = gates.closed_gates(db)
    ordered = _in_order_for(db, job_id, egresses)
    return sorted(ordered, key=lambda key: not is_open(key, closed, now.wall))


def take_first_token(
    db: Connection, egresses: Iterable[str], pace: Pace, now: Now
) -> str | None:
    """Take a token of the first egress that has one; returns its key, None without any."""
    return next((key for key in egresses if gates.take_token(db, pace, now, key)), None)


def claim_job(
    db: Connection, job_id: int, now: Now, owner: str, egress: str = ""
) -> Claim | None:
    """Claim one job for a caller who waits for it (queued → running).

    Gates, pace and turns are for work that can wait; a person waits for this job.

    Args:
        db: A write transaction.
        job_id: The job.
        now: The moment.
        owner: The claiming process, as `jobs.foreign_claims.claim_owner` names it.
        egress: The key of the egress that the attempt uses.

    Returns:
        None when it is not queued.
    """
    row = db.execute(_QUEUED_JOB, {"of_job": job_id}).first()
    if row is None:
        return None
    _begin_attempt(db, row, now, owner, egress)
    return _claim_of_job(db, job_id)


def foreign_claims(db: Connection, host: str) -> list[Claim]:
    """Return the running attempts of this host's other programs, not of its daemon."""
    theirs = jobs.c.host.startswith(f"{host}/", autoescape=True)
    return _query_claims(db, _RUNNING_CLAIMS.where(theirs))


def running_claim(db: Connection, job_id: int) -> Claim | None:
    """Return a job's running attempt, if any; any process may own it."""
    found = _query_claims(db, _RUNNING_CLAIMS.where(jobs.c.id == job_id))
    return found[0] if found else None


def running_claims(db: Connection, host: str) -> list[Claim]:
    """Return the running attempts of this host's daemon, for example before a crash."""
    return _query_claims(db, _CLAIMS_OF_HOST, of_host=host)


def all_running_claims(db: Connection) -> list[Claim]:
    """Return all attempts that are running according to the ledger."""
    return _query_claims(db, _RUNNING_CLAIMS)


def cancel_requested_claims(db: Connection, host: str) -> list[Claim]:
    """Return this host's running attempts whose cancellation is requested."""
    return _query_claims(db, _CANCEL_REQUESTED, of_host=host)


def _next_queued(db: Connection) -> Any:
    session_id = db.execute(_NEXT_SESSION).scalar()
    if session_id is None:
        return None
    return db.execute(_NEXT_OF_SESSION, {"of_session": session_id}).first()


def _next_unblocked(db: Connection) -> Any:
    """Return the next queued job whose latest attempt YouTube has not blocked, if any.

    It is the better probe of a closed gate: YouTube always blocks some videos.
    """
    unblocked = sa.and_(
        jobs.c.state == JobState.QUEUED,
        jobs.c.error_kind.is_distinct_from(FailureKind.BLOCKED.value),
    )
    session_id = db.execute(
        sa.select(sessions.c.id)
        .where(
            sessions.c.queued > 0,
            sa.exists().where(jobs.c.session_id == sessions.c.id, unblocked),
        )
        .order_by(sessions.c.turn)
        .limit(1)
    ).scalar()
    if session_id is None:
        return None
    return db.execute(
        sa.select(*_COLUMNS_TO_CLAIM)
        .where(jobs.c.session_id == session_id, unblocked)
        .order_by(jobs.c.priority.desc(), jobs.c.id)
        .limit(1)
    ).first()


def _begin_attempt(db: Connection, row: Any, now: Now, owner: str, egress: str) -> None:
    """Queued → running, for the job of a row of `_COLUMNS_TO_CLAIM`."""
    number = row.attempt + 1
    begun = {"host": owner, "started_at": now.wall}
    running = {"state": JobState.RUNNING.value, "phase": None, "retry_at": None}
    db.execute(_MARK_RUNNING, {"of_job": row.id, "attempt": number, **begun, **running})
    db.execute(
        _INSERT_ATTEMPT, {"job_id": row.id, "number": number, "egress": egress, **begun}
    )
    fence = Fence(job_id=row.id, session_id=row.session_id, attempt=number)
    record_transition(db, now, fence, JobState.QUEUED, JobState.RUNNING, "claimed")


def move_to_end_of_turns(db: Connection, session_id: int) -> None:
    """Move a session to the end of the turns: all others are served before it."""
    db.execute(_MOVE_TO_END_OF_TURNS, {"of_session": session_id})


def _claim_of_job(db: Connection, job_id: int) -> Claim:
    return _claim_from_row(db.execute(_CLAIM_OF_JOB, {"of_job": job_id}).one())


def _query_claims(
    db: Connection, query: sa.Select[Any], **bounds: object
) -> list[Claim]:
    # Sorted here: with ORDER BY, SQLite walks all jobs by number instead of the few
    # that the partial index holds.
    rows = sorted(db.execute(query, bounds).all(), key=lambda row: row.id)
    return [_claim_from_row(row) for row in rows]


def _claim_from_row(row: Any) -> Claim:
    return Claim(
        job_id=row.id,
        uuid=row.uuid,
        attempt=row.attempt,
        session_id=row.session_id,
        session_uuid=row.session_uuid,
        session_name=row.session_name,
        video_id=row.video_id,
        options=row.options,
        source_file=source_file(row),
        source_line=row.drop_line,
        source_part=row.drop_part,
        history=history_from_row(row),
        output_path=row.output_path,
        sha256=row.sha256,
        publishing=row.phase == Phase.PUBLISHING,
        owner=row.host,
        is_music=row.is_music,
        egress=row.egress or "",
        is_of_collection=row.collection_id is not None,
    )


def history_from_row(row: Any) -> JobHistory:
    """Return the history of a job, or of the listings of a collection."""
    return JobHistory(
        attempt=row.attempt,
        charged_count=row.charged,
        crash_count=row.crashes,
        last_code=row.error_code,
        claimed_at=row.started_at,
        pending_since_s=row.pending_lived,
    )
