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
from ytaudio_daemon.ledger.events import adjust_counters
from ytaudio_daemon.ledger.schema import jobs, lines
from ytaudio_daemon.model import FINALIZED, JobState, Options
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

DUPLICATE_MESSAGE = "this session has this audio already"
CANCELLATION_WITHDRAWN_MESSAGE = "runs after all: it was to be cancelled"

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
class JobOptions:
    """Effective options, worked out once for all the lines that share them."""

    options: dict[str, Any]
    profile: str
    priority: int

    @classmethod
    def from_options(cls, options: Options) -> "JobOptions":
        """Work out what the ledger stores of some options."""
        return cls(
            options=options.to_json(),
            profile=options.profile(),
            priority=options.priority,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line on its way into the ledger.

    Either `job_options` is set (a link to take), or `code` and `message` (refused). `again` is
    a refused line as it could be dropped again, or None.
    """

    line: int
    text: str
    video_id: str | None = None
    job_options: JobOptions | None = None
    code: str | None = None
    message: str | None = None
    again: str | None = None

    @property
    def audio_key(self) -> str:
        """What makes its audio the same as another's in the session."""
        return f"{self.video_id}:{self.job_options.profile if self.job_options else ''}"


class _LineResult(NamedTuple):
    """What becomes of a line; a tuple, as a million are made."""

    result: str
    job_id: int | None = None
    code: str | None = None
    message: str | None = None


class LineRecorder:
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
        own = quota.with_session_limits(session.max_jobs, session.max_bytes)
        self._lifetime_limit = own.max_jobs if own.reject_over else 0
        self._lifetime_remaining = max(0, self._lifetime_limit - session.accepted)
        self._quota_remaining = transitions.remaining_quota(session, quota)
        #: The session's jobs that this batch asks for, by audio key.
        self._existing_jobs: dict[str, Any] = {}
        #: Jobs asked for in this batch already, new ones and those run again.
        self._requested_jobs: dict[str, int] = {}
        self._job_rows: list[tuple[Any, ...]] = []
        self._new_job_ids: Iterator[int] = iter(())
        self._uuid_prefix = os.urandom(1).hex()
        #: Options as text: a file's lines mostly share them.
        self._options_json_cache: dict[tuple[str, int], str] = {}

    def record(
        self, batches: Sequence[tuple[int, Sequence[NewLine]]]
    ) -> list[Counter[str]]:
        """Write the lines and jobs of one or more drops of the session.

        Args:
            batches: A drop's number with its lines, in the order they came.

        Returns:
            How many of each result, for each drop.
        """
        keyed = [
            (
                drop_id,
                [
                    (line, line.audio_key if line.job_options else None)
                    for line in batch
                ],
            )
            for drop_id, batch in batches
        ]
        asked = {key for _, batch in keyed for _, key in batch if key is not None}
        self._existing_jobs = jobs_by_key(self._db, self._session.id, sorted(asked))
        new = len(asked) - len(self._existing_jobs)
        self._new_job_ids = iter(reserve_ids(self._db, jobs, new))
        rows: list[tuple[Any, ...]] = []
        counts = []
        for drop_id, batch in keyed:
            verdicts = [self._line_result(drop_id, line, key) for line, key in batch]
            rows += [
                _line_row(drop_id, line, found)
                for (line, _), found in zip(batch, verdicts, strict=True)
            ]
            counts.append(Counter(found.result for found in verdicts))
        insert_rows(self._db, jobs, JOB_COLUMNS, self._job_rows)
        insert_rows(self._db, lines, LINE_COLUMNS, rows)
        self._adjust_counters()
        return counts

    @property
    def new_job_count(self) -> int:
        """How many jobs this batch added to the session."""
        return len(self._job_rows)

    def _adjust_counters(self) -> None:
        column = JOB_COLUMNS.index("state")
        by_state = Counter(row[column] for row in self._job_rows)
        if by_state:
            by = {JobState(state): count for state, count in by_state.items()}
            adjust_counters(self._db, self._session.id, by)

    def _line_result(self, drop_id: int, line: NewLine, key: str | None) -> _LineResult:
        if line.job_options is None or key is None:
            return _LineResult("rejected", None, line.code, line.message)
        if key in self._requested_jobs:
            return _LineResult(
                "duplicate", self._requested_jobs[key], None, DUPLICATE_MESSAGE
            )
        known = self._existing_jobs.get(key)
        if known is not None:
            return self._match_existing_job(known)
        if self._lifetime_limit and self.new_job_count >= self._lifetime_remaining:
            return self._reject_over_limit()
        job_id = self._requested_jobs[key] = next(self._new_job_ids)
        self._job_rows.append(
            self._job_row(job_id, drop_id, line, key, line.job_options)
        )
        return _LineResult("accepted", job_id)

    def _match_existing_job(self, known: Any) -> _LineResult:
        """A job of that audio exists: this line is its duplicate, or has it run."""
        if known.state == JobState.RUNNING and transitions.withdraw_cancellation(
            self._db, known.id, self._now
        ):
            return _LineResult(
                "accepted", known.id, None, CANCELLATION_WITHDRAWN_MESSAGE
            )
        if not self._needs_rerun(known):
            return _LineResult("duplicate", known.id, None, DUPLICATE_MESSAGE)
        self._requested_jobs[known.audio_key] = known.id
        transitions.retry(self._db, known.id, self._now)
        self._quota_remaining -= 1
        why = f"it was {known.state}"
        if known.state == JobState.COMPLETED:
            why = "its finished file is gone"
        return _LineResult("accepted", known.id, None, f"runs again: {why}")

    def _needs_rerun(self, known: Any) -> bool:
        if known.state == JobState.COMPLETED:
            return self._file_is_gone(known.output_path)
        return known.state in FINALIZED

    def _reject_over_limit(self) -> _LineResult:
        message = (
            f"this session may have {self._lifetime_limit} jobs in its life and has "
            "had them; use another session"
        )
        return _LineResult("rejected", None, "session_job_limit", message)

    def _job_row(
        self,
        job_id: int,
        drop_id: int,
        line: NewLine,
        key: str,
        job_options: JobOptions,
    ) -> tuple[Any, ...]:
        state = "queued" if self._quota_remaining > 0 else "held"
        self._quota_remaining -= 1
        return (
            job_id,
            random_uuid(self._uuid_prefix),
            self._session.id,
            drop_id,
            line.line,
            line.video_id,
            key,
            self._options_json(job_options),
            job_options.priority,
            state,
            self._now.uptime_s,
            self._now.wall,
        )

    def _options_json(self, job_options: JobOptions) -> str:
        shared = job_options.profile, job_options.priority
        if shared not in self._options_json_cache:
            self._options_json_cache[shared] = json.dumps(job_options.options)
        return self._options_json_cache[shared]


def _line_row(drop_id: int, line: NewLine, found: _LineResult) -> tuple[Any, ...]:
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
