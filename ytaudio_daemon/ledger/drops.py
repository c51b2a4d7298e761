"""Recording a drop: every line gets its row, every new audio its job."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import moves
from ytaudio_daemon.ledger.record import shift, touch
from ytaudio_daemon.ledger.schema import drops, events, jobs, lines, sessions
from ytaudio_daemon.model import FINALIZED, JobState, Options
from ytaudio_daemon.model.clock import Now

DUPLICATE = "this session has this audio already"
#: SQLite takes at most 999 bound values a statement when built with old defaults.
KEYS_A_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A drop as the ledger knows it; `cursor` is the last line recorded."""

    id: int
    session_id: int
    name: bytes
    state: str
    cursor: int
    accepted: int
    duplicate: int
    rejected: int
    sha256: str = ""
    filed_name: bytes | None = None

    @property
    def usable(self) -> bool:
        """Whether any line of it became or met a job."""
        return self.accepted + self.duplicate > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Effective options, worked out once for all the lines that share them."""

    options: dict[str, Any]
    profile: str
    priority: int

    @classmethod
    def of(cls, options: Options) -> "Ask":
        """Work out what the ledger stores of some options."""
        return cls(
            options=options.to_json(),
            profile=options.profile(),
            priority=options.priority,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line on its way into the ledger.

    Either `ask` is set (a link to take), or `code` and `message` (refused). `again` is
    a refused line as it could be dropped again, or None.
    """

    line: int
    text: str
    video_id: str | None = None
    ask: Ask | None = None
    code: str | None = None
    message: str | None = None
    again: str | None = None

    @property
    def audio_key(self) -> str:
        """What makes its audio the same as another's in the session."""
        return f"{self.video_id}:{self.ask.profile if self.ask else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The config's quota; a session's own `max_jobs` wins. 0 = no limit."""

    max_jobs: int = 10
    reject_over: bool = False


def unfiled_drop(
    db: Connection, session_id: int, name: bytes, sha256: str
) -> Drop | None:
    """Return the drop of that content that is not filed yet: a crash left it."""
    row = db.execute(
        sa.select(drops).where(
            drops.c.session_id == session_id,
            drops.c.name == name,
            drops.c.sha256 == sha256,
            drops.c.state.in_(["recording", "recorded"]),
        ),
    ).first()
    return None if row is None else _drop(row)


def kept_drop(db: Connection, session_id: int, name: bytes) -> Drop | None:
    """Return the newest drop of that name that stayed where it was."""
    row = db.execute(
        sa.select(drops)
        .where(drops.c.session_id == session_id, drops.c.name == name)
        .where(drops.c.state == "kept")
        .order_by(drops.c.id.desc())
        .limit(1),
    ).first()
    return None if row is None else _drop(row)


def open_drop(
    db: Connection, session_id: int, name: bytes, sha256: str, size: int, now: Now
) -> Drop:
    """Return the unfiled drop of that content, or begin a new one."""
    known = unfiled_drop(db, session_id, name, sha256)
    if known is not None:
        return known
    done = db.execute(
        sa.insert(drops)
        .values(
            session_id=session_id,
            name=name,
            sha256=sha256,
            size_bytes=size,
            received_at=now.wall,
            state="recording",
        )
        .returning(drops),
    )
    return _drop(done.one())


def record_batch(
    db: Connection,
    drop: Drop,
    batch: Sequence[NewLine],
    *,
    quota: Quota,
    now: Now,
    file_is_gone: Callable[[str], bool],
) -> Drop:
    """Record lines behind the drop's cursor, all or none.

    A new audio becomes a queued job, or a held one over the quota. The same audio
    twice in a session is one job; if that job failed, was cancelled, or its finished
    file is gone, the line runs it again.

    Args:
        db: A write transaction.
        drop: As last returned.
        batch: Lines in order, at most a thousand (one transaction's worth).
        quota: The config's quota.
        now: The moment.
        file_is_gone: Tells whether a completed job's output path is no longer there.

    Returns:
        The drop with its cursor and counts moved on.
    """
    session = _locked_session(db, drop.session_id)
    clerk = _Clerk(db, session, quota, now, file_is_gone)
    counts = clerk.enter(drop.id, batch)
    touch(db, drop.session_id, now, accepted=session.accepted + clerk.new_jobs)
    return _advance(db, drop, batch[-1].line, counts, now)


def finish_recording(db: Connection, drop: Drop, reason: str | None, now: Now) -> None:
    """Every line of it is durable; `reason` says why none was usable."""
    db.execute(
        sa.update(drops)
        .where(drops.c.id == drop.id)
        .values(state="recorded", reason=reason),
    )
    _note(db, drop, now, "drop_recorded")


def mark_filed(
    db: Connection, drop: Drop, state: str, filed_name: bytes | None, now: Now
) -> None:
    """Note where it went: state `filed`, `kept` or `rejected`."""
    db.execute(
        sa.update(drops)
        .where(drops.c.id == drop.id)
        .values(state=state, filed_name=filed_name),
    )
    _note(db, drop, now, f"drop_{state}")


