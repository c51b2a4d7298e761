"""Removes the work folders of jobs that no later attempt will use."""

from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.jobs.byte_limit import BYTE_LIMIT
from ytaudio_daemon.jobs.publish_failures import PLACE_TAKEN, PUBLISH_FAILED
from ytaudio_daemon.ledger import Ledger, listing_claims, queries, sessions
from ytaudio_daemon.model import FINALIZED, JobState, SessionState
from ytaudio_daemon.system.item_faults import ItemFaults

#: As `fetch.convert` gives it.
ENCODER_REFUSED = "encoder_refused"
#: Failures for which the audio is not to blame: even the bare download is of use.
AUDIO_INTACT_CODES = frozenset(
    {BYTE_LIMIT, ENCODER_REFUSED, PLACE_TAKEN.code, PUBLISH_FAILED}
)
#: A retry must begin anew: it would find the same unreadable file.
WORK_UNREADABLE = "work_unreadable"


class WorkCleaner:
    """Clears the work of jobs that have ended, or that the ledger does not have.

    Args:
        ledger: Holds the state of each job.
        layout: Where the work folders are.
    """

    def __init__(self, ledger: Ledger, layout: Layout) -> None:
        self._ledger = ledger
        self._layout = layout
        #: Jobs whose work folder is still to be examined.
        self._pending: list[str] = []
        self._faults = ItemFaults("clear_work")

    def clear(self, at_most: int | None = None) -> None:
        """Clear the work that is not needed any more.

        Args:
            at_most: Examine so many jobs now, and the next ones in the next call.

        Raises:
            LedgerError: The next call goes on.
        """
        if not self._pending:
            self._pending = publishing.jobs_with_work(self._layout)
        for uuid in self._pending[:at_most]:
            with self._faults.isolated(uuid):
                self._clear_unless_needed(uuid)
        del self._pending[:at_most]

    def _clear_unless_needed(self, uuid: str) -> None:
        if not self._is_needed(uuid):
            publishing.clear_work(self._layout, uuid)

    def _is_needed(self, uuid: str) -> bool:
        with self._ledger.read() as db:
            job = queries.find_job_by_uuid(db, uuid)
            if job is None:
                return listing_claims.is_running(db, uuid)
            session = sessions.session_by_id(db, job.session_id)
        code = (job.error or {}).get("code")
        if job.state is JobState.FAILED and is_work_reusable(self._layout, uuid, code):
            return session.state is SessionState.ACTIVE  # for a retry
        return job.state not in FINALIZED


def is_work_reusable(layout: Layout, job_uuid: str, code: str | None) -> bool:
    """Return whether a retry can use the work of a failed job.

    Args:
        layout: Where the work folders are.
        job_uuid: The job.
        code: The code of the failure that the job ended with.
    """
    if code == WORK_UNREADABLE:
        return False
    if code in AUDIO_INTACT_CODES:
        return publishing.has_reusable_work(layout, job_uuid)
    return publishing.has_result(layout, job_uuid)
