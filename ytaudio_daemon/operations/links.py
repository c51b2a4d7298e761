"""Enqueues a link for a client that waits for the result."""

from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.ledger import Connection, enqueue, sessions
from ytaudio_daemon.ledger.enqueue import EnqueueResult, JobOptions
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota


def enqueue_link(  # noqa: PLR0913 - a job's parts, one name each
    db: Connection,
    session_id: int,
    *,
    video_id: str,
    job_options: JobOptions,
    quota: Quota,
    now: Now,
    job_uuid: str | None = None,
    is_music: bool = False,
    ignores_archive: bool = False,
) -> EnqueueResult:
    """Enqueue one link in an active session; over the quota it is refused, not held.

    Args:
        db: A write transaction.
        session_id: The session that the job belongs to.
        video_id: The 11 characters.
        job_options: The effective options.
        quota: The config's; the session's own limits win.
        now: The moment.
        job_uuid: For a new job, and no other job's; random when None.
        is_music: The link is one of YouTube Music's.
        ignores_archive: It is fetched although the archive has the video.

    Raises:
        SessionExpiredError: The session has ended.
    """
    sessions.require_active(db, session_id)
    return enqueue.enqueue_link(
        db,
        session_id,
        video_id=video_id,
        job_options=job_options,
        quota=quota,
        now=now,
        file_is_gone=audio_is_gone,
        job_uuid=job_uuid,
        is_music=is_music,
        ignores_archive=ignores_archive,
    )
