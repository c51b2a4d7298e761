"""`collections`: lists the playlists, albums and channels of the ledger."""

import time
from collections.abc import Iterator

from ytaudio_daemon.cli.blocks import Table, print_blocks
from ytaudio_daemon.cli.commands.collection_report import LIST_HEADERS, list_row
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger, require_session
from ytaudio_daemon.jobs.config_values import circumstances
from ytaudio_daemon.ledger import Ledger, collection_queries
from ytaudio_daemon.schemas.collection import CollectionDocument
from ytaudio_daemon.views.collection_documents import collection_document


def run(context: CommandContext) -> int:
    """Print the collections."""
    with open_ledger(context) as ledger:
        documents = _documents(context, ledger)
        if context.args.json:
            head = {"schema": "ytaudio.collections/1"}
            context.output.json_list(head, "collections", documents)
        else:
            _print(context, documents)
    return Exit.OK


def _documents(context: CommandContext, ledger: Ledger) -> Iterator[CollectionDocument]:
    """Yield the documents, a page per transaction: the daemon must get its turn."""
    session_id = None
    if context.args.session is not None:
        with ledger.read() as db:
            session_id = require_session(db, context.args.session).id
    known = circumstances(context.settings)
    last = 0
    while True:
        with ledger.read() as db:
            page = collection_queries.find_collections(
                db, session_id=session_id, after_id=last
            )
        if not page:
            return
        yield from (collection_document(each, known) for each in page)
        last = page[-1].id


def _print(context: CommandContext, documents: Iterator[CollectionDocument]) -> None:
    # A prefix is enough for a person; a program gets the whole ID.
    id_chars = 8 if context.output.is_terminal else None
    now = time.time()
    rows = [list_row(document, now, id_chars) for document in documents]
    if rows:
        print_blocks(context.output, [Table(LIST_HEADERS, rows)])
    else:
        context.output.stderr_line("no collections")
