"""Ledgers that are full already, made with the ledger's own functions."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.integration import one_drop
from ytaudio_daemon.ledger import (
    Ledger,
    migrate,
    schema,
    sessions,
)
from ytaudio_daemon.ledger.drops import JobOptions, NewLine
from ytaudio_daemon.model import JobState, Options
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import Pace
from ytaudio_daemon.model.quota import Quota

_BATCH = 1000
_SESSIONS = 100
NO_PACE = Pace(burst=0, per_hour=0)
_NO_QUOTA = Quota(max_jobs=0)


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


def queue(ledger: Ledger, first: int, last: int) -> None:
    """Record jobs of these numbers, spread over a hundred sessions."""
    for start in range(first, last, _BATCH):
        numbers = range(start, min(last, start + _BATCH))
        with ledger.write() as db:
            name = f"session-{start // _BATCH % _SESSIONS}"
            session = sessions.open_session(db, name, now())
            sha256 = f"{start:064x}"
            file = f"{start}.txt".encode()
            drop = one_drop.open_drop(db, session.id, file, sha256, 1, now())
            drop = one_drop.record_batch(
                db,
                drop,
                [_line(number) for number in numbers],
                quota=_NO_QUOTA,
                now=now(),
                file_is_gone=lambda _: False,
            )
            one_drop.finish_recording(db, drop, None, now())
            one_drop.mark_filed(db, drop, "filed", file, now())


def finished(root: Path, count: int) -> None:
    """Make a ledger with that many completed jobs.

    Queued by the ledger's functions and completed by hand: three moves for each of a
    hundred thousand jobs would take minutes.
    """
    with ledger_in(root) as ledger:
        queue(ledger, 0, count)
        with ledger.write() as db:
            db.execute(
                sa.update(schema.jobs).values(
                    state=JobState.COMPLETED,
                    attempt=1,
                    title="Clip",
                    file_size_bytes=72_000,
                    output_path=str(root / "downloads" / "a.mp3"),
                    finalized_at=now().wall,
                )
            )
            for counters in (schema.sessions, schema.totals):
                queued = counters.c[JobState.QUEUED.value]
                db.execute(sa.update(counters).values(completed=queued, queued=0))


def _line(number: int) -> NewLine:
    video = f"{number:011d}"
    return NewLine(
        line=number + 1,
        text=video,
        video_id=video,
        job_options=JobOptions.from_options(Options()),
    )
