"""`subscriptions check`, `pause`, `resume` and `stop`: change how lists are followed."""

from collections.abc import Iterator, Mapping

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import find_session_id, open_ledger, wake_daemon
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.ledger import Connection, Ledger, collection_queries
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.subscription import SubscriptionState
from ytaudio_daemon.operations import subscription_changes
from ytaudio_daemon.operations.subscription_changes import (
    SubscriptionChange,
    SubscriptionResult,
)
from ytaudio_daemon.operations.transaction import write_now

_NOT_FOLLOWED = "not followed: drop its line again with follow=6h"


def check(context: CommandContext) -> int:
    """Have the selected collections looked at now."""
    texts = {
        SubscriptionResult.DONE: "being looked at",
        SubscriptionResult.ALREADY: "being looked at already",
        SubscriptionResult.PAUSED: "paused: resume it first",
        SubscriptionResult.SESSION_EXPIRED: "not looked at: its session has ended",
    }
    return _change(context, subscription_changes.look_now, texts)


def pause(context: CommandContext) -> int:
    """Pause the subscriptions of the selected collections."""
    return _set_state(context, SubscriptionState.PAUSED, "paused")


def resume(context: CommandContext) -> int:
    """Resume the subscriptions of the selected collections."""
    return _set_state(context, SubscriptionState.ACTIVE, "resumed")


def stop(context: CommandContext) -> int:
    """Stop following the selected collections."""
    return _set_state(context, SubscriptionState.STOPPED, "stopped")


def _set_state(context: CommandContext, to: SubscriptionState, done: str) -> int:
    def change(
        db: Connection, collection: CollectionDetails, now: Now
    ) -> SubscriptionResult:
        return subscription_changes.set_state(db, collection, to, now)

    texts = {
        SubscriptionResult.DONE: done,
        SubscriptionResult.ALREADY: f"{to.value} already",
    }
    return _change(context, change, texts)


def _change(
    context: CommandContext,
    change: SubscriptionChange,
    texts: Mapping[SubscriptionResult, str],
) -> int:
    """Change the selected collections' subscriptions, and print a text for each result."""
    if bool(context.args.collections) == (context.args.session is not None):
        raise UsageError(
            "give either IDs of collections or --session",
            "See `ytaudio subscriptions`.",
        )
    failed = False
    with open_ledger(context, to_write=True) as ledger:
        for page in _selected(context, ledger):
            with write_now(ledger) as (db, now):
                results = [(each, change(db, each, now)) for each in page]
            for each, result in results:
                text = texts.get(result, _NOT_FOLLOWED)
                context.output.line(f"{each.uuid[:8]} {text}")
                failed = failed or result is SubscriptionResult.NOT_FOLLOWED
    wake_daemon(context)
    return Exit.FAILED if failed else Exit.OK


def _selected(
    context: CommandContext, ledger: Ledger
) -> Iterator[list[CollectionDetails]]:
    if context.args.session is None:
        with ledger.read() as db:
            named = [
                collection_queries.find_collection(db, prefix)
                for prefix in context.args.collections
            ]
        yield named  # outside of the transaction: it would block the changes
        return
    session_id = find_session_id(ledger, context.args.session)
    for page in subscription_changes.followed_pages(ledger, session_id):
        yield [
            each
            for each in page
            if each.subscription
            and each.subscription.state is not SubscriptionState.STOPPED
        ]
