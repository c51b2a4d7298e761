"""Refuses requests before any route: cross-site, for a wrong host, with a big body."""

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ytaudio_daemon.api.problems import Problem

#: Bytes of a request's body at most; the biggest sensible one has some 6,000.
MAX_BODY_BYTES = 64 << 10
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: `Sec-Fetch-Site` of a request from another site's page (W3C Fetch Metadata).
CROSS_SITE = frozenset({"cross-site", "same-site"})


class Guard:
    """ASGI middleware that refuses requests, and reads the whole body of the others.

    Args:
        app: The application that handles all other requests.
        hosts: Names that a request may have in `Host`; None for any. On loopback this
            refuses pages whose name was made to point here (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None = None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a problem, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            headers = Headers(scope=scope)
            refuse_wrong_host(headers, self._hosts)
            refuse_cross_site(scope["method"], headers)
            body = await _read_body(headers, receive)
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        await self._app(scope, _replay_body(body, receive), send)


def refuse_wrong_host(
    headers: Mapping[str, str], hosts: Collection[str] | None
) -> None:
    """Refuse a request for another host.

    Raises:
        Problem: The `Host` header is not one of `hosts`.
    """
    if hosts is None or _hostname(headers.get("host", "")) in hosts:
        return
    raise Problem(
        421,
        "wrong_host",
        "This server answers to its loopback address only.",
        f"Use one of: {' '.join(sorted(hosts))}",
    )


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def refuse_cross_site(method: str, headers: Mapping[str, str]) -> None:
    """Refuse a request that changes something and comes from another site's page.

    Raises:
        Problem: `Origin` or `Sec-Fetch-Site` names another site.
    """
    if method in SAFE_METHODS:
        return
    origin = headers.get("origin")
    is_foreign = origin is not None and (
        origin_netloc(origin) != headers.get("host", "").lower()
    )
    if is_foreign or headers.get("sec-fetch-site", "") in CROSS_SITE:
        raise Problem(
            403, "foreign_page", "Pages of other sites may not change anything here."
        )


def origin_netloc(origin: str) -> str:
    """Return host and port of an origin; "" if it has none (`null`)."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


async def _read_body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """Return the whole body.

    Raises:
        Problem: The body has more than `MAX_BODY_BYTES`.
    """
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > MAX_BODY_BYTES:
        raise _body_too_big()
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY_BYTES:
            raise _body_too_big()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return body


def _body_too_big() -> Problem:
    return Problem(
        413,
        "body_too_big",
        f"A request's body may have {MAX_BODY_BYTES} bytes at most.",
        "Post links one by one, or drop a file.",
        headers={"Connection": "close"},
    )


def _replay_body(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` with the body as one message; later ones (disconnect) follow."""
    is_replayed = False

    async def replay() -> Message:
        nonlocal is_replayed
        if is_replayed:
            return await receive()
        is_replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
