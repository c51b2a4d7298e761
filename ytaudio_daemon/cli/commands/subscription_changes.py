"""`subscriptions check`, `pause`, `resume` and `stop`: change how lists are followed."""

from collections.abc import Iterator

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import find_session_id, open_ledger, wake_daemon
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.ledger import Ledger, collection_queries
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.model.subscription import SubscriptionState
from ytaudio_daemon.operations import subscription_changes
from ytaudio_daemon.operations.subscription_changes import SubscriptionChange
from ytaudio_daemon.operations.transaction import write_now


def check(context: CommandContext) -> int:
    """Have them looked at now."""
    return _change(context, subscription_changes.look_now)


def pause(context: CommandContext) -> int:
    """Pause them."""
    return _change(context, subscription_changes.pause)


def resume(context: CommandContext) -> int:
    """Resume them."""
    return _change(context, subscription_changes.resume)


def stop(context: CommandContext) -> int:
    """Stop them."""
    return _change(context, subscription_changes.stop)


def _change(context: CommandContext, change: SubscriptionChange) -> int:
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
                context.output.line(f"{each.uuid[:8]} {result}")
                is_refused = result == subscription_changes.NOT_FOLLOWED
                failed = failed or is_refused
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
        yield named  # outside of the transaction: it would hold up the changes
        return
    session_id = find_session_id(ledger, context.args.session)
    for page in subscription_changes.followed_pages(ledger, session_id):
        yield [
            each
            for each in page
            if each.subscription
            and each.subscription.state is not SubscriptionState.STOPPED
        ]
