"""Queries of views, CLI and API: short, all rows fetched at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.errors import UnknownJobError
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.ledger.bulk import key_batches
from ytaudio_daemon.ledger.error_columns import error_from_row
from ytaudio_daemon.ledger.job_join import JOBS_QUERY, source_file
from ytaudio_daemon.ledger.line_order import ORDER
from ytaudio_daemon.ledger.schema import (
    IS_UNLISTED,
    attempts,
    collections,
    drops,
    entries,
    events,
    jobs,
    lines,
    sessions,
    totals,
)
from ytaudio_daemon.model import FINALIZED, JobState, LinePart, SessionState
from ytaudio_daemon.model.host_errors import current_code
from ytaudio_daemon.model.line_rules import audio_key

MAX_NEXT_JOBS = 200
MAX_LATEST_JOBS = 100
_UNFINISHED = sorted(state.value for state in set(JobState) - FINALIZED)

#: Columns of an attempt that people are not shown: `signature` only repeats `code`.
_NOT_SHOWN = frozenset({"signature"})

_TOTALS = sa.select(totals).where(totals.c.id == 1)
_JOB = JOBS_QUERY.where(jobs.c.id == sa.bindparam("of_job"))
_JOBS = JOBS_QUERY.where(
    jobs.c.id.in_(sa.bindparam("of_jobs", expanding=True))
).order_by(jobs.c.id)
_JOB_OF_UUID = JOBS_QUERY.where(jobs.c.uuid == sa.bindparam("of_uuid"))
_OF_SESSION = JOBS_QUERY.where(jobs.c.session_id == sa.bindparam("of_session"))
_RUNNING_OF_SESSION = _OF_SESSION.where(jobs.c.state == JobState.RUNNING).order_by(
    jobs.c.id
)
_NEXT_OF_SESSION = {
    state: _OF_SESSION.where(jobs.c.state == state)
    .order_by(jobs.c.priority.desc(), jobs.c.id)
    .limit(sa.bindparam("limit"))
    for state in (JobState.QUEUED, JobState.WAITING, JobState.HELD)
}
_LATEST_OF_SESSION = (
    _OF_SESSION.where(jobs.c.finalized_at.is_not(None))
    .order_by(jobs.c.finalized_at.desc(), jobs.c.id.desc())
    .limit(MAX_LATEST_JOBS + 1)
)
_NEXT_RETRY_AT = sa.select(sa.func.min(jobs.c.retry_at)).where(
    jobs.c.state == JobState.WAITING
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job's row with the names of its session and drop."""

    id: int
    uuid: str
    session_id: int
    session_name: str
    session_uuid: str
    source_file: str | None
    source_line: int | None
    source_part: int | None
    video_id: str
    options: Mapping[str, Any]
    state: JobState
    phase: str | None
    cancel_requested: bool
    attempt: int
    charged: int
    retry_at: float | None
    title: str | None
    artist: str | None
    duration_s: float | None
    view_count: int | None
    error: Mapping[str, str] | None
    output_path: str | None
    file_size_bytes: int | None
    sha256: str | None
    created_at: float
    started_at: float | None
    finalized_at: float | None
    with_cookies: bool = False
    collection_uuid: str | None = None
    collection_title: str | None = None
    collection_kind: str | None = None
    collection_position: int | None = None
    collection_count: int | None = None


def total_counts(db: Connection) -> dict[JobState, int]:
    """Return the number of jobs in each state, from the counters in `totals`."""
    row = db.execute(_TOTALS).one()
    return {state: getattr(row, state.value) for state in JobState}


def session_counts(db: Connection) -> dict[SessionState, int]:
    """Return the number of sessions in each state."""
    query = sa.select(sessions.c.state, sa.func.count()).group_by(sessions.c.state)
    found = {row[0]: row[1] for row in db.execute(query).all()}
    return {state: found.get(state.value, 0) for state in SessionState}


