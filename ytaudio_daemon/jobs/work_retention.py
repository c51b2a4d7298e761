"""Which work of a failed job is kept for a retry."""

from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.jobs.publish_failures import NOT_PLACED, PLACE_TAKEN

BYTE_LIMIT = "session_byte_limit"
#: Nothing was wrong with the audio: even the bare download is of use.
NOT_THE_AUDIO = frozenset({BYTE_LIMIT, PLACE_TAKEN.code, NOT_PLACED})
#: A retry must begin anew: it would meet the same file.
WORK_UNREADABLE = "work_unreadable"


def keeps_work(layout: Layout, job_uuid: str, code: str | None) -> bool:
    """Return whether a failed job's work is of use to a retry.

    Args:
        layout: Where its work is.
        job_uuid: The job.
        code: Of the failure that it ended with.
    """
    if code == WORK_UNREADABLE:
        return False
    if code in NOT_THE_AUDIO:
        return publishing.has_work(layout, job_uuid)
    return publishing.has_result(layout, job_uuid)
