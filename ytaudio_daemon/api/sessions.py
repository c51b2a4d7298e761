"""Routes of sessions: open, show, list, count."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ytaudio_daemon.api.auth import (
    ContextDep,
    IsOperator,
    SessionKey,
    own_session,
    raise_unauthorized,
    require_active,
    require_operator,
    session_by_uuid,
)
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import After, Limit, SessionId, State
from ytaudio_daemon.api.response_documents import (
    jobs_by_status,
    to_api_session,
    total_jobs,
)
from ytaudio_daemon.api.response_models import Overview, SessionAnswer, SessionPage
from ytaudio_daemon.api.responses import json_response, openapi_responses
from ytaudio_daemon.api.vocabulary import Listed, session_state
from ytaudio_daemon.ledger import queries, sessions
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.operations import session_changes
from ytaudio_daemon.operations.transaction import read_now
from ytaudio_daemon.views import job_counts

router = APIRouter(prefix="/api/sessions", tags=["Sessions"])


def known_session(context: ContextDep, session_uuid: SessionId) -> Session:
    """Return the session of an address; its UUID is all the authentication needed.

    Raises:
        Problem: The session is unknown or has expired.
    """
    session = session_by_uuid(context, session_uuid)
    if session is None:
        raise Problem(404, "unknown_session", "There is no session of that UUID.")
    return require_active(session)


KnownSession = Annotated[Session, Depends(known_session)]


def visible_session(
    context: ContextDep, is_operator: IsOperator, key: SessionKey
) -> Session | None:
    """Return the one session that the client may see; None for all of them.

    Raises:
        Problem: The client is not the operator and names no session.
    """
    if is_operator:
        return None
    if key is None:
        raise_unauthorized(
            "Only the operator sees all sessions; name your own.", "Session"
        )
    return own_session(context, key)


VisibleSession = Annotated[Session | None, Depends(visible_session)]


@router.post(
    "/",
    status_code=201,
    dependencies=[Depends(require_operator)],
    responses=openapi_responses(
        SessionAnswer, "The new session", 401, 403, 503, 507, status=201
    ),
)
def create_session(context: ContextDep) -> Response:
    """Open a session; its UUID is all that a client needs to use it.

    Its folder in the inbox has the UUID as its name. Where a token is configured, only
    the operator can open sessions.
    """
    try:
        session = session_changes.create_session(context.write, context.layout).session
    except OSError as error:
        raise Problem(
            503,
            "inbox_unwritable",
            f"The session's folder cannot be made: {error.strerror}.",
            "`ytaudio doctor` on the server names the remedy.",
        ) from error
    headers = {"Location": f"/api/sessions/{session.uuid}"}
    return json_response(_api_session(context, session), 201, headers)


@router.get(
    "/", responses=openapi_responses(SessionPage, "A page of sessions", 401, 410, 422)
)
def list_sessions(
    context: ContextDep,
    only: VisibleSession,
    state: State = Listed.ACTIVE,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """List sessions, the oldest first: all for the operator, else the client's own."""
    wanted = session_state(state)
    if only is not None:
        found = [only] if wanted in {None, only.state} and after is None else []
        return json_response(_session_page(context, found, limit))
    last = None if after is None else session_by_uuid(context, after)
    if after is not None and last is None:
        raise Problem(404, "unknown_session", "There is no session of that UUID.")
    with context.read() as db:
        found = sessions.sessions_after(
            db, 0 if last is None else last.id, limit + 1, state=wanted
        )
    return json_response(_session_page(context, found, limit))


@router.get(
    "/stats/overview",
    responses=openapi_responses(Overview, "The statistics", 401, 410),
)
def get_overview(context: ContextDep, only: VisibleSession) -> Response:
    """Count sessions and jobs: all for the operator, else the client's own."""
    with context.read() as db:
        if only is None:
            by_state = queries.session_counts(db)
            counts = job_counts(queries.total_counts(db))
            used = sessions.total_used_bytes(db)
        else:
            by_state = {state: int(state is only.state) for state in SessionState}
            counts = job_counts(only.counts)
            used = only.used_bytes
    document: Overview = {
        "total_sessions": sum(by_state.values()),
        "active_sessions": by_state[SessionState.ACTIVE],
        "expired_sessions": by_state[SessionState.EXPIRED],
        "total_jobs": total_jobs(counts),
        "jobs_by_status": jobs_by_status(counts),
        "counts": counts,
        "used_bytes": used,
    }
    return json_response(document)


@router.get(
    "/{session_uuid}",
    responses=openapi_responses(SessionAnswer, "The session", 404, 410, 503),
)
def get_session(context: ContextDep, session: KnownSession) -> Response:
    """Return a session: its limits, what it uses, when it expires."""
    return json_response(_api_session(context, session))


def _api_session(context: ApiContext, session: Session) -> SessionAnswer:
    with context.read() as db:
        now = read_now(db)
    return to_api_session(context.session_summary(session, now))


def _session_page(context: ApiContext, found: list[Session], limit: int) -> SessionPage:
    page = found[:limit]
    return {
        "sessions": [_api_session(context, session) for session in page],
        "next": page[-1].uuid if len(found) > limit else None,
    }