def session_status_jobs(db: Connection, session_id: int) -> tuple[list[JobRow], bool]:
    """Return a session's running, next and latest jobs, and True if some are left out."""
    running = _fetch_jobs(db, _RUNNING_OF_SESSION, of_session=session_id)
    following: list[JobRow] = []
    for query in _NEXT_OF_SESSION.values():
        room = MAX_NEXT_JOBS + 1 - len(following)
        following += _fetch_jobs(db, query, of_session=session_id, limit=room)
    latest = _fetch_jobs(db, _LATEST_OF_SESSION, of_session=session_id)
    truncated = len(following) > MAX_NEXT_JOBS or len(latest) > MAX_LATEST_JOBS
    return running + following[:MAX_NEXT_JOBS] + latest[:MAX_LATEST_JOBS], truncated


def find_jobs(
    db: Connection,
    *,
    session_id: int | None = None,
    states: Sequence[JobState] = (),
    after_id: int = 0,
    limit: int = 500,
) -> list[JobRow]:
    """Return a page of jobs in the order they were accepted."""
    conditions = [jobs.c.id > after_id]
    if session_id is not None:
        conditions.append(jobs.c.session_id == session_id)
    if states:
        conditions.append(jobs.c.state.in_([state.value for state in states]))
    return _query_jobs(db, *conditions, order=[jobs.c.id], limit=limit)


def find_job(db: Connection, prefix: str) -> JobRow:
    """Return the one job whose UUID begins with a prefix.

    Raises:
        UnknownJobError: No job does, or several do.
    """
    plain = uuid_digits(prefix)
    if plain is None:
        raise UnknownJobError(f"{prefix!r} is no job ID", "See `ytaudio jobs`.")
    found = jobs_by_prefix(db, plain)
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownJobError(f"several jobs begin with {prefix!r}", "Give more of it.")
    raise UnknownJobError(f"no job has the ID {prefix!r}", "See `ytaudio jobs`.")


def uuid_digits(prefix: str) -> str | None:
    """Return the beginning of a UUID in lower case; None if it can be none."""
    plain = prefix.strip().lower()
    return plain if plain and set(plain) <= set("0123456789abcdef-") else None


def jobs_by_prefix(db: Connection, plain: str, limit: int = 2) -> list[JobRow]:
    """Return at most `limit` jobs whose UUIDs begin with lower-case hex digits."""
    fits = sa.and_(jobs.c.uuid >= plain, jobs.c.uuid < plain + "g")
    return _query_jobs(db, fits, order=[jobs.c.uuid], limit=limit)


def find_job_by_audio(
    db: Connection, session_id: int, video_id: str, profile: str
) -> JobRow | None:
    """Return a session's job for a video with this profile of options, if any."""
    mine = jobs.c.session_id == session_id
    is_same = jobs.c.audio_key == audio_key(video_id, profile)
    found = _query_jobs(db, mine, is_same, order=[jobs.c.id])
    return found[0] if found else None


def find_job_by_uuid(db: Connection, job_uuid: str) -> JobRow | None:
    """Return the job of exactly this UUID, in any session; None if there is none."""
    found = _fetch_jobs(db, _JOB_OF_UUID, of_uuid=job_uuid)
    return found[0] if found else None


def job_by_id(db: Connection, job_id: int) -> JobRow:
    """Return a job by its row's number."""
    return _fetch_jobs(db, _JOB, of_job=job_id)[0]


def job_attempts(db: Connection, job_id: int) -> list[Mapping[str, Any]]:
    """Return all attempts of a job in order, with the columns that people are shown."""
    shown = [column for column in attempts.c if column.name not in _NOT_SHOWN]
    query = sa.select(*shown).where(attempts.c.job_id == job_id)
    rows = db.execute(query.order_by(attempts.c.number)).mappings().all()
    return [{**row, "code": row["code"] and current_code(row["code"])} for row in rows]


def job_events(db: Connection, job_id: int) -> list[Mapping[str, Any]]:
    """Return all events of a job, in order."""
    query = sa.select(events).where(events.c.job_id == job_id)
    rows = db.execute(query.order_by(events.c.id)).mappings().all()
    return [dict(row) for row in rows]