class _Clerk:
    """Enters one batch: looks up what the session has, then writes all at once."""

    def __init__(
        self,
        db: Connection,
        session: Any,
        quota: Quota,
        now: Now,
        file_is_gone: Callable[[str], bool],
    ) -> None:
        self._db = db
        self._session = session
        self._now = now
        self._file_is_gone = file_is_gone
        limit = quota.max_jobs if session.max_jobs is None else session.max_jobs
        self._limit = limit if quota.reject_over else 0
        self._life_room = max(0, limit - session.accepted)
        self._room = 0 if moves.is_full(session) else moves.quota_room(session, limit)
        #: The session's jobs that this batch asks for, by audio key.
        self._known: dict[str, Any] = {}
        self._new_jobs: dict[str, dict[str, Any]] = {}
        #: Jobs asked for in this batch already, new ones and those run again.
        self._asked: set[str] = set()

    def enter(self, drop_id: int, batch: Sequence[NewLine]) -> Counter[str]:
        """Write the batch's lines and jobs; returns how many of each result."""
        self._look_up({line.audio_key for line in batch if line.ask})
        rows = [self._row(drop_id, line) for line in batch]
        ids = self._insert_jobs()
        for row, line in zip(rows, batch, strict=True):
            if row["result"] != "rejected" and row["job_id"] is None:
                row["job_id"] = ids[line.audio_key]
        if rows:
            self._db.execute(sa.insert(lines), rows)
        return Counter(row["result"] for row in rows)

    @property
    def new_jobs(self) -> int:
        """How many jobs this batch added to the session."""
        return len(self._new_jobs)

    def _look_up(self, keys: AbstractSet[str]) -> None:
        for some in _batched(sorted(keys), KEYS_A_QUERY):
            rows = self._db.execute(
                sa.select(
                    jobs.c.id, jobs.c.audio_key, jobs.c.state, jobs.c.output_path
                ).where(
                    jobs.c.session_id == self._session.id, jobs.c.audio_key.in_(some)
                ),
            ).all()
            self._known |= {row.audio_key: row for row in rows}

    def _row(self, drop_id: int, line: NewLine) -> dict[str, Any]:
        return {
            "drop_id": drop_id,
            "line": line.line,
            "text": line.text,
            "code": line.code,
            "message": line.message,
            "again": line.again,
            "job_id": None,
        } | self._verdict(drop_id, line)

    def _verdict(self, drop_id: int, line: NewLine) -> dict[str, Any]:
        if line.ask is None:
            return {"result": "rejected"}
        known = self._known.get(line.audio_key)
        if known is not None:
            return self._meet(known)
        if line.audio_key in self._asked:
            return {"result": "duplicate", "message": DUPLICATE}
        if self._limit and len(self._new_jobs) >= self._life_room:
            return self._over_limit(line)
        self._new_jobs[line.audio_key] = self._job(drop_id, line, line.ask)
        self._asked.add(line.audio_key)
        return {"result": "accepted"}

    def _meet(self, known: Any) -> dict[str, Any]:
        """A job of that audio exists: this line is its duplicate, or runs it again."""
        if known.audio_key in self._asked or not self._should_run_again(known):
            return {"result": "duplicate", "job_id": known.id, "message": DUPLICATE}
        self._asked.add(known.audio_key)
        moves.retry(self._db, known.id, self._now)
        message = f"runs again: it was {known.state}"
        if known.state == JobState.COMPLETED:
            message = "runs again: its finished file is gone"
        return {"result": "accepted", "job_id": known.id, "message": message}

    def _should_run_again(self, known: Any) -> bool:
        if known.state == JobState.COMPLETED:
            return self._file_is_gone(known.output_path)
        return known.state in FINALIZED

    def _over_limit(self, line: NewLine) -> dict[str, Any]:
        return {
            "result": "rejected",
            "code": "session_job_limit",
            "message": f"this session may have {self._limit} jobs in its life and has "
            "had them; use another session",
            "again": line.again,
        }

    def _job(self, drop_id: int, line: NewLine, ask: Ask) -> dict[str, Any]:
        state = JobState.QUEUED if self._room > 0 else JobState.HELD
        self._room -= 1
        return {
            "uuid": str(uuid.uuid4()),
            "session_id": self._session.id,
            "drop_id": drop_id,
            "drop_line": line.line,
            "video_id": line.video_id,
            "audio_key": line.audio_key,
            "options": ask.options,
            "priority": ask.priority,
            "state": state.value,
            "pending_lived": self._now.lived,
            "created_at": self._now.wall,
        }

    def _insert_jobs(self) -> dict[str, int]:
        if not self._new_jobs:
            return {}
        made = self._db.execute(
            sa.insert(jobs).returning(jobs.c.id, jobs.c.audio_key),
            list(self._new_jobs.values()),
        )
        ids = {row.audio_key: row.id for row in made.all()}
        by_state = Counter(JobState(job["state"]) for job in self._new_jobs.values())
        shift(self._db, self._session.id, dict(by_state))
        return ids


def _advance(
    db: Connection, drop: Drop, cursor: int, counts: Counter[str], now: Now
) -> Drop:
    row = db.execute(
        sa.update(drops)
        .where(drops.c.id == drop.id)
        .values(
            cursor=cursor,
            **{name: drops.c[name] + n for name, n in counts.items()},
        )
        .returning(drops),
    ).one()
    _note(db, drop, now, "lines_recorded")
    return _drop(row)


def _batched(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def _locked_session(db: Connection, session_id: int) -> Any:
    query = sa.select(sessions).where(sessions.c.id == session_id)
    if db.dialect.name == "postgresql":
        query = query.with_for_update()
    return db.execute(query).one()


def _note(db: Connection, drop: Drop, now: Now, reason: str) -> None:
    db.execute(
        sa.insert(events).values(
            at=now.wall, session_id=drop.session_id, drop_id=drop.id, reason=reason
        ),
    )


def _drop(row: Any) -> Drop:
    return Drop(
        id=row.id,
        session_id=row.session_id,
        name=bytes(row.name),
        state=row.state,
        cursor=row.cursor,
        accepted=row.accepted,
        duplicate=row.duplicate,
        rejected=row.rejected,
        sha256=row.sha256,
        filed_name=None if row.filed_name is None else bytes(row.filed_name),
    )
