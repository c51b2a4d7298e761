"""Queries of the forecast: the length of recent attempts, and the sessions' turns."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import attempts, sessions
from ytaudio_daemon.model.forecast import Turn

#: The latest attempts of which an average is computed.
MAX_ATTEMPTS = 50


def average_job_s(db: Connection) -> float | None:
    """Return the average seconds of the latest completed attempts; None without any."""
    query = sa.select(attempts.c.kind, attempts.c.started_at, attempts.c.ended_at)
    latest = query.where(attempts.c.ended_at.is_not(None)).order_by(
        attempts.c.ended_at.desc()
    )
    rows = db.execute(latest.limit(MAX_ATTEMPTS)).all()
    took = [
        max(0.0, row.ended_at - row.started_at)
        for row in rows
        if row.kind == "completed"
    ]
    return sum(took) / len(took) if took else None


def read_turns(db: Connection) -> dict[str, Turn]:
    """Return the sessions with queued jobs, by UUID."""
    query = sa.select(sessions.c.uuid, sessions.c.turn, sessions.c.queued)
    rows = db.execute(query.where(sessions.c.queued > 0)).all()
    return {uuid: Turn(turn, queued) for uuid, turn, queued in rows}
