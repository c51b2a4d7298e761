"""Jobs of the ledger as documents, with what only the daemon's status files know."""

from collections.abc import Iterable, Iterator
from typing import Any

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.liveness import read_document
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.views import job_document
from ytaudio_daemon.views.overlay import overlaid


class Documents:
    """Makes job documents for one command.

    Args:
        call: Whose settings say where the status files are.
    """

    def __init__(self, call: Call) -> None:
        self._layout = call.layout
        self._attempts_max = call.settings.retry.attempts
        self._live: dict[str, dict[str, dict[str, Any]]] = {}
        self._is_up = call.look().is_up

    def of(self, row: JobRow) -> dict[str, Any]:
        """Return the document of a job."""
        document = dict(job_document(row, None, None, self._attempts_max))
        if self._is_up:
            return overlaid(document, self._live_of(row.session_name).get(row.uuid))
        return document

    def of_all(self, rows: Iterable[JobRow]) -> Iterator[dict[str, Any]]:
        """Yield the documents of jobs."""
        return map(self.of, rows)

    def _live_of(self, session: str) -> dict[str, dict[str, Any]]:
        if session not in self._live:
            found = read_document(self._layout.session_status(session))
            jobs = found["jobs"] if found else []
            self._live[session] = {job["id"]: job for job in jobs}
        return self._live[session]
