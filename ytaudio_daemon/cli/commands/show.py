"""`show`: prints one job with its attempts and next step, or a collection."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from ytaudio_daemon.cli.blocks import print_blocks
from ytaudio_daemon.cli.commands.collection_report import collection_report
from ytaudio_daemon.cli.commands.job_documents import JobDocuments
from ytaudio_daemon.cli.commands.job_list import queue_place
from ytaudio_daemon.cli.commands.job_report import JobDetails, job_report
from ytaudio_daemon.cli.commands.work_by_id import find_work
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.jobs.config_values import circumstances, egress_keys
from ytaudio_daemon.ledger import (
    Connection,
    Ledger,
    collection_queries,
    forecast_queries,
    gates,
    queries,
    sessions,
    work_counts,
)
from ytaudio_daemon.ledger.collection_queries import CollectionDetails, EntryDetails
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model.egress import gates_for_all
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.views.collection_documents import collection_details_document

#: Entries read in one transaction.
ENTRIES_PER_PAGE = 500


def run(context: CommandContext) -> int:
    """Print the job or the collection."""
    with open_ledger(context) as ledger:
        with ledger.read() as db:
            work = find_work(db, context.args.job)
            details = (
                _read_details(context, db, work) if isinstance(work, JobRow) else None
            )
        if isinstance(work, CollectionDetails):
            return _show_collection(context, ledger, work)
    if details is not None:
        _show_job(context, details)
    return Exit.OK


def _show_collection(
    context: CommandContext, ledger: Ledger, collection: CollectionDetails
) -> int:
    document = collection_details_document(
        collection, _entries(ledger, collection), circumstances(context.settings)
    )
    if context.args.json:
        context.output.json(document)
    else:
        print_blocks(context.output, collection_report(document, time.time()))
    return Exit.OK


def _entries(ledger: Ledger, collection: CollectionDetails) -> Iterator[EntryDetails]:
    """Yield all entries, a page per transaction."""
    after = (0, "")
    while True:
        with ledger.read() as db:
            page = collection_queries.entries_of_collection(
                db, collection.id, after=after, limit=ENTRIES_PER_PAGE
            )
        yield from page
        if len(page) < ENTRIES_PER_PAGE:
            return
        after = (page[-1].position, page[-1].video_id)


def _show_job(context: CommandContext, details: JobDetails) -> None:
    if context.args.json:
        context.output.json(_document(details))
    else:
        print_blocks(context.output, job_report(details))


def _read_details(context: CommandContext, db: Connection, row: JobRow) -> JobDetails:
    document = JobDocuments(context).build(row)
    if document["position"] is None:
        document["position"] = work_counts.queue_position(db, row)
    session = sessions.session_by_id(db, row.session_id)
    quota = context.settings.sessions.quota
    return JobDetails(
        job=document,
        attempts=queries.job_attempts(db, row.id),
        events=queries.job_events(db, row.id),
        lines=queries.job_lines(db, row.id),
        gates=gates_for_all(egress_keys(context.settings), gates.closed_gates(db)),
        session=session,
        quota=quota.with_session_limits(session.max_jobs, session.max_bytes),
        file_is_gone=row.output_path is not None and audio_is_gone(row.output_path),
        liveness=context.find_liveness(),
        queue_place=queue_place(document, forecast_queries.read_turns(db)),
        wall=time.time(),
    )


def _document(details: JobDetails) -> dict[str, Any]:
    """Return the Job with its attempts, events and lines; times as in RFC 3339."""
    return {
        "schema": "ytaudio.job/1",
        **details.job,
        "attempts": [_with_rfc3339_times(row) for row in details.attempts],
        "events": [_with_rfc3339_times(row) for row in details.events],
        "lines": [
            {"file": file, "line": number.line, "part": number.part or None}
            for file, number in details.lines
        ],
    }


def _with_rfc3339_times(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with times as texts, and without the ledger's own IDs."""
    return {
        name: rfc3339(value) if _is_time(name) and value is not None else value
        for name, value in row.items()
        if name != "id" and not name.endswith("_id")
    }


def _is_time(name: str) -> bool:
    return name == "at" or name.endswith("_at")
