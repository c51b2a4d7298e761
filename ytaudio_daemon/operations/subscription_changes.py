"""Lists subscriptions, and changes them: looks at once, pauses, resumes, stops."""

from collections.abc import Callable, Iterator

from ytaudio_daemon.ledger import Connection, Ledger, collection_queries, subscriptions
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.collection import LISTING_ENDED
from ytaudio_daemon.model.subscription import SubscriptionState

#: Changes a collection's subscription; returns what became of it, in a few words.
SubscriptionChange = Callable[[Connection, CollectionDetails, Now], str]

NOT_FOLLOWED = "not followed: drop its line again with follow=6h"


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


def look_now(db: Connection, collection: CollectionDetails, now: Now) -> str:
    """Have a followed collection looked at now."""
    followed = collection.subscription
    if followed is None or followed.state is SubscriptionState.STOPPED:
        return NOT_FOLLOWED
    if followed.state is SubscriptionState.PAUSED:
        return "paused: resume it first"
    if collection.state not in LISTING_ENDED:
        return "being looked at already"
    is_queued = subscriptions.look_now(db, collection.id, now)
    return "being looked at" if is_queued else "not looked at: its session has ended"


def pause(db: Connection, collection: CollectionDetails, now: Now) -> str:
    """Pause a subscription: its collection is not looked at until it is resumed."""
    return _set_state(db, collection, SubscriptionState.PAUSED, now, "paused")


def resume(db: Connection, collection: CollectionDetails, now: Now) -> str:
    """Resume a paused subscription; its next look comes when it is due."""
    return _set_state(db, collection, SubscriptionState.ACTIVE, now, "resumed")


def stop(db: Connection, collection: CollectionDetails, now: Now) -> str:
    """Stop following a collection; the jobs that it made stay."""
    return _set_state(db, collection, SubscriptionState.STOPPED, now, "stopped")


def _set_state(
    db: Connection,
    collection: CollectionDetails,
    to: SubscriptionState,
    now: Now,
    done: str,
) -> str:
    followed = collection.subscription
    if followed is None or followed.state is SubscriptionState.STOPPED:
        return NOT_FOLLOWED
    if subscriptions.set_state(db, collection.id, to, now):
        return done
    return f"{to.value} already"
