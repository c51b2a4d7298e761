"""`subscriptions list`: the followed collections, and when they are looked at."""

import time
from collections.abc import Iterator

from ytaudio_daemon.cli.commands.collection_report import (
    SUBSCRIPTION_HEADERS,
    subscription_row,
)
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger, require_session
from ytaudio_daemon.jobs.config_values import circumstances
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.operations import subscription_changes
from ytaudio_daemon.schemas.collection import CollectionDocument
from ytaudio_daemon.views.collection_documents import collection_document


def run(context: CommandContext) -> int:
    """Print the followed collections."""
    with open_ledger(context) as ledger:
        documents = _documents(context, ledger)
        if context.args.json:
            head = {"schema": "ytaudio.subscriptions/1"}
            context.output.json_list(head, "subscriptions", documents)
        else:
            _print(context, documents)
    return Exit.OK


def _documents(context: CommandContext, ledger: Ledger) -> Iterator[CollectionDocument]:
    session_id = None
    if context.args.session is not None:
        with ledger.read() as db:
            session_id = require_session(db, context.args.session).id
    known = circumstances(context.settings)
    for page in subscription_changes.followed_pages(ledger, session_id):
        yield from (collection_document(each, known) for each in page)


def _print(context: CommandContext, documents: Iterator[CollectionDocument]) -> None:
    # A prefix is enough for a person; a program gets the whole ID.
    id_chars = 8 if context.output.is_terminal else None
    now = time.time()
    rows = [subscription_row(document, now, id_chars) for document in documents]
    if rows:
        context.output.table(SUBSCRIPTION_HEADERS, rows)
    else:
        context.output.stderr_line("nothing is followed; a line with follow=6h does it")
