"""Enqueues a link, or has a collection listed, for a client that waits for the result."""

from ytaudio_daemon.errors import TooManyListingsError
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.ledger import (
    Connection,
    collection_queries,
    enqueue,
    sessions,
    subscriptions,
)
from ytaudio_daemon.ledger.collections import NewCollection, RequestedCollection
from ytaudio_daemon.ledger.enqueue import NO_DROP, EnqueueResult, JobOptions, NewVideo
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota


def enqueue_link(
    db: Connection, session_id: int, new: NewVideo, *, quota: Quota, now: Now
) -> EnqueueResult:
    """Enqueue one link in an active session; over the quota it is refused, not held.

    Args:
        db: A write transaction.
        session_id: The session that the job belongs to.
        new: What the link asks for.
        quota: The config's; the session's own limits win.
        now: The moment.

    Raises:
        SessionExpiredError: The session has ended.
    """
    sessions.require_active(db, session_id)
    return enqueue.enqueue_link(
        db, session_id, new, quota=quota, now=now, file_is_gone=audio_is_gone
    )


def request_collection(
    db: Connection,
    session_id: int,
    new: NewCollection,
    *,
    job_options: JobOptions,
    quota: Quota,
    now: Now,
) -> RequestedCollection:
    """Have a collection of an active session listed, and followed where that is asked for.

    Args:
        db: A write transaction; to be rolled back when this raises.
        session_id: The session.
        new: The collection, the selection of its entries, and how it is followed.
        job_options: What its jobs get.
        quota: The config's; the session's own limits win.
        now: The moment.

    Raises:
        SessionExpiredError: The session has ended.
        TooManyListingsError: As many collections are still to be listed as the session
            may have unfinished jobs.
    """
    session = sessions.require_active(db, session_id)
    asked = subscriptions.request_and_follow(
        db, session_id, new, job_options, NO_DROP, now
    )
    own = quota.with_session_limits(session.max_jobs, session.max_bytes)
    if (
        own.max_jobs
        and collection_queries.count_unlisted(db, session_id) > own.max_jobs
    ):
        raise TooManyListingsError(
            f"{own.max_jobs} playlists, albums and channels of this session are still to "
            "be listed",
            "Wait until one is listed, or use another session.",
        )
    return asked
