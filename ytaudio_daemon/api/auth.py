"""Authentication: by a session's key, or as the operator.

Dependencies that read the ledger run in a thread; those that only read the request are
`async`, for a thread would cost more than they do.
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


async def sent_by_operator(request: Request, context: ContextDep) -> bool:
    """Return whether the operator sent the request; a wrong token counts as none.

    For routes that a session may use, too: OpenAPI then demands no operator for them.
    """
    if context.token is None:
        return not any(name in request.headers for name in PROXY_HEADERS)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given, right = token.strip().encode("utf-8", "replace"), context.token.encode()
    return scheme.lower() == "bearer" and hmac.compare_digest(given, right)


SentByOperator = Annotated[bool, Depends(sent_by_operator)]


async def is_operator(
    context: ContextDep, bearer: Bearer, is_sent_by_operator: SentByOperator
) -> bool:
    """Return whether the request is the operator's.

    Without a configured token, every client that reaches the loopback address is the
    operator, unless its request came through a proxy.

    Raises:
        Problem: The request has a token that is not the operator's.
    """
    if context.token is not None and bearer is not None and not is_sent_by_operator:
        raise_unauthorized("That is not the operator's token.", "Bearer")
    return is_sent_by_operator


IsOperator = Annotated[bool, Depends(is_operator)]


async def require_operator(is_operator: IsOperator) -> None:
    """Refuse every request that is not the operator's.

    Raises:
        Problem: The request is not the operator's.
    """
    if not is_operator:
        raise_unauthorized("Only the operator may do this.", "Bearer")


def own_session(
    context: ContextDep, key: SessionKey, sent_by_operator: SentByOperator
) -> Session:
    """Return the session whose key is in the request's header.

    The operator may name it by its UUID.

    Raises:
        Problem: The header is missing, or its session is unknown or has expired.
    """
    if key is None:
        raise_unauthorized(f"The header {SESSION_HEADER} is missing.", "Session")
    session = find_session_by_key(context, key, accept_uuid=sent_by_operator)
    if session is None:
        raise_unauthorized(f"There is no session of that {SESSION_HEADER}.", "Session")
    return require_active(session)


OwnSession = Annotated[Session, Depends(own_session)]


def find_session_by_key(
    context: ApiContext, key: str, *, accept_uuid: bool
) -> Session | None:
    """Return the session with this key; None if there is none.

    Args:
        context: Reads the ledger.
        key: As the client sent it.
        accept_uuid: Whether a session's UUID is accepted in the key's place. It stands in
            folder names, logs and notices, so it is no secret.
    """
    plain = key.lower()
    if UUID_PATTERN.fullmatch(plain) is None:
        return None
    with context.read() as db:
        session = session_by_key(db, plain)
    if session is None and accept_uuid:
        return find_session_by_uuid(context, plain)
    return session


def find_session_by_uuid(context: ApiContext, text: str) -> Session | None:
    """Return the session with this UUID, not a part of it; None if there is none."""
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
