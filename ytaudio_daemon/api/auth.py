"""Authentication: by a session's key, or as the operator.

What reads the ledger runs in a thread; the dependencies that only look at the request
are `async`, for a thread would cost more than they do.
"""

import hmac
import re
from typing import Annotated, NoReturn

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.ledger.session_keys import session_by_key
from ytaudio_daemon.ledger.sessions import Session, find_session
from ytaudio_daemon.model import SessionState

SESSION_HEADER = "X-Session-ID"
#: UUIDs as the ledger writes them (RFC 9562).
UUID_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: A proxy adds one of these; then a loopback address does not identify the client.
PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-real-ip", "via")

session_key = APIKeyHeader(
    name=SESSION_HEADER,
    scheme_name="session",
    description="A session's key: the `session_uuid` that opening it returned. It works like a"
    " password: keep it to yourself. The operator may send a session's `uuid` instead.",
    auto_error=False,
)
operator_token = HTTPBearer(
    scheme_name="operator",
    description="The content of the file that `--token-file` names.",
    auto_error=False,
)

Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(operator_token)]
SessionKey = Annotated[str | None, Security(session_key)]


async def get_context(request: Request) -> ApiContext:
    """Return the resources of the application that handles a request."""
    context: ApiContext = request.app.state.context
    return context


ContextDep = Annotated[ApiContext, Depends(get_context)]


async def shows_operator(request: Request, context: ContextDep) -> bool:
    """Return whether the request is the operator's; a wrong token is as good as none.

    For routes that a session may use, too: their description needs no operator.
    """
    if context.token is None:
        return not any(name in request.headers for name in PROXY_HEADERS)
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    given, right = shown.strip().encode("utf-8", "replace"), context.token.encode()
    return scheme.lower() == "bearer" and hmac.compare_digest(given, right)


ShowsOperator = Annotated[bool, Depends(shows_operator)]


async def is_operator(
    context: ContextDep, bearer: Bearer, is_shown: ShowsOperator
) -> bool:
    """Return whether the request is the operator's.

    Without a configured token, every client that reaches the loopback address is the
    operator, unless its request came through a proxy.

    Raises:
        Problem: The request has a token that is not the operator's.
    """
    if context.token is not None and bearer is not None and not is_shown:
        raise_unauthorized("That is not the operator's token.", "Bearer")
    return is_shown


IsOperator = Annotated[bool, Depends(is_operator)]


async def require_operator(is_operator: IsOperator) -> None:
    """Refuse every request that is not the operator's.

    Raises:
        Problem: The request is not the operator's.
    """
    if not is_operator:
        raise_unauthorized("Only the operator may do this.", "Bearer")


def own_session(
    context: ContextDep, key: SessionKey, shows_operator: ShowsOperator
) -> Session:
    """Return the session whose key is in the request's header.

    The operator may name it by its UUID.

    Raises:
        Problem: The header is missing, or its session is unknown or has expired.
    """
    if key is None:
        raise_unauthorized(f"The header {SESSION_HEADER} is missing.", "Session")
    session = shown_session(context, key, by_uuid=shows_operator)
    if session is None:
        raise_unauthorized(f"There is no session of that {SESSION_HEADER}.", "Session")
    return require_active(session)


OwnSession = Annotated[Session, Depends(own_session)]


def shown_session(context: ApiContext, text: str, *, by_uuid: bool) -> Session | None:
    """Return the session with this key; None if there is none.

    Args:
        context: Where the ledger is.
        text: What the client shows.
        by_uuid: Whether a session's UUID will do. It stands in folder names, logs and
            notices, so it is no secret.
    """
    plain = text.lower()
    if UUID_PATTERN.fullmatch(plain) is None:
        return None
    with context.read() as db:
        session = session_by_key(db, plain)
    if session is None and by_uuid:
        return session_by_uuid(context, plain)
    return session


def session_by_uuid(context: ApiContext, text: str) -> Session | None:
    """Return the session with this UUID, which must be whole; None if there is none."""
    plain = text.lower()
    if UUID_PATTERN.fullmatch(plain) is None:
        return None
    with context.read() as db:
        session = find_session(db, plain)
    # `find_session` also looks for names, and a session's name can be another's UUID.
    return session if session is not None and session.uuid == plain else None


def require_active(session: Session) -> Session:
    """Return the session.

    Raises:
        Problem: The session has expired.
    """
    if session.state is not SessionState.ACTIVE:
        raise Problem(
            410,
            "session_expired",
            "This session has expired.",
            "Open a new one: POST /api/sessions/",
        )
    return session


def raise_unauthorized(detail: str, scheme: str) -> NoReturn:
    """Raise a 401 with its challenge (RFC 9110 asks for the header with every 401).

    Args:
        detail: The problem's sentence.
        scheme: `Session` or `Bearer`.

    Raises:
        Problem: Always.
    """
    hints = {
        "Session": f"POST /api/sessions/ opens a session; send its session_uuid as {SESSION_HEADER}.",
        "Bearer": "Send the operator's token: Authorization: Bearer …",
    }
    code = "session_required" if scheme == "Session" else "operator_required"
    challenge = {"WWW-Authenticate": f'{scheme} realm="ytaudio"'}
    raise Problem(401, code, detail, hints[scheme], headers=challenge)
