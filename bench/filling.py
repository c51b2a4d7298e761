"""Ledgers that are full already: rows by SQL, as the daemon would have written them.

A million lines by the ledger's own functions would take longer than what is measured.
The history (`events`) of these jobs is left out: no claim and no total reads it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tests.integration import one_drop
from ytaudio_daemon.ledger import Connection, Ledger, migrate, schema, sessions
from ytaudio_daemon.ledger.drops import Drop
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import Pace

#: Behind the video of an `audio_key`.
_PROFILE = ":mp3-bestaudio-192"
_FILE_SIZE_BYTES = 72_000
NO_PACE = Pace(burst=0, per_hour=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a ledger is filled with.

    Attributes:
        jobs: How many, spread evenly over the sessions.
        sessions: How many, `session-0` and so on; each has one drop.
        is_finished: Whether the jobs are completed; else they are queued.
    """

    jobs: int
    sessions: int
    is_finished: bool = False


def now() -> Now:
    """Return this moment for a ledger whose daemon never ran."""
    return Now(wall=time.time(), uptime_s=0.0)


@contextmanager
def ledger_in(root: Path) -> Iterator[Ledger]:
    """Open the ledger that a daemon with this root will find."""
    state = root / "state"
    state.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(f"sqlite:///{state / 'ledger.sqlite3'}")
    try:
        migrate.migrate(ledger)
        yield ledger
    finally:
        ledger.close()


def fill(ledger: Ledger, filling: Filling) -> None:
    """Write the rows of sessions, drops, lines and jobs, and the kept counters."""
    each = filling.jobs // filling.sessions
    with ledger.write() as db:
        for number in range(filling.sessions):
            _fill_session(db, number, each, is_finished=filling.is_finished)
        state = JobState.COMPLETED if filling.is_finished else JobState.QUEUED
        values = {state.value: filling.jobs}
        db.execute(sa.update(schema.totals).values(values))
        kept = {state.value: each, "accepted": each, "last_activity_at": now().wall}
        if filling.is_finished:
            kept["used_bytes"] = each * _FILE_SIZE_BYTES
        db.execute(sa.update(schema.sessions).values(kept))
    if not ledger.is_sqlite:
        with ledger.write() as db:
            db.exec_driver_sql("ANALYZE")  # As autovacuum does, after a minute.


def _fill_session(
    db: Connection, number: int, count: int, *, is_finished: bool
) -> None:
    session = sessions.open_session(db, f"session-{number}", now())
    drop = one_drop.open_drop(db, session.id, b"a.txt", f"{number:064x}", 1, now())
    names: dict[str, object] = {"first": number * count, "count": count}
    names["at"] = now().wall
    names |= {"session_id": session.id, "drop_id": drop.id, "profile": _PROFILE}
    db.execute(sa.text(_INSERT_JOBS), names)
    db.execute(sa.text(_INSERT_LINES), {"drop_id": drop.id})
    if is_finished:
        size = {"file_size_bytes": _FILE_SIZE_BYTES}
        db.execute(sa.text(_COMPLETE), names | size)
    _file(db, drop, count)


def _file(db: Connection, drop: Drop, count: int) -> None:
    one_drop.finish_recording(db, drop, None, now())
    one_drop.mark_filed(db, drop, "filed", b"a.txt", now())
    db.execute(
        sa.update(schema.drops)
        .where(schema.drops.c.id == drop.id)
        .values(cursor=count, accepted=count)
    )


# IDs of eleven digits, UUIDs of twelve at the end, whatever the database.
_INSERT_JOBS = """
WITH RECURSIVE numbers(n) AS (
    SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count
)
INSERT INTO jobs (
    uuid, session_id, drop_id, drop_line, video_id, audio_key, options, priority, state,
    pending_lived, created_at
)
SELECT
    '00000000-0000-4000-8000-' || CAST(100000000000 + :first + n AS TEXT),
    :session_id, :drop_id, n + 1,
    CAST(10000000000 + :first + n AS TEXT),
    CAST(10000000000 + :first + n AS TEXT) || :profile,
    '{}', 0, 'queued', 0.0, :at
FROM numbers
"""
_INSERT_LINES = """
INSERT INTO lines (drop_id, line, part, text, result, job_id)
SELECT drop_id, drop_line, 0, video_id, 'accepted', id FROM jobs WHERE drop_id = :drop_id
"""
_COMPLETE = """
UPDATE jobs SET
    state = 'completed', attempt = 1, title = 'Clip', file_size_bytes = :file_size_bytes,
    output_path = 'downloads/a.mp3', finalized_at = :at
WHERE drop_id = :drop_id
"""
