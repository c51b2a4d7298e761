"""Finds the job that a request asks for, among those of the session that it shows."""

from typing import Annotated

from fastapi import Depends

from ytaudio_daemon.api.auth import (
    UUID_PATTERN,
    ContextDep,
    SessionKey,
    ShowsOperator,
    own_session,
)
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import JobId
from ytaudio_daemon.ledger import queries
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.sessions import Session


def own_job(
    context: ContextDep,
    key: SessionKey,
    shows_operator: ShowsOperator,
    job_id: JobId,
) -> JobRow:
    """Return a job of the session that the request shows.

    Raises:
        Problem: It shows no active session, or the session has no such job.
    """
    with context.read():
        return job_of(context, own_session(context, key, shows_operator), job_id)


OwnJob = Annotated[JobRow, Depends(own_job)]


def job_of(context: ApiContext, session: Session, job_id: str) -> JobRow:
    """Return a job of a session; jobs of other sessions do not exist for it.

    Raises:
        Problem: The session has no such job.
    """
    plain = job_id.lower()
    if UUID_PATTERN.fullmatch(plain):
        with context.read() as db:
            row = queries.find_job_by_uuid(db, plain)
        if row is not None and row.session_id == session.id:
            return row
    raise Problem(404, "unknown_job", "This session has no such job.")
