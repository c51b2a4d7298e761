"""Routes of sessions: open, show, list, count."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ytaudio_daemon.api.auth import (
    ContextDep,
    IsOperator,
    SentByOperator,
    SessionKey,
    find_session_by_key,
    find_session_by_uuid,
    own_session,
    raise_unauthorized,
    require_active,
    require_operator,
)
from ytaudio_daemon.api.connection_table import peer_of
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
from ytaudio_daemon.api.session_limits import BURST, MAX_UNUSED
from ytaudio_daemon.api.vocabulary import Listed, to_session_state
from ytaudio_daemon.ledger import queries, sessions
from ytaudio_daemon.ledger.session_keys import count_unused
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.operations import session_changes
from ytaudio_daemon.operations.transaction import read_now
from ytaudio_daemon.views import job_counts

router = APIRouter(prefix="/api/sessions", tags=["Sessions"])


def known_session(
    context: ContextDep, session_uuid: SessionId, sent_by_operator: SentByOperator
) -> Session:
    """Return the session of an address; its key is all the authentication needed.

    Raises:
        Problem: The session is unknown or has expired.
    """
    session = find_session_by_key(context, session_uuid, accept_uuid=sent_by_operator)
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
    return own_session(context, key, sent_by_operator=False)


VisibleSession = Annotated[Session | None, Depends(visible_session)]


async def require_opening_rate(request: Request, context: ContextDep) -> None:
    """Refuse a client that opens sessions too fast.

    Where a token is configured, only the operator opens sessions, without this limit.
    `async`, so that one request is counted at a time.

    Raises:
        Problem: The client has opened too many.
    """
    client = peer_of(request.client.host) if request.client else ""
    if context.token is None and not context.opening_rate.try_take(client):
        raise Problem(
            429,
            "too_many_new_sessions",
            f"Sessions may be opened {BURST} at once, then one a second.",
            "One session takes any number of links; open one and go on with it.",
            headers={"Retry-After": "1"},
        )


def require_room_for_session(context: ContextDep) -> None:
    """Refuse a new session while too many are open that were never used.

    Raises:
        Problem: There are `MAX_UNUSED`.
    """
    with context.read() as db:
        unused = count_unused(db, MAX_UNUSED)
    if unused >= MAX_UNUSED:
        raise Problem(
            429,
            "too_many_unused_sessions",
            f"{MAX_UNUSED} sessions were opened in which nothing was ever posted.",
            "Use one of them, or wait until they expire ([sessions] ttl).",
            headers={"Retry-After": "60"},
        )


@router.post(
    "/",
    status_code=201,
    dependencies=[
        Depends(require_operator),
        Depends(require_opening_rate),
        Depends(require_room_for_session),
    ],
    responses=openapi_responses(
        SessionAnswer, "The new session", 401, 403, 429, 503, 507, status=201
    ),
)
def create_session(context: ContextDep) -> Response:
    """Open a session; its `session_uuid` is all that a client needs to use it.

    It is returned here and nowhere else. The session's folder in the inbox has its
    `uuid` as its name, which only the operator may use in its place. Where a token is configured, only
    the operator can open sessions.
    """
    try:
        made = session_changes.create_session(
            context.write, context.layout, with_key=True
        )
    except OSError as error:
        raise Problem(
            503,
            "inbox_unwritable",
            f"The session's folder cannot be made: {error.strerror}.",
            "`ytaudio doctor` on the server names the remedy.",
        ) from error
    headers = {"Location": f"/api/sessions/{made.key}"}
    return json_response(_api_session(context, made.session, made.key), 201, headers)


@router.get(
    "/", responses=openapi_responses(SessionPage, "A page of sessions", 401, 410, 422)
)
def list_sessions(
    context: ContextDep,
    only: VisibleSession,
    key: SessionKey = None,
    state: State = Listed.ACTIVE,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """List sessions, the oldest first: all for the operator, else the client's own."""
    wanted_state = to_session_state(state)
    if only is not None:
        found = [only] if wanted_state in {None, only.state} and after is None else []
        return json_response(_session_page(context, found, limit, key))
    last = None if after is None else find_session_by_uuid(context, after)
    if after is not None and last is None:
        raise Problem(404, "unknown_session", "There is no session of that UUID.")
    with context.read() as db:
        found = sessions.sessions_after(
            db, 0 if last is None else last.id, limit + 1, state=wanted_state
        )
    return json_response(_session_page(context, found, limit))


@router.get(
    "/stats/overview", responses=openapi_responses(Overview, "The statistics", 401, 410)
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
def get_session(
    context: ContextDep, session: KnownSession, session_uuid: SessionId
) -> Response:
    """Return a session: its limits, what it uses, when it expires."""
    return json_response(_api_session(context, session, session_uuid))


@router.delete(
    "/{session_uuid}/cookies",
    responses=openapi_responses(SessionAnswer, "The session", 404, 410, 503),
)
def remove_cookies(
    context: ContextDep, session: KnownSession, session_uuid: SessionId
) -> Response:
    """Remove the session's own cookies; it is no fault if there are none."""
    try:
        session_changes.remove_cookies(context.write, context.layout, session)
    except OSError as error:
        raise Problem(
            503,
            "cookies_not_removed",
            f"The cookies cannot be removed: {error.strerror}.",
            "`ytaudio session remove-cookies` on the server, as the daemon's user.",
        ) from error
    with context.read() as db:
        fresh = sessions.session_by_id(db, session.id)
    return json_response(_api_session(context, fresh, session_uuid))


def _api_session(
    context: ApiContext, session: Session, key: str | None = None
) -> SessionAnswer:
    """Return a session's answer.

    Args:
        context: The resources.
        session: The session.
        key: The key that the client sent; None for the operator, who gets the UUID.
    """
    with context.read() as db:
        now = read_now(db)
    summary = context.session_summary(session, now)
    return to_api_session(summary, (key or session.uuid).lower())


def _session_page(
    context: ApiContext, found: list[Session], limit: int, key: str | None = None
) -> SessionPage:
    page = found[:limit]
    return {
        "sessions": [_api_session(context, session, key) for session in page],
        "next": page[-1].uuid if len(found) > limit else None,
    }
