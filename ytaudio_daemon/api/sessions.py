"""Sessions: open, look at, list, count."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ytaudio_daemon.api.auth import (
    AtDesk,
    IsOperator,
    SessionKey,
    own_session,
    refuse_stranger,
    require_active,
    required_operator,
    session_of_uuid,
)
from ytaudio_daemon.api.context import Desk
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import After, Limit, SessionId, State
from ytaudio_daemon.api.responses import answer, describe
from ytaudio_daemon.api.vocabulary import (
    Listed,
    jobs_by_status,
    session_answer,
    session_state,
)
from ytaudio_daemon.folders.inbox import make_session_folder
from ytaudio_daemon.ledger import queries, sessions
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState

router = APIRouter(prefix="/api/sessions", tags=["Sessions"])


def known_session(desk: AtDesk, session_uuid: SessionId) -> Session:
    """Return the session of an address; who knows its UUID may.

    Raises:
        Problem: There is none, or it has expired.
    """
    session = session_of_uuid(desk, session_uuid)
    if session is None:
        raise Problem(404, "unknown_session", "There is no session of that UUID.")
    return require_active(session)


KnownSession = Annotated[Session, Depends(known_session)]


def only_own(desk: AtDesk, is_operator: IsOperator, key: SessionKey) -> Session | None:
    """Return the one session that the asker may see; None = all of them.

    Raises:
        Problem: The asker is neither the operator nor holds a session.
    """
    if is_operator:
        return None
    if key is None:
        refuse_stranger(
            "Only the operator sees all sessions; name your own.", "Session"
        )
    return own_session(desk, key)


OnlyOwn = Annotated[Session | None, Depends(only_own)]


@router.post(
    "/",
    status_code=201,
    dependencies=[Depends(required_operator)],
    responses=describe(
        "SessionAnswer", "The new session", 401, 403, 503, 507, status=201
    ),
)
def create_session(desk: AtDesk) -> Response:
    """Open a session; its UUID is all that its holder needs.

    Its folder in the inbox has the same name. Where a token is configured, only the
    operator opens sessions.
    """
    new_uuid = str(uuid.uuid4())
    try:
        make_session_folder(desk.layout.inbox, new_uuid)
    except OSError as error:
        raise Problem(
            503,
            "inbox_unwritable",
            f"The session's folder cannot be made: {error.strerror}.",
            "`ytaudio doctor` on the server names the remedy.",
        ) from error
    with desk.write() as (db, now):
        session = sessions.open_session(db, None, now, session_uuid=new_uuid)
    headers = {"Location": f"/api/sessions/{new_uuid}"}
    return answer(_answer(desk, session), 201, headers)


@router.get("/", responses=describe("SessionList", "A page of sessions", 401, 410, 422))
def list_sessions(
    desk: AtDesk,
    only: OnlyOwn,
    state: State = Listed.ACTIVE,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """List sessions, the oldest first: the operator sees all, others their own."""
    wanted = session_state(state)
    if only is not None:
        found = [only] if wanted in {None, only.state} and after is None else []
        return answer(_page(desk, found, limit))
    last = None if after is None else session_of_uuid(desk, after)
    if after is not None and last is None:
        raise Problem(404, "unknown_session", "There is no session of that UUID.")
    with desk.read() as db:
        found = sessions.sessions_after(
            db, 0 if last is None else last.id, limit + 1, state=wanted
        )
    return answer(_page(desk, found, limit))


@router.get(
    "/stats/overview", responses=describe("Overview", "The statistics", 401, 410)
)
def get_overview(desk: AtDesk, only: OnlyOwn) -> Response:
    """Count sessions and jobs: the operator's answer is about all of them."""
    with desk.read() as db:
        if only is None:
            by_state = queries.session_counts(db)
            counts = {state.value: n for state, n in queries.total_counts(db).items()}
            used = sessions.used_bytes(db)
        else:
            by_state = {state: int(state is only.state) for state in SessionState}
            counts = {state.value: n for state, n in only.counts.items()}
            used = only.used_bytes
    document = {
        "total_sessions": sum(by_state.values()),
        "active_sessions": by_state[SessionState.ACTIVE],
        "expired_sessions": by_state[SessionState.EXPIRED],
        "total_jobs": sum(counts.values()),
        "jobs_by_status": jobs_by_status(counts),
        "counts": counts,
        "used_bytes": used,
    }
    return answer(document)


@router.get(
    "/{session_uuid}",
    responses=describe("SessionAnswer", "The session", 404, 410, 503),
)
def get_session(desk: AtDesk, session: KnownSession) -> Response:
    """Tell about a session: its limits, what it uses, when it expires."""
    return answer(_answer(desk, session))


def _answer(desk: Desk, session: Session) -> dict[str, Any]:
    with desk.read() as db:
        now = desk.moment_in(db)
    return session_answer(desk.session_document(session, now))


def _page(desk: Desk, found: list[Session], limit: int) -> dict[str, Any]:
    page = found[:limit]
    return {
        "sessions": [_answer(desk, session) for session in page],
        "next": page[-1].uuid if len(found) > limit else None,
    }
