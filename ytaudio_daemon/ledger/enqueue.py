"""Enqueues links: those of drops by the thousand, those of clients one by one.

Both use `JobBatch`: `model.line_rules` decides about each link, and the same rows are
written.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger import archive, transitions
from ytaudio_daemon.ledger.bulk import insert_rows, jobs_by_key, reserve_ids
from ytaudio_daemon.ledger.events import (
    Fence,
    adjust_counters,
    append_event,
    append_library_requests,
    record_activity,
)
from ytaudio_daemon.ledger.schema import jobs
from ytaudio_daemon.ledger.sessions import session_room, session_row
from ytaudio_daemon.model import JobState, Options
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.line_rules import (
    DUPLICATE,
    QUEUE,
    RETRY,
    WITHDRAW_CANCELLATION,
    ExceededLimit,
    KnownJob,
    LinkAction,
    LinkDecision,
    WhenFull,
    audio_key,
    decide_link,
    room_after,
    video_id_of,
)
from ytaudio_daemon.model.quota import Quota

JOB_COLUMNS = (
    "id",
    "uuid",
    "session_id",
    "drop_id",
    "drop_line",
    "drop_part",
    "video_id",
    "audio_key",
    "options",
    "priority",
    "state",
    "pending_lived",
    "created_at",
    "is_music",
    "collection_id",
    "collection_position",
)
#: The actions after which a link has no job.
_WITHOUT_JOB = frozenset({LinkAction.REFUSE, LinkAction.ARCHIVED})
_STATE_COLUMN = JOB_COLUMNS.index("state")
#: A lookup is faster than the enumeration's constructor.
_STATES = {state.value: state for state in JobState}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """Effective options as the ledger stores them; lines with the same ones share them."""

    options: dict[str, Any]
    profile: str
    priority: int

    @classmethod
    def from_options(cls, options: Options) -> "JobOptions":
        """Return the options in the form that the ledger stores."""
        return cls(
            options=options.to_json(),
            profile=options.profile(),
            priority=options.priority,
        )


#: The source of a link: the drop, its line, the part (None when it is alone).
JobSource = tuple[int, int, int | None] | tuple[None, None, None]
NO_DROP: JobSource = (None, None, None)
#: The collection that makes a job, and its position there.
CollectionPlace = tuple[int, int] | tuple[None, None]
NO_COLLECTION: CollectionPlace = (None, None)

#: The result of one link of a batch: the decision, the row of its job (None when it
#: was refused, or the archive has the video), and the session's job of this audio as it
#: was before (None for new audio, and for audio that the same batch asked for before).
EnqueuedLink = tuple[LinkDecision, int | None, KnownJob | None]


class JobBatch:
    """Decides about links to one session and collects their jobs, to write all at once.

    Rows are plain tuples that go straight to the driver, and jobs get their numbers
    before they are written: a million lines pass through here.

    Args:
        db: A write transaction.
        session: The session's row, read in this transaction.
        quota: The config's; the session's own limits win.
        now: The moment.
        when_full: The treatment of links over the quota.
        file_is_gone: Returns whether a completed job's output path no longer exists.
    """

    def __init__(
        self,
        db: Connection,
        session: Any,
        quota: Quota,
        now: Now,
        *,
        when_full: WhenFull,
        file_is_gone: Callable[[str], bool],
    ) -> None:
        self._db = db
        self._session_id = session.id
        self._session_name = session.name
        self._now = now
        self._when_full = when_full
        self._file_is_gone = file_is_gone
        self._room = session_room(session, quota)
        #: The session's jobs that this batch asks for, by audio key.
        self._existing_jobs: dict[str, Any] = {}
        #: When the videos that are in the archive were added to it.
        self._archived_at: dict[str, float] = {}
        #: The jobs of the links that were not refused so far, by audio key.
        self._requested_jobs: dict[str, int] = {}
        self._job_rows: list[tuple[Any, ...]] = []
        #: Completed jobs whose links were requested again.
        self._library_requests: list[int] = []
        self._new_job_ids: Iterator[int] = iter(())
        self._uuid_prefix = os.urandom(1).hex()
        #: Options as text: a file's lines mostly share them.
        self._options_json_cache: dict[tuple[str, int], str] = {}

    @property
    def new_job_count(self) -> int:
        """The number of jobs this batch adds to the session."""
        return len(self._job_rows)

    def load(self, audio_keys: Iterable[str]) -> None:
        """Look up the session's jobs and archive, in a few queries for all links.

        Args:
            audio_keys: Of all the links that `enqueue` is going to get.
        """
        keys = sorted(set(audio_keys))
        self._existing_jobs = jobs_by_key(self._db, self._session_id, keys)
        self._archived_at = archive.find_archived(
            self._db, self._session_name, [video_id_of(key) for key in keys]
        )
        new = len(keys) - len(self._existing_jobs)
        self._new_job_ids = iter(reserve_ids(self._db, jobs, new))

    def enqueue(  # noqa: PLR0913 - what a decision depends on, one name each
        self,
        audio_key: str,
        video_id: str,
        job_options: JobOptions,
        source: JobSource = NO_DROP,
        job_uuid: str | None = None,
        *,
        is_music: bool = False,
        place: CollectionPlace = NO_COLLECTION,
        ignores_archive: bool = False,
    ) -> EnqueuedLink:
        """Decide about a link and apply the decision; `write` inserts a new job's row.

        Args:
            audio_key: One of those that `load` was called with.
            video_id: The 11 characters.
            job_options: The effective options.
            source: The line that names it; `NO_DROP` for a client's link.
            job_uuid: The UUID of a new job, which no other job has; random when None.
            is_music: The link is one of YouTube Music's.
            place: The collection whose entry it is.
            ignores_archive: It is fetched although the archive has the video.
        """
        requested = self._requested_jobs.get(audio_key)
        if requested is not None:
            return DUPLICATE, requested, None
        existing = self._existing_jobs.get(audio_key)
        known = None if existing is None else self._known_job(existing)
        archived_at = None if ignores_archive else self._archived_at.get(video_id)
        decision = decide_link(known, self._room, self._when_full, archived_at)
        if decision.action in _WITHOUT_JOB:
            return decision, None, known
        if existing is None:
            job_id = next(self._new_job_ids)
            self._job_rows.append(
                (
                    job_id,
                    job_uuid or random_uuid(self._uuid_prefix),
                    self._session_id,
                    *source,
                    video_id,
                    audio_key,
                    self._options_json(job_options),
                    job_options.priority,
                    "queued" if decision is QUEUE else "held",
                    self._now.uptime_s,
                    self._now.wall,
                    is_music,
                    *place,
                )
            )
        else:
            job_id = existing.id
            self._change_existing(existing, decision)
        self._requested_jobs[audio_key] = job_id
        self._room = room_after(self._room, decision)
        return decision, job_id, known

    def write(self) -> None:
        """Insert the new jobs, count them, and append events of those requested again."""
        append_library_requests(
            self._db, self._now, self._session_id, self._library_requests
        )
        insert_rows(self._db, jobs, JOB_COLUMNS, self._job_rows)
        by_state = Counter(row[_STATE_COLUMN] for row in self._job_rows)
        if by_state:
            by = {JobState(state): count for state, count in by_state.items()}
            adjust_counters(self._db, self._session_id, by)

    def _known_job(self, row: Any) -> KnownJob:
        state = _STATES[row.state]
        is_gone = state is JobState.COMPLETED and self._file_is_gone(row.output_path)
        return KnownJob(state, bool(row.cancel_requested), is_gone, row.created_at)

    def _change_existing(self, existing: Any, decision: LinkDecision) -> None:
        if decision is RETRY:
            transitions.retry(self._db, existing.id, self._now)
        elif decision is WITHDRAW_CANCELLATION:
            transitions.withdraw_cancellation(self._db, existing.id, self._now)
        elif _STATES[existing.state] is JobState.COMPLETED:
            self._library_requests.append(existing.id)

    def _options_json(self, job_options: JobOptions) -> str:
        shared = job_options.profile, job_options.priority
        if shared not in self._options_json_cache:
            self._options_json_cache[shared] = json.dumps(job_options.options)
        return self._options_json_cache[shared]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVideo:
    """The video that a client's link names, with the options of its job.

    Attributes:
        video_id: The 11 characters.
        job_options: The effective options.
        uuid: The UUID of a new job, which no other job has; random when None.
        is_music: The link is one of YouTube Music's.
        ignores_archive: It is fetched although the archive has the video.
    """

    video_id: str
    job_options: JobOptions
    uuid: str | None = None
    is_music: bool = False
    ignores_archive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueResult:
    """The result of enqueueing a client's link.

    Attributes:
        action: What was done with it.
        job_id: The row of its job; None when it was refused or is in the archive.
        code: `session_job_limit` or `session_byte_limit` when refused, `in_archive`, or
            "".
        message: Why there is no job, in one sentence, else "".
    """

    action: LinkAction
    job_id: int | None = None
    code: str = ""
    message: str = ""


def enqueue_link(
    db: Connection,
    session_id: int,
    new: NewVideo,
    *,
    quota: Quota,
    now: Now,
    file_is_gone: Callable[[str], bool],
) -> EnqueueResult:
    """Enqueue one link for a client that waits for the result.

    A link over the quota is refused, where a drop's would be held: the client gets the
    refusal at once.

    Args:
        db: A write transaction.
        session_id: The session that the job belongs to.
        new: The video and its options.
        quota: The config's; the session's own limits win.
        now: The moment.
        file_is_gone: Returns whether a completed job's output path no longer exists.
    """
    session = session_row(db, session_id)
    batch = JobBatch(
        db, session, quota, now, when_full=WhenFull.REFUSE, file_is_gone=file_is_gone
    )
    key = audio_key(new.video_id, new.job_options.profile)
    batch.load([key])
    decision, job_id, _ = batch.enqueue(
        key,
        new.video_id,
        new.job_options,
        job_uuid=new.uuid,
        is_music=new.is_music,
        ignores_archive=new.ignores_archive,
    )
    if decision.archived_at is not None:
        return EnqueueResult(
            action=decision.action,
            code=archive.IN_ARCHIVE,
            message=archive.since_text(decision.archived_at),
        )
    if decision.exceeded is not None:
        limits = quota.with_session_limits(session.max_jobs, session.max_bytes)
        return _refusal(decision.exceeded, limits)
    batch.write()
    if decision is QUEUE and job_id is not None:
        record_activity(db, session_id, now, accepted=session.accepted + 1)
        fence = Fence(job_id=job_id, session_id=session_id, attempt=0)
        append_event(db, now, fence, "asked_for")
    return EnqueueResult(action=decision.action, job_id=job_id)


def _refusal(exceeded: ExceededLimit, limits: Quota) -> EnqueueResult:
    if exceeded is ExceededLimit.BYTES:
        return _refused(
            f"this session may have {limits.max_bytes} bytes of finished audio and has "
            "them",
            code="session_byte_limit",
        )
    if exceeded is ExceededLimit.UNFINISHED_JOBS:
        return _refused(
            f"this session may have {limits.max_jobs} unfinished jobs at once and has "
            "them"
        )
    return _refused(
        f"this session may have {limits.max_jobs} jobs in its life and has had them"
    )


def _refused(message: str, code: str = "session_job_limit") -> EnqueueResult:
    return EnqueueResult(action=LinkAction.REFUSE, code=code, message=message)


def random_uuid(prefix: str) -> str:
    """Return a random UUID (RFC 9562, version 4) that begins with a batch's digits.

    A thousand wholly random keys touch a thousand pages of a big index; a shared
    beginning keeps a batch together there and costs people who type a prefix only
    those digits more. A time-ordered UUID would cost them twelve.

    Args:
        prefix: Fewer than 13 hex digits.
    """
    digits = prefix + os.urandom(16).hex()[len(prefix) :]
    variant = "89ab"[int(digits[16], 16) & 3]
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}"
        f"-{variant}{digits[17:20]}-{digits[20:]}"
    )
