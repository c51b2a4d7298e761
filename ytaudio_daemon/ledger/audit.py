"""Checks a ledger for contradictions: file, keys, counters, bytes, states, jobs."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import (
    attempts,
    collections,
    drops,
    jobs,
    lines,
    sessions,
    totals,
)
from ytaudio_daemon.model import FINALIZED, JobState, SessionState
from ytaudio_daemon.model.collection import CollectionState

#: The states of a drop, as `schema.drops` lists them.
DROP_STATES = frozenset({"recording", "recorded", "filed", "kept", "rejected"})
LINE_RESULTS = frozenset({"accepted", "duplicate", "rejected"})
#: At most so many flaws of one check are listed.
MAX_FLAWS_PER_CHECK = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A contradiction in the ledger.

    Attributes:
        check: The check that found it, snake-case: `integrity`, `foreign_keys`, `counters`,
            `bytes`, `states`, `jobs`.
        message: A sentence that describes it.
    """

    check: str
    message: str


def find_flaws(db: Connection) -> Iterator[Flaw]:
    """Yield the contradictions in one state of the ledger.

    Args:
        db: A read transaction; on SQLite of a copy, as it takes long.
    """
    if db.dialect.name == "sqlite":
        yield from _file_flaws(db)
    yield from _counter_flaws(db)
    yield from _byte_flaws(db)
    yield from _state_flaws(db)
    yield from _job_flaws(db)


def _file_flaws(db: Connection) -> Iterator[Flaw]:
    for (said,) in db.exec_driver_sql(
        f"PRAGMA integrity_check({MAX_FLAWS_PER_CHECK})"
    ).all():
        if said != "ok":
            yield Flaw(check="integrity", message=str(said))
    strays = db.exec_driver_sql("PRAGMA foreign_key_check").all()
    pairs = Counter((row[0], row[2]) for row in strays)
    for (table, parent), count in sorted(pairs.items()):
        yield Flaw(
            check="foreign_keys",
            message=f"{count} rows of {table} point at rows of {parent} that are not there",
        )


def _counter_flaws(db: Connection) -> Iterator[Flaw]:
    recount = sa.select(jobs.c.session_id, jobs.c.state, sa.func.count())
    found = db.execute(recount.group_by(jobs.c.session_id, jobs.c.state)).all()
    counted = {(session, state): number for session, state, number in found}
    in_all = Counter[str]()
    for _, state, number in found:
        in_all[state] += number
    for row in db.execute(sa.select(sessions)).all():
        for state in JobState:
            kept, real = (
                getattr(row, state.value),
                counted.get((row.id, state.value), 0),
            )
            if kept != real:
                yield _miscount(f"session {row.name}", state, kept, real)
    kept_totals = db.execute(sa.select(totals).where(totals.c.id == 1)).first()
    for state in JobState:
        kept = getattr(kept_totals, state.value, None)
        if kept != in_all[state.value]:
            yield _miscount("the whole ledger", state, kept, in_all[state.value])


def _miscount(whose: str, state: JobState, kept: int | None, real: int) -> Flaw:
    message = f"{whose} counts {kept} {state.value} jobs and has {real}"
    return Flaw(check="counters", message=message)


def _byte_flaws(db: Connection) -> Iterator[Flaw]:
    size = sa.func.coalesce(sa.func.sum(jobs.c.file_size_bytes), 0)
    query = sa.select(jobs.c.session_id, size).where(
        jobs.c.state == JobState.COMPLETED.value
    )
    rows = db.execute(query.group_by(jobs.c.session_id)).all()
    real = {session: int(number) for session, number in rows}
    kept = sa.select(sessions.c.id, sessions.c.name, sessions.c.used_bytes)
    for row in db.execute(kept).all():
        if row.used_bytes != real.get(row.id, 0):
            yield Flaw(
                check="bytes",
                message=f"session {row.name} counts {row.used_bytes} bytes of audio and "
                f"has {real.get(row.id, 0)}",
            )


def _state_flaws(db: Connection) -> Iterator[Flaw]:
    for column, known in (
        (jobs.c.state, {state.value for state in JobState}),
        (sessions.c.state, {state.value for state in SessionState}),
        (drops.c.state, DROP_STATES),
        (lines.c.result, LINE_RESULTS),
        (collections.c.state, {state.value for state in CollectionState}),
    ):
        query = sa.select(column, sa.func.count()).group_by(column)
        for value, count in db.execute(query).all():
            if value not in known:
                name = f"{column.table.name}.{column.name}"
                yield Flaw(
                    check="states", message=f"{count} rows have {name} = {value!r}"
                )


def _job_flaws(db: Connection) -> Iterator[Flaw]:
    for condition, message in _job_contradictions():
        query = (
            sa.select(jobs.c.uuid)
            .where(condition)
            .order_by(jobs.c.id)
            .limit(MAX_FLAWS_PER_CHECK)
        )
        for uuid in db.execute(query).scalars().all():
            yield Flaw(check="jobs", message=f"job {uuid} {message}")


def _job_contradictions() -> Iterator[tuple[sa.ColumnElement[bool], str]]:
    """Yield conditions that no job may meet, each with its message."""
    finalized = jobs.c.state.in_([state.value for state in FINALIZED])
    has_end = jobs.c.finalized_at.is_not(None)
    yield sa.and_(finalized, ~has_end), "is over, at no known time"
    yield sa.and_(~finalized, has_end), "is not over and has a time at which it was"
    done = jobs.c.state == JobState.COMPLETED.value
    yield sa.and_(done, jobs.c.output_path.is_(None)), "is completed and has no file"
    running = jobs.c.state == JobState.RUNNING.value
    yield sa.and_(running, jobs.c.host.is_(None)), "is running nowhere"
    mine = sa.select(attempts.c.job_id).where(attempts.c.job_id == jobs.c.id)
    latest = mine.where(attempts.c.number == jobs.c.attempt)
    yield sa.and_(running, ~sa.exists(latest)), "is running without a try"
    too_high = mine.where(attempts.c.number > jobs.c.attempt)
    yield sa.exists(too_high), "has tries that it does not count"
