"""Cancels and retries collections: the listing, and the jobs of its entries."""

from collections.abc import Iterable
from dataclasses import dataclass

from ytaudio_daemon.ledger import (
    Connection,
    collection_queries,
    collections,
    queries,
    sessions,
    subscriptions,
)
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import FINALIZED, JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.collection import LISTING_ENDED, CollectionState
from ytaudio_daemon.model.job import CancelResult
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.model.subscription import SubscriptionState
from ytaudio_daemon.operations.job_changes import (
    BATCH_SIZE,
    cancel_job,
    change_in_batches,
    require_not_expired,
    retried_states,
    retry_job,
)
from ytaudio_daemon.operations.transaction import OpenWrite

_UNFINISHED = frozenset(set(JobState) - FINALIZED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionChange:
    """The result of cancelling or retrying a collection.

    Attributes:
        is_listing_changed: The listing was cancelled, or is queued again.
        jobs: The number of jobs that were changed.
        is_stopped: It was followed, and is no longer.
    """

    is_listing_changed: bool
    jobs: int
    is_stopped: bool = False

    @property
    def is_nothing(self) -> bool:
        """True if there was nothing to change."""
        return not (self.is_listing_changed or self.jobs or self.is_stopped)


def cancel_collection(
    open_write: OpenWrite, collection: CollectionDetails, quota: Quota
) -> CollectionChange:
    """Cancel a listing, then the unfinished jobs that it made, some a transaction.

    It is no longer followed. Jobs that another line or collection asked for before go on.

    Args:
        open_write: Opens each transaction.
        collection: The collection.
        quota: The config's, for the held jobs that may be queued instead.
    """
    with open_write() as (db, now):
        is_listing_cancelled = collections.cancel_collection(db, collection.id, now)
        is_stopped = subscriptions.set_state(
            db, collection.id, SubscriptionState.STOPPED, now
        )

    def find_jobs(db: Connection, after_id: int) -> list[JobRow]:
        return _find_jobs(db, collection.id, _UNFINISHED, after_id, only_its_own=True)

    def cancel(db: Connection, job: JobRow, now: Now) -> bool:
        return cancel_job(db, job.id, now, quota) is not CancelResult.PUBLISHING

    return CollectionChange(
        is_listing_changed=is_listing_cancelled,
        is_stopped=is_stopped,
        jobs=change_in_batches(open_write, find_jobs, cancel),
    )


def retry_collection(
    open_write: OpenWrite, collection: CollectionDetails, *, only_failed: bool = False
) -> CollectionChange:
    """List a collection again, and queue its finalized jobs again, some a transaction.

    Completed jobs whose files exist stay as they are.

    Args:
        open_write: Opens each transaction.
        collection: The collection.
        only_failed: Leave listings and jobs that have not failed as they are.

    Raises:
        SessionExpiredError: Its session has ended.
    """
    with open_write() as (db, now):
        require_not_expired(sessions.session_by_id(db, collection.session_id))
        current = collection_queries.collections_by_id(db, [collection.id])
        state = current[collection.id].state
        is_listed_again = state in LISTING_ENDED and (
            not only_failed or state is CollectionState.FAILED
        )
        if is_listed_again:
            collections.list_again(db, collection.id, now)
    states = retried_states(only_failed=only_failed)

    def find_jobs(db: Connection, after_id: int) -> list[JobRow]:
        return _find_jobs(db, collection.id, states, after_id)

    def retry(db: Connection, job: JobRow, now: Now) -> bool:
        return retry_job(db, job, now, only_failed=only_failed) is None

    return CollectionChange(
        is_listing_changed=is_listed_again,
        jobs=change_in_batches(open_write, find_jobs, retry),
    )


def _find_jobs(
    db: Connection,
    collection_id: int,
    states: Iterable[JobState],
    after_id: int,
    *,
    only_its_own: bool = False,
) -> list[JobRow]:
    """Return the next jobs of a collection's entries, behind the job with an ID."""
    ids = collection_queries.jobs_of_collection(
        db,
        collection_id,
        states=states,
        after_id=after_id,
        limit=BATCH_SIZE,
        only_its_own=only_its_own,
    )
    found = queries.jobs_by_id(db, ids)
    return [found[job_id] for job_id in ids]
