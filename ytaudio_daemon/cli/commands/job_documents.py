"""Builds job documents from the ledger, with live fields from the status files."""

from collections.abc import Iterable, Iterator
from typing import Any

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.liveness import read_document
from ytaudio_daemon.jobs.config_values import circumstances
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.schemas.job import JobDocument
from ytaudio_daemon.views import job_document
from ytaudio_daemon.views.documents import with_live_fields


class JobDocuments:
    """Builds the job documents of one command.

    Args:
        context: Its settings name the status files.
    """

    def __init__(self, context: CommandContext) -> None:
        self._layout = context.layout
        self._attempts_max = context.settings.retry.attempts
        self._circumstances = circumstances(context.settings)
        self._status_jobs: dict[str, dict[str, dict[str, Any]]] = {}
        liveness = context.find_liveness()
        self._daemon_is_up = liveness.is_up
        if liveness.unreadable:
            note = f"note: {liveness.explanation()}; progress is not shown"
            context.output.stderr_line(note)

    def build(self, row: JobRow) -> JobDocument:
        """Return the document of a job."""
        document = job_document(
            row, None, None, self._attempts_max, self._circumstances
        )
        if self._daemon_is_up:
            return with_live_fields(
                document, self._read_status_jobs(row.session_name).get(row.uuid)
            )
        return document

    def build_all(self, rows: Iterable[JobRow]) -> Iterator[JobDocument]:
        """Yield the documents of jobs."""
        return map(self.build, rows)

    def _read_status_jobs(self, session: str) -> dict[str, dict[str, Any]]:
        if session not in self._status_jobs:
            self._status_jobs[session] = self._read_jobs(session)
        return self._status_jobs[session]

    def _read_jobs(self, session: str) -> dict[str, dict[str, Any]]:
        """Return a session's jobs in its status file, none when that cannot be read."""
        try:
            found = read_document(self._layout.session_status(session))
        except OSError:
            return {}
        return {job["id"]: job for job in found["jobs"]} if found else {}
