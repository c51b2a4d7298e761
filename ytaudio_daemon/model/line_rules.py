"""Decides about a link to a session: new, duplicate, run again, over the quota. Pure.

The lines of drops, requests to the REST API and calls of the Python API are all decided
by `decide_link`; `ledger.enqueue` carries the decision out.
"""

from enum import Enum, StrEnum, auto
from typing import NamedTuple

from ytaudio_daemon.model.job import FINALIZED, JobState
from ytaudio_daemon.model.quota import UNLIMITED, Quota


class LineResult(StrEnum):
    """The result of a line in its receipt."""

    #: It has a job that will run, or runs.
    ACCEPTED = "accepted"
    #: The session has this audio already, or is about to.
    DUPLICATE = "duplicate"
    #: No job comes of it.
    REJECTED = "rejected"


class LinkAction(Enum):
    """The action on a link."""

    #: Add a queued job.
    QUEUE = auto()
    #: Add a job that is held until the session has room.
    HOLD = auto()
    #: Queue the session's finalized job of this audio again.
    RETRY = auto()
    #: Let the session's running job go on: its cancellation is withdrawn.
    WITHDRAW_CANCELLATION = auto()
    #: Nothing: the session's job of this audio is unfinished, or its file exists.
    DUPLICATE = auto()
    #: Nothing: the archive has the video.
    ARCHIVED = auto()
    #: Nothing: the session is over a limit.
    REFUSE = auto()


class WhenFull(Enum):
    """The treatment of a link while its session is full."""

    #: New jobs are held, and old ones run again: a drop's author is not waiting.
    HOLD = auto()
    #: Nothing is recorded: the client gets an error at once and can ask again.
    REFUSE = auto()


class ExceededLimit(Enum):
    """The limit that a link was refused for."""

    #: `max_jobs`: unfinished jobs at once.
    UNFINISHED_JOBS = auto()
    #: `max_jobs` with `over_limit = "reject"`: jobs in the session's life.
    LIFETIME_JOBS = auto()
    #: `max_bytes`: finished audio.
    BYTES = auto()


class KnownJob(NamedTuple):
    """The session's job of the same audio.

    Attributes:
        state: Its state.
        cancel_requested: It is running and was asked to stop.
        file_is_gone: It is completed and its audio no longer exists.
        created_at: When it was asked for first, in seconds since 1970.
    """

    state: JobState
    cancel_requested: bool = False
    file_is_gone: bool = False
    created_at: float = 0.0


class SessionRoom(NamedTuple):
    """The number of further jobs that a session may have.

    Attributes:
        unfinished_jobs: At once, beside those it has; `UNLIMITED` is never reached.
        lifetime_jobs: In its life, beside those it has had, or `UNLIMITED`.
        has_bytes: Its finished audio is below `max_bytes`.
    """

    unfinished_jobs: int
    lifetime_jobs: int
    has_bytes: bool

    @classmethod
    def from_quota(
        cls, limits: Quota, *, unfinished: int, accepted: int, used_bytes: int
    ) -> "SessionRoom":
        """Compare what a session has with its limits.

        Args:
            limits: Those that hold for this session.
            unfinished: Its jobs that take a place of the quota (`IN_QUOTA`).
            accepted: Jobs it has had in its life.
            used_bytes: Of its finished audio.
        """
        is_lifetime = limits.reject_over and limits.max_jobs
        return cls(
            unfinished_jobs=limits.max_jobs - unfinished
            if limits.max_jobs
            else UNLIMITED,
            lifetime_jobs=limits.max_jobs - accepted if is_lifetime else UNLIMITED,
            has_bytes=not limits.max_bytes or used_bytes < limits.max_bytes,
        )

    @property
    def exceeded(self) -> ExceededLimit | None:
        """The limit that keeps one more job from being queued now; None below both."""
        if not self.has_bytes:
            return ExceededLimit.BYTES
        if self.unfinished_jobs <= 0:
            return ExceededLimit.UNFINISHED_JOBS
        return None


class LinkDecision(NamedTuple):
    """The action on a link, and the result of its line.

    Attributes:
        action: The rows that are written.
        line_result: The `LineResult` of a line with that link, as text.
        exceeded: The limit of a `REFUSE`, else None.
        archived_at: Of an `ARCHIVED`, when the video entered the archive, in seconds
            since 1970; else None.
    """

    action: LinkAction
    line_result: str
    exceeded: ExceededLimit | None = None
    archived_at: float | None = None


