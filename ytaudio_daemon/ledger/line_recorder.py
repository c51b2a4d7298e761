"""Records a batch of a drop's lines: a row for every line, a job for every new audio."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import archive, subscriptions
from ytaudio_daemon.ledger.bulk import insert_rows
from ytaudio_daemon.ledger.collections import NewCollection
from ytaudio_daemon.ledger.enqueue import JobBatch, JobOptions
from ytaudio_daemon.ledger.schema import lines
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.line_rules import (
    DUPLICATE,
    WITHDRAW_CANCELLATION,
    KnownJob,
    LineResult,
    LinkAction,
    LinkDecision,
    WhenFull,
    audio_key,
)
from ytaudio_daemon.model.quota import Quota

DUPLICATE_MESSAGE = "this session has this audio already"
AGAIN_MESSAGE = "again=yes downloads it anyway"
CANCELLATION_WITHDRAWN_MESSAGE = "runs again: its cancellation is withdrawn"

LINE_COLUMNS = (
    "drop_id",
    "line",
    "part",
    "text",
    "result",
    "code",
    "message",
    "again",
    "job_id",
    "collection_id",
)
_RESULT_COLUMN = LINE_COLUMNS.index("result")
#: Why a line with a link has no job.
_CODES = {
    LinkAction.REFUSE: "session_job_limit",
    LinkAction.ARCHIVED: archive.IN_ARCHIVE,
}
_REJECTED = LineResult.REJECTED.value


class NewLine(NamedTuple):
    """A line, or a part of one, that is not in the ledger yet. A million are made.

    A line with a usable link has `job_options` and either `video_id` or `collection`;
    `message` may be a remark on it. A refused line has `code` and `message`. `part` is 0
    for the only link of its line. `again` is the line in the form in which it can be
    dropped again, or None without a link. With `ignores_archive` its video is fetched
    although the archive has it.
    """

    line: int
    text: str
    part: int = 0
    video_id: str | None = None
    job_options: JobOptions | None = None
    code: str | None = None
    message: str | None = None
    again: str | None = None
    is_music: bool = False
    collection: NewCollection | None = None
    ignores_archive: bool = False


class SwitchedOffLink(NamedTuple):
    """A link in a comment of a drop.

    Attributes:
        line: Its line, from 1.
        number: Its place among the links in this line's comments, from 1.
    """

    line: int
    number: int


class LineRecorder:
    """Records one batch: finds the session's jobs, then writes all rows at once.

    Args:
        db: A write transaction.
        session: The session's row, read in this transaction.
        quota: The config's; the session's own limits win.
        now: The moment.
        file_is_gone: Returns whether a completed job's output path no longer exists.
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
        self._session_id = session.id
        self._now = now
        limits = quota.with_session_limits(session.max_jobs, session.max_bytes)
        self._max_jobs = limits.max_jobs
        self._jobs = JobBatch(
            db, session, quota, now, when_full=WhenFull.HOLD, file_is_gone=file_is_gone
        )

    @property
    def new_job_count(self) -> int:
        """The number of jobs this batch has added to the session."""
        return self._jobs.new_job_count

    def record(
        self, batches: Sequence[tuple[int, Sequence[NewLine]]]
    ) -> list[Counter[str]]:
        """Write the lines and jobs of one or more drops of the session.

        Args:
            batches: A drop's number with its lines, in the file's order.

        Returns:
            The number of lines with each result, for each drop.
        """
        keyed = [
            (drop_id, [(line, _audio_key(line)) for line in batch])
            for drop_id, batch in batches
        ]
        self._jobs.load([key for _, batch in keyed for _, key in batch if key])
        rows: list[tuple[Any, ...]] = []
        counts = []
        for drop_id, batch in keyed:
            mine = [self._line_row(drop_id, line, key) for line, key in batch]
            counts.append(Counter([row[_RESULT_COLUMN] for row in mine]))
            rows += mine
        self._jobs.write()
        insert_rows(self._db, lines, LINE_COLUMNS, rows)
        return counts

    def _line_row(
        self, drop_id: int, line: NewLine, key: str | None
    ) -> tuple[Any, ...]:
        head = drop_id, line.line, line.part, line.text
        job_options, again = line.job_options, line.again
        if line.collection is not None and job_options is not None:
            return self._collection_row(drop_id, line, line.collection, job_options)
        if key is None or line.video_id is None or job_options is None:
            return (*head, _REJECTED, line.code, line.message, again, None, None)
        decision, job_id, known = self._jobs.enqueue(
            key,
            line.video_id,
            job_options,
            (drop_id, line.line, line.part or None),
            is_music=line.is_music,
            ignores_archive=line.ignores_archive,
        )
        message = self._message(line.message, decision, known)
        code = _CODES.get(decision.action)
        return (*head, decision.line_result, code, message, again, job_id, None)

    def _collection_row(
        self,
        drop_id: int,
        line: NewLine,
        collection: NewCollection,
        job_options: JobOptions,
    ) -> tuple[Any, ...]:
        """Request the collection of a line; returns the row of the line."""
        source = drop_id, line.line, line.part or None
        asked = subscriptions.request_and_follow(
            self._db, self._session_id, collection, job_options, source, self._now
        )
        message = "; ".join(filter(None, [line.message, asked.message])) or None
        head = drop_id, line.line, line.part, line.text
        result, collection_id = asked.result.value, asked.collection_id
        return (*head, result, None, message, line.again, None, collection_id)

    def _message(
        self, remark: str | None, decision: LinkDecision, known: KnownJob | None
    ) -> str | None:
        """Return the message of a line with a link in receipts, if any."""
        if decision.exceeded is not None:
            return self._message_of(decision, known)
        said = [remark, self._message_of(decision, known)]
        return "; ".join(filter(None, said)) or None

    def _message_of(self, decision: LinkDecision, known: KnownJob | None) -> str | None:
        """Return the message for a decision; None for new audio."""
        if decision is DUPLICATE:
            return DUPLICATE_MESSAGE
        if decision is WITHDRAW_CANCELLATION:
            return CANCELLATION_WITHDRAWN_MESSAGE
        if decision.archived_at is not None:
            return f"{archive.since_text(decision.archived_at)}; {AGAIN_MESSAGE}"
        if decision.exceeded is not None:
            return (
                f"this session may have {self._max_jobs} jobs in its life and has had "
                "them; use another session"
            )
        if known is None:
            return None
        why = (
            "its finished file is gone"
            if known.file_is_gone
            else f"it was {known.state}"
        )
        return f"runs again: {why}"


def _audio_key(line: NewLine) -> str | None:
    if line.job_options is None or line.video_id is None:
        return None
    return audio_key(line.video_id, line.job_options.profile)
