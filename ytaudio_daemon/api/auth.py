"""Authentication: by a session's UUID, or as the operator."""

import hmac
import re
from typing import Annotated, NoReturn

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.problems import Problem
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
    description="A session's UUID. It works like a password: keep it to yourself.",
    auto_error=False,
)
operator_token = HTTPBearer(
    scheme_name="operator",
    description="The content of the file that `--token-file` names.",
    auto_error=False,
)

Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(operator_token)]
SessionKey = Annotated[str | None, Security(session_key)]


def get_context(request: Request) -> ApiContext:
    """Return the resources of the application that handles a request."""
    context: ApiContext = request.app.state.context
    return context


ContextDep = Annotated[ApiContext, Depends(get_context)]


def is_operator(request: Request, context: ContextDep, bearer: Bearer) -> bool:
    """Return whether the request is the operator's.

    Without a configured token, every client that reaches the loopback address is the
    operator, unless its request came through a proxy.

    Raises:
        Problem: The request has a token that is not the operator's.
    """
    if context.token is None:
        return not any(name in request.headers for name in PROXY_HEADERS)
    if bearer is None:
        return False
    shown, right = bearer.credentials.encode("utf-8", "replace"), context.token.encode()
    if not hmac.compare_digest(shown, right):
        raise_unauthorized("That is not the operator's token.", "Bearer")
    return True


IsOperator = Annotated[bool, Depends(is_operator)]


def require_operator(is_operator: IsOperator) -> None:
    """Refuse every request that is not the operator's.

    Raises:
        Problem: The request is not the operator's.
    """
    if not is_operator:
        raise_unauthorized("Only the operator may do this.", "Bearer")


def own_session(context: ContextDep, key: SessionKey) -> Session:
    """Return the session whose UUID is in the request's header.

    Raises:
        Problem: The header is missing, or its session is unknown or has expired.
    """
    if key is None:
        raise_unauthorized(f"The header {SESSION_HEADER} is missing.", "Session")
    session = session_by_uuid(context, key)
    if session is None:
        raise_unauthorized(f"There is no session of that {SESSION_HEADER}.", "Session")
    return require_active(session)


OwnSession = Annotated[Session, Depends(own_session)]


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
        "Session": f"POST /api/sessions/ opens a session; send its UUID as {SESSION_HEADER}.",
        "Bearer": "Send the operator's token: Authorization: Bearer …",
    }
    code = "session_required" if scheme == "Session" else "operator_required"
    challenge = {"WWW-Authenticate": f'{scheme} realm="ytaudio"'}
    raise Problem(401, code, detail, hints[scheme], headers=challenge)