# Made once, as a million lines share them; compared by identity.
QUEUE = LinkDecision(LinkAction.QUEUE, LineResult.ACCEPTED.value)
HOLD = LinkDecision(LinkAction.HOLD, LineResult.ACCEPTED.value)
RETRY = LinkDecision(LinkAction.RETRY, LineResult.ACCEPTED.value)
WITHDRAW_CANCELLATION = LinkDecision(
    LinkAction.WITHDRAW_CANCELLATION, LineResult.ACCEPTED.value
)
DUPLICATE = LinkDecision(LinkAction.DUPLICATE, LineResult.DUPLICATE.value)


def audio_key(video_id: str, profile: str) -> str:
    """Return the key that is the same for the same audio: one job a session.

    Args:
        video_id: The 11 characters.
        profile: As `Options.profile` returns it.
    """
    return f"{video_id}:{profile}"


def video_id_of(audio_key: str) -> str:
    """Return the video of an audio key."""
    return audio_key.partition(":")[0]


def decide_link(
    known: KnownJob | None,
    room: SessionRoom,
    when_full: WhenFull,
    archived_at: float | None = None,
) -> LinkDecision:
    """Decide about a link to a session.

    The archive keeps a video from being fetched; it stops no job that is under way, and
    none that was asked for in spite of it: such a job is younger than the entry.

    Args:
        known: The session's job of the same video with the same options; None when
            there is none.
        room: How many more jobs the session may have.
        when_full: Hold or refuse a link over the quota.
        archived_at: When the video entered the archive; None when it is not in it, or
            the archive is to be ignored.
    """
    if known is not None and known.cancel_requested:
        return WITHDRAW_CANCELLATION
    if known is not None and not runs_again(known):
        return DUPLICATE
    if archived_at is not None and (known is None or known.created_at < archived_at):
        return LinkDecision(
            LinkAction.ARCHIVED, LineResult.DUPLICATE.value, archived_at=archived_at
        )
    return _decide_download(known, room, when_full)


def _decide_download(
    known: KnownJob | None, room: SessionRoom, when_full: WhenFull
) -> LinkDecision:
    """Decide about a link whose audio is to be fetched, if the session has room."""
    full = room.exceeded
    if full is not None and when_full is WhenFull.REFUSE:
        return _refuse(full)
    if known is not None:
        return RETRY
    if room.lifetime_jobs <= 0:
        return _refuse(ExceededLimit.LIFETIME_JOBS)
    return QUEUE if full is None else HOLD


def runs_again(job: KnownJob) -> bool:
    """Return True if a job is queued again when its link is given once more.

    That holds for failed and cancelled jobs, and for completed ones without a file.
    """
    if job.state is JobState.COMPLETED:
        return job.file_is_gone
    return job.state in FINALIZED


def room_after(room: SessionRoom, decision: LinkDecision) -> SessionRoom:
    """Return the room that is left when a link was given to the session."""
    unfinished, lifetime, has_bytes = room
    if unfinished < UNLIMITED and (decision is QUEUE or decision is RETRY):
        unfinished -= 1
    if lifetime < UNLIMITED and (decision is QUEUE or decision is HOLD):
        lifetime -= 1
    if unfinished == room.unfinished_jobs and lifetime == room.lifetime_jobs:
        return room  # as it is for most of a big drop's lines
    return SessionRoom(unfinished, lifetime, has_bytes)


def _refuse(limit: ExceededLimit) -> LinkDecision:
    return LinkDecision(LinkAction.REFUSE, LineResult.REJECTED.value, limit)


class RetryRefusal(Enum):
    """The reason for refusing a person's `retry` of one job."""

    #: Its cancellation is under way; it can be retried once that is done.
    CANCELLING = auto()
    #: It is not finalized.
    UNFINISHED = auto()
    #: Only failed jobs were asked for.
    NOT_FAILED = auto()
    #: Its session has expired.
    SESSION_EXPIRED = auto()
    #: It is completed and its file exists.
    FILE_EXISTS = auto()


def refuse_retry(
    job: KnownJob, *, is_expired: bool, only_failed: bool
) -> RetryRefusal | None:
    """Return the reason against retrying a job by hand; None when there is none.

    Unlike a link that is given once more, a retry names the job itself: it does not
    withdraw a cancellation, and an expired session takes none.

    Args:
        job: The job.
        is_expired: Its session has expired.
        only_failed: Cancelled and completed jobs were not asked for.
    """
    if job.cancel_requested:
        return RetryRefusal.CANCELLING
    if job.state not in FINALIZED:
        return RetryRefusal.UNFINISHED
    if only_failed and job.state is not JobState.FAILED:
        return RetryRefusal.NOT_FAILED
    if is_expired:
        return RetryRefusal.SESSION_EXPIRED
    return None if runs_again(job) else RetryRefusal.FILE_EXISTS
