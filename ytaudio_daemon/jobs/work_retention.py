"""Decides whether the work of a failed job is kept for a retry."""

from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.jobs.byte_limit import BYTE_LIMIT
from ytaudio_daemon.jobs.publish_failures import PLACE_TAKEN, PUBLISH_FAILED

#: As `fetch.convert` gives it.
ENCODER_REFUSED = "encoder_refused"
#: Failures for which the audio is not to blame: even the bare download is of use.
AUDIO_INTACT_CODES = frozenset(
    {BYTE_LIMIT, ENCODER_REFUSED, PLACE_TAKEN.code, PUBLISH_FAILED}
)
#: A retry must begin anew: it would find the same unreadable file.
WORK_UNREADABLE = "work_unreadable"


def is_work_reusable(layout: Layout, job_uuid: str, code: str | None) -> bool:
    """Return whether a failed job's work is of use to a retry.

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