def job_lines(db: Connection, job_id: int) -> list[tuple[str, LinePart]]:
    """Return (file, line) of the lines that name a job's audio, a hundred at most."""
    query = (
        sa.select(drops.c.name, *ORDER)
        .join(drops, drops.c.id == lines.c.drop_id)
        .where(lines.c.job_id == job_id)
        .order_by(lines.c.drop_id, *ORDER)
        .limit(100)
    )
    rows = db.execute(query).all()
    return [(display_name(row.name), LinePart(row.line, row.part)) for row in rows]


def unfinished_by_drop(db: Connection, session_id: int) -> dict[int, int]:
    """Return how many unfinished jobs and listings the lines of each drop have.

    Drops without any are left out.
    """
    query = (
        sa.select(lines.c.drop_id, sa.func.count())
        .join(jobs, jobs.c.id == lines.c.job_id)
        .where(jobs.c.session_id == session_id, jobs.c.state.in_(_UNFINISHED))
        .group_by(lines.c.drop_id)
    )
    of_items = (
        sa.select(lines.c.drop_id, sa.func.count())
        .join(entries, entries.c.collection_id == lines.c.collection_id)
        .join(jobs, jobs.c.id == entries.c.job_id)
        .where(jobs.c.session_id == session_id, jobs.c.state.in_(_UNFINISHED))
        .group_by(lines.c.drop_id)
    )
    of_listings = (
        sa.select(lines.c.drop_id, sa.func.count())
        .join(collections, collections.c.id == lines.c.collection_id)
        .where(collections.c.session_id == session_id, IS_UNLISTED)
        .group_by(lines.c.drop_id)
    )
    found = Counter[int]()
    for each in (query, of_items, of_listings):
        found.update({row[0]: row[1] for row in db.execute(each).all()})
    return dict(found)


def next_retry_at(db: Connection) -> float | None:
    """Return when the next waiting job is due, in seconds since 1970; None for never."""
    return db.execute(_NEXT_RETRY_AT).scalar()


def recent_failure_codes(db: Connection, limit: int = 20) -> list[str | None]:
    """Return the failure codes of the last attempts, None for each success."""
    query = (
        sa.select(attempts.c.code)
        .where(attempts.c.ended_at.is_not(None), attempts.c.kind != "interrupted")
        .order_by(attempts.c.ended_at.desc())
        .limit(limit)
    )
    return list(db.execute(query).scalars())


def jobs_by_id(db: Connection, ids: Sequence[int]) -> dict[int, JobRow]:
    """Return jobs by their rows' numbers; deleted ones are left out."""
    found: dict[int, JobRow] = {}
    for some in key_batches(ids):
        found |= {row.id: row for row in _fetch_jobs(db, _JOBS, of_jobs=some)}
    return found


def _query_jobs(
    db: Connection,
    *conditions: sa.ColumnElement[bool],
    order: Sequence[Any],
    limit: int | None = None,
) -> list[JobRow]:
    query = JOBS_QUERY.where(*conditions).order_by(*order)
    if limit is not None:
        query = query.limit(limit)
    return _fetch_jobs(db, query)


def _fetch_jobs(
    db: Connection, query: sa.Select[Any], **bounds: object
) -> list[JobRow]:
    return [_job_row(row) for row in db.execute(query, bounds).all()]


def _job_row(row: Any) -> JobRow:
    same = {name: getattr(row, name) for name in _COPIED_FIELDS}
    return JobRow(
        **same,
        state=JobState(row.state),
        error=error_from_row(row),
        source_file=source_file(row),
        source_line=row.drop_line,
        source_part=row.drop_part,
    )


#: Fields of `JobRow` that are columns of `JOBS_QUERY`.
_COPIED_FIELDS = tuple(
    name
    for name in JobRow.__slots__
    if name not in {"state", "error", "source_file", "source_line", "source_part"}
)
