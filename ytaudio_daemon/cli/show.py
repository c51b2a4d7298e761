"""All about one job: where it stands, each attempt, what comes next, what you can do."""

import argparse
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import stamp_of
from ytaudio_daemon.cli.ledger_access import opened
from ytaudio_daemon.cli.status import show

if TYPE_CHECKING:
    from ytaudio_daemon.cli.job_report import Case
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


def run(call: Call) -> int:
    """Show the job."""
    # Here, so that root imports all of it before it becomes somebody else.
    from ytaudio_daemon.cli import job_documents, job_report  # noqa: F401, PLC0415 - 300 ms

    with opened(call) as ledger, ledger.read() as db:
        case = _case(call, db)
    if call.args.json:
        call.screen.json(_document(case))
    else:
        show(call.screen, job_report.story(case))
    return Exit.OK


def _case(call: Call, db: "Connection") -> "Case":
    from ytaudio_daemon.cli.job_documents import Documents  # noqa: PLC0415 - as above
    from ytaudio_daemon.cli.job_report import Case  # noqa: PLC0415 - as above

    # As above, all of these.
    from ytaudio_daemon.folders.published import audio_is_gone  # noqa: PLC0415
    from ytaudio_daemon.ledger import gates, queries, sessions, work_counts  # noqa: PLC0415

    row = queries.find_job(db, call.args.job)
    document = Documents(call).of(row)
    if document["position"] is None:
        document["position"] = work_counts.queue_position(db, row)
    session = sessions.session_by_id(db, row.session_id)
    quota = call.settings.sessions.quota
    return Case(
        job=document,
        attempts=queries.job_attempts(db, row.id),
        events=queries.job_events(db, row.id),
        lines=queries.job_lines(db, row.id),
        gates=gates.closed_gates(db),
        session=session,
        quota=quota.of_session(session.max_jobs, session.max_bytes),
        file_is_gone=row.output_path is not None and audio_is_gone(row.output_path),
        life=call.look(),
        wall=time.time(),
    )


def _document(case: "Case") -> dict[str, Any]:
    """Return the Job with what belongs to it, times as everywhere in RFC 3339."""
    return {
        "schema": "ytaudio.job/1",
        **case.job,
        "attempts": [_stamped(row) for row in case.attempts],
        "events": [_stamped(row) for row in case.events],
        "lines": [{"file": file, "line": line} for file, line in case.lines],
    }


def _stamped(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write times as texts, and leave out the ledger's own numbers."""
    return {
        name: stamp_of(value) if _is_time(name) and value is not None else value
        for name, value in row.items()
        if name != "id" and not name.endswith("_id")
    }


def _is_time(name: str) -> bool:
    return name == "at" or name.endswith("_at")
