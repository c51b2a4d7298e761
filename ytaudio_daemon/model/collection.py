"""A collection's states, and the texts about its unavailable entries. Pure."""

from enum import StrEnum


class CollectionState(StrEnum):
    """How far the listing of a collection is."""

    #: May be claimed when its turn comes.
    QUEUED = "queued"
    #: A worker lists it.
    RUNNING = "running"
    #: Failed in a way that may pass; due again at `retry_at`.
    WAITING = "waiting"
    #: Listed: every entry has a job, or a reason why not.
    COMPLETED = "completed"
    #: For good: permanent, or its attempts are spent.
    FAILED = "failed"
    #: By a person or by session expiry.
    CANCELLED = "cancelled"


#: States in which it stays until a person asks for it again.
LISTING_ENDED = frozenset(
    {CollectionState.COMPLETED, CollectionState.FAILED, CollectionState.CANCELLED}
)

#: The reason that is shown for an entry without a job, by its `Unavailable`.
UNAVAILABLE_TEXTS = {
    "private": "not available: private",
    "deleted": "not available: deleted",
    "members": "not available: for members",
    "live": "not available: live now",
    "upcoming": "not available: upcoming",
    "blocked": "not available",
}
