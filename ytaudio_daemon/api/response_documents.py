"""Answers about jobs and sessions: the document, with the API's words beside it. Pure."""

from collections.abc import Mapping
from typing import cast

from ytaudio_daemon.api.response_models import JobAnswer, SessionAnswer, StatusCounts
from ytaudio_daemon.api.vocabulary import (
    AUDIO,
    MAX_UNFINISHED_PERCENT,
    PHASES_AFTER_DOWNLOAD,
    STATUS_BY_STATE,
    Status,
)
from ytaudio_daemon.model import JobState
from ytaudio_daemon.schemas.job import JobCounts, JobDocument
from ytaudio_daemon.schemas.session import SessionSummary


def to_api_job(job: JobDocument, note: str | None) -> JobAnswer:
    """Return a job's answer.

    Args:
        job: The job's document.
        note: A sentence for people about a job that waits, e.g. that no daemon runs.
    """
    status = STATUS_BY_STATE[JobState(job["state"])]
    error = job["error"]
    return {
        **job,
        "job_uuid": job["id"],
        "status": status.value,
        "progress_percent": _percent(job, status),
        "media_type": AUDIO,
        "quality": job["options"]["quality"],
        "output_format": job["options"]["format"],
        "error_message": error["message"] if error else None,
        "note": note if status is Status.PENDING else None,
    }


def to_api_session(session: SessionSummary, shown: str) -> SessionAnswer:
    """Return a session's answer.

    Args:
        session: The session's document.
        shown: What the client sends to use the session.
    """
    return {
        **session,
        "session_uuid": shown,
        "status": session["state"],
        "total_jobs": total_jobs(session["counts"]),
        "jobs_by_status": jobs_by_status(session["counts"]),
    }


def jobs_by_status(counts: JobCounts) -> StatusCounts:
    """Return the number of jobs by status."""
    sums = dict.fromkeys(map(str, Status), 0)
    for state, number in cast("Mapping[str, int]", counts).items():
        sums[STATUS_BY_STATE[JobState(state)]] += number
    return cast("StatusCounts", sums)


def total_jobs(counts: JobCounts) -> int:
    """Return the number of jobs in all states."""
    return sum(cast("Mapping[str, int]", counts).values())


def _percent(job: JobDocument, status: Status) -> float:
    if status is Status.COMPLETED:
        return 100.0
    if job["phase"] in PHASES_AFTER_DOWNLOAD:
        return MAX_UNFINISHED_PERCENT
    progress = job["progress"]
    percent = progress and progress["percent"]
    return min(MAX_UNFINISHED_PERCENT, float(percent or 0))
