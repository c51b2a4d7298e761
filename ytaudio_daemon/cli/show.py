"""All about one job: where it stands, each attempt, what comes next, what you can do."""

import argparse
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import rfc3339
from ytaudio_daemon.cli.ledger_access import open_ledger
from ytaudio_daemon.cli.status import print_blocks

if TYPE_CHECKING:
    from ytaudio_daemon.cli.job_report import JobDetails
    from ytaudio_daemon.ledger import Connection

EXAMPLES = """\
examples:
  ytaudio show 1a2b3c4d
  ytaudio show 1a2b --json | jq .attempts
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "job", metavar="JOB", help="its ID, or a unique beginning of it"
    )
    add_json(parser, "the Job with its attempts, events and lines")


def run(context: CommandContext) -> int:
    """Show the job."""
    # Here, so that root imports all of it before it becomes somebody else.
    from ytaudio_daemon.cli import job_documents, job_report  # noqa: F401, PLC0415 - 300 ms

    with open_ledger(context) as ledger, ledger.read() as db:
        details = _read_details(context, db)
    if context.args.json:
        context.output.json(_document(details))
    else:
        print_blocks(context.output, job_report.job_report(details))
    return Exit.OK


def _read_details(context: CommandContext, db: "Connection") -> "JobDetails":
    from ytaudio_daemon.cli.job_documents import JobDocuments  # noqa: PLC0415 - as above
    from ytaudio_daemon.cli.job_report import JobDetails  # noqa: PLC0415 - as above

    # As above, all of these.
    from ytaudio_daemon.folders.published import audio_is_gone  # noqa: PLC0415
    from ytaudio_daemon.ledger import gates, queries, sessions, work_counts  # noqa: PLC0415

    row = queries.find_job(db, context.args.job)
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
        gates=gates.closed_gates(db),
        session=session,
        quota=quota.with_session_limits(session.max_jobs, session.max_bytes),
        file_is_gone=row.output_path is not None and audio_is_gone(row.output_path),
        life=context.read_liveness(),
        wall=time.time(),
    )


def _document(details: "JobDetails") -> dict[str, Any]:
    """Return the Job with what belongs to it, times as everywhere in RFC 3339."""
    return {
        "schema": "ytaudio.job/1",
        **details.job,
        "attempts": [_with_rfc3339_times(row) for row in details.attempts],
        "events": [_with_rfc3339_times(row) for row in details.events],
        "lines": [{"file": file, "line": line} for file, line in details.lines],
    }


def _with_rfc3339_times(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write times as texts, and leave out the ledger's own numbers."""
    return {
        name: rfc3339(value) if _is_time(name) and value is not None else value
        for name, value in row.items()
        if name != "id" and not name.endswith("_id")
    }


def _is_time(name: str) -> bool:
    return name == "at" or name.endswith("_at")
