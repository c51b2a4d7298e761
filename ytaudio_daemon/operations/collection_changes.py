"""Cancels and retries collections: the listing, and the jobs of its entries."""

import time
from dataclasses import dataclass

from ytaudio_daemon.ledger import (
    collection_queries,
    collections,
    queries,
    subscriptions,
    transitions,
)
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.ledger.transitions import CANCELLED_BY_USER
from ytaudio_daemon.model import FINALIZED, JobState
from ytaudio_daemon.model.collection import LISTING_ENDED, CollectionState
from ytaudio_daemon.model.job import CancelResult
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.model.subscription import SubscriptionState
from ytaudio_daemon.operations.job_changes import (
    RETRY_BATCH_SIZE,
    TRANSACTION_PAUSE_S,
    require_running_session,
    retry_job,
)
from ytaudio_daemon.operations.transaction import OpenWrite

_UNFINISHED = frozenset(set(JobState) - FINALIZED)
_NOT_CANCELLED = frozenset({CancelResult.PUBLISHING})


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionChange:
    """What a change of a collection came to.

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
        """Whether there was nothing to change."""
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
    number = last = 0
    while True:
        with open_write() as (db, now):
            page = collection_queries.jobs_of_collection(
                db,
                collection.id,
                states=_UNFINISHED,
                after_id=last,
                limit=RETRY_BATCH_SIZE,
                only_its_own=True,
            )
            results = [
                transitions.cancel(
                    db, job_id, now, reason=CANCELLED_BY_USER, quota=quota
                )
                for job_id in page
            ]
        number += sum(result not in _NOT_CANCELLED for result in results)
        if len(page) < RETRY_BATCH_SIZE:
            return CollectionChange(
                is_listing_changed=is_listing_cancelled,
                is_stopped=is_stopped,
                jobs=number,
            )
        last = page[-1]
        time.sleep(TRANSACTION_PAUSE_S)  # the daemon's turn


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
        require_running_session(db, collection.session_id)
        current = collection_queries.collections_by_id(db, [collection.id])
        state = current[collection.id].state
        is_wanted = state in LISTING_ENDED and (
            not only_failed or state is CollectionState.FAILED
        )
        if is_wanted:
            collections.list_again(db, collection.id, now)
    states = {JobState.FAILED} if only_failed else FINALIZED
    number = last = 0
    while True:
        with open_write() as (db, now):
            page = collection_queries.jobs_of_collection(
                db, collection.id, states=states, after_id=last, limit=RETRY_BATCH_SIZE
            )
            found = queries.jobs_by_id(db, page)
            refusals = [
                retry_job(db, found[job_id], now, only_failed=only_failed)
                for job_id in page
            ]
        number += refusals.count(None)
        if len(page) < RETRY_BATCH_SIZE:
            return CollectionChange(is_listing_changed=is_wanted, jobs=number)
        last = page[-1]
        time.sleep(TRANSACTION_PAUSE_S)  # the daemon's turn
