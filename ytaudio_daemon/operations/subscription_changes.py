"""Lists subscriptions, and changes them: looks at once, pauses, resumes, stops."""

from collections.abc import Callable, Iterator
from enum import Enum, auto

from ytaudio_daemon.ledger import Connection, Ledger, collection_queries, subscriptions
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.collection import LISTING_ENDED
from ytaudio_daemon.model.subscription import SubscriptionState


class SubscriptionResult(Enum):
    """The result of a change of a subscription."""

    DONE = auto()
    #: It is in that state, or being looked at, already.
    ALREADY = auto()
    #: The collection is not followed, or no longer.
    NOT_FOLLOWED = auto()
    #: A paused one is not looked at.
    PAUSED = auto()
    SESSION_EXPIRED = auto()


#: Changes a collection's subscription.
SubscriptionChange = Callable[[Connection, CollectionDetails, Now], SubscriptionResult]


def followed_pages(
    ledger: Ledger, session_id: int | None = None
) -> Iterator[list[CollectionDetails]]:
    """Yield the collections that are or were followed, a page per transaction.

    Args:
        ledger: Holds them.
        session_id: Only those of this session; None for all.
    """
    last = 0
    while True:
        with ledger.read() as db:
            ids = subscriptions.followed_collections(
                db,
                session_id=session_id,
                after_id=last,
                limit=collection_queries.PAGE_SIZE,
            )
            found = collection_queries.collections_by_id(db, ids) if ids else {}
        if not ids:
            return
        yield [found[each] for each in ids]
        last = ids[-1]


def look_now(
    db: Connection, collection: CollectionDetails, now: Now
) -> SubscriptionResult:
    """Have a followed collection looked at now."""
    state = _state(collection)
    if state is SubscriptionState.STOPPED:
        return SubscriptionResult.NOT_FOLLOWED
    if state is SubscriptionState.PAUSED:
        return SubscriptionResult.PAUSED
    if collection.state not in LISTING_ENDED:
        return SubscriptionResult.ALREADY
    is_queued = subscriptions.look_now(db, collection.id, now)
    return SubscriptionResult.DONE if is_queued else SubscriptionResult.SESSION_EXPIRED


def set_state(
    db: Connection, collection: CollectionDetails, to: SubscriptionState, now: Now
) -> SubscriptionResult:
    """Pause, resume or stop a subscription; the jobs that it made stay.

    A paused one is not looked at until it is resumed, and then when it is due.
    """
    if _state(collection) is SubscriptionState.STOPPED:
        return SubscriptionResult.NOT_FOLLOWED
    is_changed = subscriptions.set_state(db, collection.id, to, now)
    return SubscriptionResult.DONE if is_changed else SubscriptionResult.ALREADY


def _state(collection: CollectionDetails) -> SubscriptionState:
    """Return the state of a collection's subscription; without one it is stopped."""
    subscription = collection.subscription
    return SubscriptionState.STOPPED if subscription is None else subscription.state
