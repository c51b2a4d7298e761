"""The clerk enters one batch of lines: every line its row, every new audio its job."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import transitions
from ytaudio_daemon.ledger.bulk import insert_rows, jobs_by_key, reserve_ids
from ytaudio_daemon.ledger.events import shift
from ytaudio_daemon.ledger.schema import jobs, lines
from ytaudio_daemon.model import FINALIZED, JobState, Options
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

DUPLICATE = "this session has this audio already"
KEPT = "runs after all: it was to be cancelled"

LINE_COLUMNS = (
    "drop_id",
    "line",
    "text",
    "result",
    "code",
    "message",
    "again",
    "job_id",
)
JOB_COLUMNS = (
    "id",
    "uuid",
    "session_id",
    "drop_id",
    "drop_line",
    "video_id",
    "audio_key",
    "options",
    "priority",
    "state",
    "pending_lived",
    "created_at",
)


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


class _Verdict(NamedTuple):
    """What becomes of a line; a tuple, as a million are made."""

    result: str
    job_id: int | None = None
    code: str | None = None
    message: str | None = None


class Clerk:
    """Enters one batch: looks up what the session has, then writes all at once.

    A million lines pass through here, so rows are plain tuples that go straight to
    the driver, and jobs get their numbers before they are written.

    Args:
        db: A write transaction.
        session: The session's row, read in this transaction.
        quota: The config's quota.
        now: The moment.
        file_is_gone: Tells whether a completed job's output path is no longer there.
    """

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
        own = quota.of_session(session.max_jobs, session.max_bytes)
        self._limit = own.max_jobs if own.reject_over else 0
        self._life_room = max(0, self._limit - session.accepted)
        self._room = transitions.quota_room(session, quota)
        #: The session's jobs that this batch asks for, by audio key.
        self._known: dict[str, Any] = {}
        #: Jobs asked for in this batch already, new ones and those run again.
        self._asked: dict[str, int] = {}
        self._job_rows: list[tuple[Any, ...]] = []
        self._ids: Iterator[int] = iter(())
        self._cluster = os.urandom(1).hex()
        #: Options as text: a file's lines mostly share them.
        self._options_text: dict[tuple[str, int], str] = {}

    def enter(
        self, batches: Sequence[tuple[int, Sequence[NewLine]]]
    ) -> list[Counter[str]]:
        """Write the lines and jobs of one or more drops of the session.

        Args:
            batches: A drop's number with its lines, in the order they came.

        Returns:
            How many of each result, for each drop.
        """
        keyed = [
            (drop_id, [(line, line.audio_key if line.ask else None) for line in batch])
            for drop_id, batch in batches
        ]
        asked = {key for _, batch in keyed for _, key in batch if key is not None}
        self._known = jobs_by_key(self._db, self._session.id, sorted(asked))
        new = len(asked) - len(self._known)
        self._ids = iter(reserve_ids(self._db, jobs, new))
        rows: list[tuple[Any, ...]] = []
        counts = []
        for drop_id, batch in keyed:
            verdicts = [self._verdict(drop_id, line, key) for line, key in batch]
            rows += [
                _line_row(drop_id, line, found)
                for (line, _), found in zip(batch, verdicts, strict=True)
            ]
            counts.append(Counter(found.result for found in verdicts))
        insert_rows(self._db, jobs, JOB_COLUMNS, self._job_rows)
        insert_rows(self._db, lines, LINE_COLUMNS, rows)
        self._count_jobs()
        return counts

    @property
    def new_jobs(self) -> int:
        """How many jobs this batch added to the session."""
        return len(self._job_rows)

    def _count_jobs(self) -> None:
        column = JOB_COLUMNS.index("state")
        by_state = Counter(row[column] for row in self._job_rows)
        if by_state:
            by = {JobState(state): count for state, count in by_state.items()}
            shift(self._db, self._session.id, by)

    def _verdict(self, drop_id: int, line: NewLine, key: str | None) -> _Verdict:
        if line.ask is None or key is None:
            return _Verdict("rejected", None, line.code, line.message)
        if key in self._asked:
            return _Verdict("duplicate", self._asked[key], None, DUPLICATE)
        known = self._known.get(key)
        if known is not None:
            return self._meet(known)
        if self._limit and self.new_jobs >= self._life_room:
            return self._over_limit()
        job_id = self._asked[key] = next(self._ids)
        self._job_rows.append(self._job_row(job_id, drop_id, line, key, line.ask))
        return _Verdict("accepted", job_id)

    def _meet(self, known: Any) -> _Verdict:
        """A job of that audio exists: this line is its duplicate, or has it run."""
        if known.state == JobState.RUNNING and transitions.keep(
            self._db, known.id, self._now
        ):
            return _Verdict("accepted", known.id, None, KEPT)
        if not self._should_run_again(known):
            return _Verdict("duplicate", known.id, None, DUPLICATE)
        self._asked[known.audio_key] = known.id
        transitions.retry(self._db, known.id, self._now)
        self._room -= 1
        why = f"it was {known.state}"
        if known.state == JobState.COMPLETED:
            why = "its finished file is gone"
        return _Verdict("accepted", known.id, None, f"runs again: {why}")

    def _should_run_again(self, known: Any) -> bool:
        if known.state == JobState.COMPLETED:
            return self._file_is_gone(known.output_path)
        return known.state in FINALIZED

    def _over_limit(self) -> _Verdict:
        message = (
            f"this session may have {self._limit} jobs in its life and has "
            "had them; use another session"
        )
        return _Verdict("rejected", None, "session_job_limit", message)

    def _job_row(
        self, job_id: int, drop_id: int, line: NewLine, key: str, ask: Ask
    ) -> tuple[Any, ...]:
        state = "queued" if self._room > 0 else "held"
        self._room -= 1
        return (
            job_id,
            random_uuid(self._cluster),
            self._session.id,
            drop_id,
            line.line,
            line.video_id,
            key,
            self._text_of(ask),
            ask.priority,
            state,
            self._now.lived,
            self._now.wall,
        )

    def _text_of(self, ask: Ask) -> str:
        shared = ask.profile, ask.priority
        if shared not in self._options_text:
            self._options_text[shared] = json.dumps(ask.options)
        return self._options_text[shared]


def _line_row(drop_id: int, line: NewLine, found: _Verdict) -> tuple[Any, ...]:
    return (
        drop_id,
        line.line,
        line.text,
        found.result,
        found.code,
        found.message,
        line.again,
        found.job_id,
    )


def random_uuid(cluster: str) -> str:
    """Return a random UUID (RFC 9562, version 4) that begins with a batch's digits.

    A thousand wholly random keys touch a thousand pages of a big index; a shared
    beginning keeps a batch together there and costs people who type a prefix only
    those digits more. A time-ordered UUID would cost them twelve.
    """
    digits = cluster + os.urandom(16).hex()[len(cluster) :]
    variant = "89ab"[int(digits[16], 16) & 3]
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}"
        f"-{variant}{digits[17:20]}-{digits[20:]}"
    )
