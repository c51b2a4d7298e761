"""Jobs of the ledger, run by the calling process instead of by the daemon."""

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from ytaudio_daemon.downloader import open_ledger
from ytaudio_daemon.downloader.await_attempt import ProgressListener
from ytaudio_daemon.downloader.claim_runner import ClaimRunner, when_not_busy
from ytaudio_daemon.downloader.folder_downloader import DownloadRequest
from ytaudio_daemon.downloader.next_action import NextAction, next_action
from ytaudio_daemon.downloader.result import DownloadResult, rejected_result
from ytaudio_daemon.downloader.session_context import require_active_session
from ytaudio_daemon.downloader.stop_signal import INTERRUPTED, StopLevel, StopSignal
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.folders import Layout, published
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.folders.wake_file import wake_daemon
from ytaudio_daemon.jobs.config_values import egress_keys
from ytaudio_daemon.jobs.foreign_claims import claim_owner, owner_is_dead
from ytaudio_daemon.ledger import Connection, Ledger, claims, queries, transitions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.ledger.enqueue import JobOptions, NewVideo
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.line_rules import LinkAction
from ytaudio_daemon.operations.links import enqueue_link
from ytaudio_daemon.operations.transaction import write_now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import logs

#: A job that another process runs is read this often, in seconds.
POLL_S = 0.2
OVER_QUOTA = (
    "The session is over its quota of jobs or bytes: wait until others are finished, or "
    "use another session."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionJobRequest:
    """A download request as a job of a session.

    Attributes:
        download_request: The link and its options.
        session_uuid: The session's.
        job_uuid: The new job's, as the caller wrote it.
        again: It is downloaded although the archive has the video.
    """

    download_request: DownloadRequest
    session_uuid: str
    job_uuid: str
    again: bool = False


@contextmanager
def open_runner(
    settings: Settings, runtime: WorkerRuntime
) -> Iterator["SessionJobRunner"]:
    """Open the configured ledger for one call.

    Raises:
        ConfigError, LedgerError: The ledger cannot be used.
    """
    logs.configure_for_library_use()
    with open_ledger.open_or_create_ledger(settings) as ledger:
        yield SessionJobRunner(ledger, layout_of(settings), settings, runtime)


class SessionJobRunner:
    """Enqueues, claims and runs jobs for callers of the Python API.

    Args:
        ledger: The open ledger.
        layout: The daemon's tree.
        settings: As `with_short_retries` returns them.
        runtime: Runs the workers.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, settings: Settings, runtime: WorkerRuntime
    ) -> None:
        self._ledger = ledger
        self._layout = layout
        self._settings = settings
        self._host = open_ledger.local_host_id(layout)
        self._holder = claim_owner(self._host)
        self._claim_runner = ClaimRunner(
            ledger, layout, settings, runtime, self._holder
        )

    def fetch(
        self,
        request: SessionJobRequest,
        on_progress: ProgressListener,
        stop_signal: StopSignal,
    ) -> DownloadResult:
        """Return a job's result, running it here unless another process does.

        Args:
            request: The job.
            on_progress: Called with each progress report, in this thread.
            stop_signal: Ends the call early.

        Raises:
            UnknownSessionError, SessionExpiredError: Its session does not exist or ended.
            UsageError: The job's UUID is unusable.
            LedgerError: The ledger cannot be used.
        """
        job = when_not_busy(partial(self._find_or_enqueue, request))
        if isinstance(job, str):
            return rejected_result(job)
        is_first_read = True
        while stop_signal.level is not StopLevel.IMMEDIATE:
            claim_or_job = when_not_busy(
                partial(self._claim_or_finished, job.id, is_first_read=is_first_read)
            )
            is_first_read = False
            if isinstance(claim_or_job, Claim):
                self._run_claim(claim_or_job, on_progress, stop_signal)
            elif claim_or_job is not None:
                return _result_of(claim_or_job)
            else:
                time.sleep(POLL_S)
        return rejected_result(INTERRUPTED.message)

    def _run_claim(
        self, claim: Claim, on_progress: ProgressListener, stop_signal: StopSignal
    ) -> None:
        """Run one attempt; then wake the daemon, whose views show its end."""
        try:
            self._claim_runner.run(claim, on_progress, stop_signal)
        finally:
            _RUNNING.discard(claim.name)
        with suppress(OSError):  # the daemon reads the ledger by itself within seconds
            wake_daemon(self._layout)

    def _find_or_enqueue(self, request: SessionJobRequest) -> JobRow | str:
        """Return the job, new or known; or in a sentence why it was not enqueued."""
        link = request.download_request.link
        job_options = JobOptions.from_options(request.download_request.options)
        job_uuid = _checked_uuid(request.job_uuid)
        with write_now(self._ledger) as (db, now):
            session = require_active_session(db, request.session_uuid)
            known = queries.find_job_by_uuid(db, job_uuid)
            if known is not None:
                _require_same_job(known, session.uuid, link.video_id, job_options)
            else:
                known = queries.find_job_by_audio(
                    db, session.id, link.video_id, job_options.profile
                )
            if known is not None:
                transitions.withdraw_cancellation(db, known.id, now)
                return known
            new = NewVideo(
                video_id=link.video_id,
                job_options=job_options,
                uuid=job_uuid,
                is_music=link.is_music,
                ignores_archive=request.again,
            )
            quota = self._settings.sessions.quota
            enqueued = enqueue_link(db, session.id, new, quota=quota, now=now)
            if enqueued.action is LinkAction.ARCHIVED:
                reason = enqueued.message
                return f"The video is {reason}; again=True downloads it anyway."
            if enqueued.job_id is None:
                return OVER_QUOTA
            return queries.job_by_id(db, enqueued.job_id)

    def _claim_or_finished(
        self, job_id: int, *, is_first_read: bool
    ) -> Claim | JobRow | None:
        """Claim the job, or return it if it has ended; None: read it again soon."""
        with ExitStack() as undo, write_now(self._ledger) as (db, now):
            job = queries.job_by_id(db, job_id)
            gone = job.state is JobState.COMPLETED and published.audio_is_gone(
                job.output_path
            )
            keys = egress_keys(self._settings)
            action = next_action(
                job,
                is_first_read=is_first_read,
                file_is_gone=gone,
                wall=now.wall,
                has_other_egress=len(keys) > 1,
            )
            if action is NextAction.RETURN:
                return job
            if action is not NextAction.WAIT:
                _queue_for(db, job_id, action, now)
                egress = claims.order_egresses(db, job_id, now, keys)[0]
                claim = claims.claim_job(db, job_id, now, self._holder, egress)
                if claim is not None:  # before other threads can see it
                    _RUNNING.add(claim.name)
                    undo.push(partial(_discard_on_error, claim.name))
                return claim
            running = claims.running_claim(db, job_id)
        if running is not None and self._is_abandoned(running):
            self._claim_runner.requeue_abandoned(running, now)
        return None

    def _is_abandoned(self, claim: Claim) -> bool:
        """Return whether no process runs the claimed attempt any more.

        Its process is gone; or it is this one, and the end could not be recorded.
        """
        if claim.owner == self._holder:
            return claim.name not in _RUNNING
        return owner_is_dead(claim.owner or "", self._host)


#: The attempts that this process runs now, in any thread.
_RUNNING: set[str] = set()


def _discard_on_error(name: str, failed: type[BaseException] | None, *_: Any) -> None:
    if failed is not None:
        _RUNNING.discard(name)


def _queue_for(db: Connection, job_id: int, action: NextAction, now: Now) -> None:
    if action is NextAction.REQUEUE:
        transitions.requeue_now(db, job_id, now)
    elif action is NextAction.RETRY:
        transitions.retry(db, job_id, now)


def _checked_uuid(text: str) -> str:
    """Return a UUID in its canonical form, in which it names a folder.

    Raises:
        UsageError: The text is no UUID.
    """
    try:
        return str(uuid.UUID(str(text)))
    except ValueError as error:
        raise UsageError(
            f"{str(text)[:60]!r} is no job's UUID", "get_url_uuid(url) gives one."
        ) from error


def _require_same_job(
    job: JobRow, session_uuid: str, video_id: str, job_options: JobOptions
) -> None:
    """Check that a known job is for the request session, video and options.

    Raises:
        UsageError: It is not.
    """
    known = {**job.options, "priority": job_options.priority}
    if job.session_uuid != session_uuid:
        # Another session's job: nothing is disclosed, its UUID is like a password.
        raise UsageError(
            "that job UUID is taken", "get_url_uuid(url) gives a free one."
        )
    if job.video_id != video_id or known != job_options.options:
        raise UsageError(
            f"job {job.uuid} is for another link, or for other options",
            "get_url_uuid(url, format=…) gives the UUID for these.",
        )


def _result_of(job: JobRow) -> DownloadResult:
    done = job.state is JobState.COMPLETED
    default = OVER_QUOTA if job.state is JobState.HELD else f"The job is {job.state}."
    error = (job.error or {}).get("message") or default
    return DownloadResult(
        success=done,
        output_path=job.output_path if done else None,
        file_size_bytes=job.file_size_bytes if done else None,
        title=job.title,
        artist=job.artist,
        duration_seconds=job.duration_s,
        view_count=job.view_count,
        error_message=None if done else error,
    )
