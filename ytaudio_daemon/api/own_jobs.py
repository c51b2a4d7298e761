"""Finds the job of an address among those of the session whose key was sent."""

from typing import Annotated

from fastapi import Depends

from ytaudio_daemon.api.auth import (
    UUID_PATTERN,
    ContextDep,
    SentByOperator,
    SessionKey,
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
    sent_by_operator: SentByOperator,
    job_id: JobId,
) -> JobRow:
    """Return the job of an address, which must be one of the client's session.

    Raises:
        Problem: The request has no key of an active session, or the session no such job.
    """
    with context.read():
        return require_own_job(
            context, own_session(context, key, sent_by_operator), job_id
        )


OwnJob = Annotated[JobRow, Depends(own_job)]


def require_own_job(context: ApiContext, session: Session, job_id: str) -> JobRow:
    """Return a job of a session; those of other sessions count as unknown.

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
