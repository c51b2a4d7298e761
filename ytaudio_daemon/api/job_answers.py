"""The answers of jobs at one moment, with what those that wait are waiting for."""

import time

from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.queue_note import WaitingNotes, queue_note
from ytaudio_daemon.api.response_documents import to_api_job
from ytaudio_daemon.api.response_models import JobAnswer
from ytaudio_daemon.ledger.queries import JobRow


class JobAnswers:
    """Makes the answers of one request, or of one read for all streams.

    Whether the daemon is up, and what holds it up, is read once.

    Args:
        context: The resources.
    """

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        trouble = context.daemon_down_reason()
        self._is_daemon_up = not trouble
        self._notes = _notes_of_stopped(trouble) if trouble else _notes_of(context)

    def answer(self, row: JobRow) -> JobAnswer:
        """Return a job's answer."""
        document = self._context.job_document(row, is_daemon_up=self._is_daemon_up)
        return to_api_job(document, self._notes.note_on(row.state))


def api_job(context: ApiContext, row: JobRow) -> JobAnswer:
    """Return the answer of one job."""
    return JobAnswers(context).answer(row)


def _notes_of_stopped(trouble: str) -> WaitingNotes:
    return WaitingNotes(for_all=f"{trouble}; the job waits until then")


def _notes_of(context: ApiContext) -> WaitingNotes:
    document = context.daemon_document()
    note = queue_note(document, time.time()) if document else None
    return WaitingNotes(for_unstarted=note)
