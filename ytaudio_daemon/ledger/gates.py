"""Stores gates and pace; the pure rules are in `model.gates`."""

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import (
    IS_UNLISTED,
    attempts,
    collections,
    gates,
    jobs,
    pace,
)
from ytaudio_daemon.model import FailureKind, JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.collection import CollectionState
from ytaudio_daemon.model.gates import GATE_OF, PAUSES, Gate, GateName, Pace
from ytaudio_daemon.model.host_errors import current_code

#: So far there is one site.
SITE = "youtube"
#: The latest attempts that are searched for another blocked video.
MAX_RECENT_ATTEMPTS = 50
_CLOSED_GATES = sa.select(gates)
_SET_PROBE = sa.update(gates).where(gates.c.name == sa.bindparam("of_gate"))
_RUNNING_JOBS = sa.select(jobs.c.id).where(jobs.c.state == JobState.RUNNING)
_CLEAR_STALE_PROBE = (
    sa.update(gates)
    .where(gates.c.probe_job_id.is_not(None))
    .where(gates.c.probe_job_id.not_in(_RUNNING_JOBS))
    .values(probe_job_id=None)
)
_BUCKET = sa.select(pace).where(pace.c.site == sa.bindparam("of_site"))
_SAVE_BUCKET = sa.update(pace).where(pace.c.site == sa.bindparam("of_site"))
_FIRST_BUCKET = sa.insert(pace)


def closed_gates(db: Connection) -> list[Gate]:
    """Return the gates that are closed or half open."""
    return [_gate_from_row(row) for row in db.execute(_CLOSED_GATES).all()]


def find_gate(db: Connection, name: GateName, egress: str = "") -> Gate | None:
    """Return one gate, or None when it is open.

    Args:
        db: The ledger.
        name: The name of the gate.
        egress: The key of the egress that has it, for `model.egress.EGRESS_GATES`.
    """
    row_name = _row_name(name, egress)
    row = db.execute(sa.select(gates).where(gates.c.name == row_name)).first()
    return None if row is None else _gate_from_row(row)


def close_gate(db: Connection, shut: Gate) -> None:
    """Store a gate as `model.gates.gate_after_failure` returned it."""
    open_gate(db, shut.name, shut.egress)
    db.execute(
        sa.insert(gates).values(
            name=_row_name(shut.name, shut.egress),
            code=shut.code,
            reason=shut.reason,
            hint=shut.hint,
            closed_at=shut.closed_at,
            until=shut.until,
            closures=shut.closures,
            probe_job_id=shut.probe_job_id,
        ),
    )


def open_gate(db: Connection, name: GateName, egress: str = "") -> bool:
    """Open a gate; returns True if it was closed."""
    row_name = _row_name(name, egress)
    done = db.execute(sa.delete(gates).where(gates.c.name == row_name))
    return done.rowcount > 0


def open_gate_and_make_due(
    db: Connection, name: GateName, now: Now, egress: str = ""
) -> None:
    """Open a gate whose cause is gone, and make what waits for that cause due now."""
    kinds = [kind for kind, gate in GATE_OF.items() if gate is name]
    if open_gate(db, name, egress) and kinds:
        make_kinds_due(db, kinds, now)


def make_kinds_due(db: Connection, kinds: Collection[FailureKind], now: Now) -> None:
    """Make jobs and collections due now that wait after a failure of some kinds."""
    values = [kind.value for kind in kinds]
    make_due(
        db, now, jobs.c.error_kind.in_(values), collections.c.error_kind.in_(values)
    )


def make_codes_due(db: Connection, codes: Collection[str], now: Now) -> None:
    """Make jobs and collections due now that wait after a failure with some codes."""
    make_due(db, now, jobs.c.error_code.in_(codes), collections.c.error_code.in_(codes))


def make_due(
    db: Connection,
    now: Now,
    of_jobs: sa.ColumnElement[bool],
    of_collections: sa.ColumnElement[bool],
) -> int:
    """Make waiting jobs and collections due now, for which a condition holds.

    Args:
        db: A write transaction.
        now: The moment.
        of_jobs: The condition of a job.
        of_collections: The condition of a collection that is still to be listed.

    Returns:
        The number of jobs.
    """
    changed = db.execute(
        sa.update(jobs)
        .where(jobs.c.state == JobState.WAITING, of_jobs, jobs.c.retry_at > now.wall)
        .values(retry_at=now.wall),
    )
    db.execute(
        sa.update(collections)
        .where(
            IS_UNLISTED,
            collections.c.state == CollectionState.WAITING.value,
            of_collections,
            collections.c.retry_at > now.wall,
        )
        .values(retry_at=now.wall),
    )
    return changed.rowcount


