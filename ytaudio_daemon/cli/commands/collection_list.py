"""`collections`, `subscriptions list`: the ledger's playlists, albums and channels."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ytaudio_daemon.cli.blocks import Table, print_blocks
from ytaudio_daemon.cli.commands.collection_report import (
    LIST_HEADERS,
    SUBSCRIPTION_HEADERS,
    list_row,
    subscription_row,
)
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import find_session_id, open_ledger
from ytaudio_daemon.jobs.config_values import circumstances
from ytaudio_daemon.ledger import Ledger, collection_queries
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.operations import subscription_changes
from ytaudio_daemon.schemas.collection import CollectionDocument
from ytaudio_daemon.views.collection_documents import collection_document


class _ListSpec(NamedTuple):
    """How a list of collections is read and printed.

    Attributes:
        key: Its name in the document for programs.
        pages: Yields the collections of a session, or all, a page per transaction: the
            daemon must get its turn.
        headers: Of the columns.
        row: Returns a collection's cells.
        nothing: The remark on an empty list.
    """

    key: str
    pages: Callable[[Ledger, int | None], Iterator[list[CollectionDetails]]]
    headers: tuple[str, ...]
    row: Callable[[CollectionDocument, float, int | None], tuple[str, ...]]
    nothing: str


def run(context: CommandContext) -> int:
    """Print the collections."""
    return _print_list(
        context,
        _ListSpec(
            key="collections",
            pages=_collection_pages,
            headers=LIST_HEADERS,
            row=list_row,
            nothing="no collections",
        ),
    )


def run_followed(context: CommandContext) -> int:
    """Print the followed collections, and when they are looked at."""
    return _print_list(
        context,
        _ListSpec(
            key="subscriptions",
            pages=subscription_changes.followed_pages,
            headers=SUBSCRIPTION_HEADERS,
            row=subscription_row,
            nothing="nothing is followed; a line with follow=6h does it",
        ),
    )


def _collection_pages(
    ledger: Ledger, session_id: int | None
) -> Iterator[list[CollectionDetails]]:
    last = 0
    while True:
        with ledger.read() as db:
            page = collection_queries.find_collections(
                db, session_id=session_id, after_id=last
            )
        if not page:
            return
        yield page
        last = page[-1].id


def _print_list(context: CommandContext, spec: _ListSpec) -> int:
    known = circumstances(context.settings)
    with open_ledger(context) as ledger:
        session_id = find_session_id(ledger, context.args.session)
        documents = (
            collection_document(each, known)
            for page in spec.pages(ledger, session_id)
            for each in page
        )
        if context.args.json:
            head = {"schema": f"ytaudio.{spec.key}/1"}
            context.output.json_list(head, spec.key, documents)
        else:
            _print_table(context, spec, documents)
    return Exit.OK


def _print_table(
    context: CommandContext, spec: _ListSpec, documents: Iterable[CollectionDocument]
) -> None:
    # A prefix is enough for a person; a program gets the whole ID.
    id_chars = 8 if context.output.is_terminal else None
    now = time.time()
    rows = [spec.row(document, now, id_chars) for document in documents]
    if rows:
        print_blocks(context.output, [Table(spec.headers, rows)])
    else:
        context.output.stderr_line(spec.nothing)