def egresses_that_blocked(
    db: Connection, job_id: int, before: int | None = None
) -> list[str]:
    """Return the egress of each attempt of a job that YouTube blocked.

    Args:
        db: The ledger.
        job_id: The job.
        before: Only attempts with a lower number count.
    """
    query = sa.select(attempts.c.egress).where(
        attempts.c.job_id == job_id,
        attempts.c.kind == FailureKind.BLOCKED.value,
    )
    if before is not None:
        query = query.where(attempts.c.number < before)
    return [egress or "" for egress in db.execute(query).scalars()]


def failures_by_egress(db: Connection, job_id: int) -> Counter[str]:
    """Return the number of a job's failed attempts by each egress."""
    query = sa.select(attempts.c.egress).where(
        attempts.c.job_id == job_id,
        attempts.c.kind.in_([kind.value for kind in FailureKind]),
    )
    return Counter(egress or "" for egress in db.execute(query).scalars())


def has_other_blocked_video(
    db: Connection, video_id: str, egress: str, now: Now
) -> bool:
    """Return True if YouTube has just blocked another video for the first time.

    "Just" is within the first pause of the gate, and after the last success, by the same
    egress. A video that was blocked before, while others were not, is no sign of a block
    of all.
    """
    since = now.wall - PAUSES[GateName.SITE][0]
    rows = db.execute(
        sa.select(
            attempts.c.job_id, attempts.c.number, attempts.c.kind, jobs.c.video_id
        )
        .join(jobs, jobs.c.id == attempts.c.job_id)
        .where(
            attempts.c.ended_at > since,
            attempts.c.ended_at <= now.wall,
            sa.func.coalesce(attempts.c.egress, "") == egress,
        )
        .order_by(attempts.c.ended_at.desc())
        .limit(MAX_RECENT_ATTEMPTS),
    ).all()
    since_success = takewhile(lambda row: row.kind != "completed", rows)
    return any(
        row.kind == FailureKind.BLOCKED
        and row.video_id != video_id
        and egress not in egresses_that_blocked(db, row.job_id, row.number)
        for row in since_success
    )


def may_claim(closed: list[Gate], now: Now) -> bool:
    """Return True if each closed gate lets a job through as its probe."""
    return all(shut.admits_job(now.wall) for shut in closed)


def set_probe(db: Connection, job_id: int, half_open: Iterable[Gate]) -> None:
    """Store which job is the probe of the half-open gates."""
    for gate in half_open:
        row_name = _row_name(gate.name, gate.egress)
        db.execute(_SET_PROBE, {"of_gate": row_name, "probe_job_id": job_id})


def clear_stale_probe(db: Connection) -> None:
    """Remove a probe that is no longer running, so that another job can be the probe."""
    db.execute(_CLEAR_STALE_PROBE)


def take_token(db: Connection, bucket: Pace, now: Now, egress: str = "") -> bool:
    """Take a token of an egress for one attempt; returns False when none is left."""
    if bucket.is_disabled:
        return True
    tokens = available_tokens(db, bucket, now, egress)
    if tokens >= 1.0:
        _save_tokens(db, tokens - 1.0, now, egress)
        return True
    site = _row_name(SITE, egress)
    ahead = sa.select(pace.c.site).where(
        pace.c.site == site, pace.c.filled_at > now.wall
    )
    if db.execute(ahead).first() is not None:
        # The clock went back: refill from now on, not from the time in the row on.
        _save_tokens(db, tokens, now, egress)
    return False


def seconds_to_next_token(
    db: Connection, bucket: Pace, now: Now, egress: str = ""
) -> float:
    """Return the seconds until an egress has a token, 0 when it has one."""
    if bucket.is_disabled:
        return 0.0
    return bucket.seconds_to_next(available_tokens(db, bucket, now, egress))


def available_tokens(db: Connection, bucket: Pace, now: Now, egress: str = "") -> float:
    """Return the tokens that an egress has now; an attempt needs a whole one."""
    row = db.execute(_BUCKET, {"of_site": _row_name(SITE, egress)}).first()
    if row is None:
        return float(bucket.burst)
    return bucket.refill(row.tokens, row.filled_at, now.wall)


def _save_tokens(db: Connection, tokens: float, now: Now, egress: str) -> None:
    site, saved = _row_name(SITE, egress), {"tokens": tokens, "filled_at": now.wall}
    if db.execute(_SAVE_BUCKET, {"of_site": site, **saved}).rowcount == 0:
        db.execute(_FIRST_BUCKET, {"site": site, **saved})


def _row_name(name: str, egress: str) -> str:
    """Return the key of a row that an egress has for itself, or all have together."""
    return f"{name}@{egress}" if egress else name


def _gate_from_row(row: Any) -> Gate:
    name, _, egress = row.name.partition("@")
    return Gate(
        name=GateName(name),
        egress=egress,
        code=current_code(row.code),
        reason=row.reason,
        hint=row.hint,
        closed_at=row.closed_at,
        until=row.until,
        closures=row.closures,
        probe_job_id=row.probe_job_id,
    )
