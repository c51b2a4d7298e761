"""Errors as problem details (RFC 9457), for every exception a route can raise."""

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from ytaudio_daemon.api.validation_words import validation_sentence
from ytaudio_daemon.errors import (
    LedgerBusyError,
    LedgerError,
    LedgerFullError,
    SessionExpiredError,
    TooManyListingsError,
    UnknownSessionError,
    YtaudioError,
)

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
#: The field `type` is this and the code: a name, not an address.
TYPE_PREFIX = "urn:ytaudio:problem:"
#: Seconds that a client should wait before its next request.
RETRY_AFTER_S = 2
#: Errors of one request that a problem lists, at most.
MAX_ERRORS = 20
#: Characters of a client's input that a problem repeats, at most.
MAX_ECHO_CHARS = 200

#: Status and code of our own errors; the first class that fits counts.
STATUS_BY_ERROR: tuple[tuple[type[YtaudioError], int, str], ...] = (
    (SessionExpiredError, 410, "session_expired"),
    (UnknownSessionError, 404, "unknown_session"),
    (TooManyListingsError, 429, "session_listing_limit"),
    (LedgerBusyError, 503, "ledger_busy"),
    (LedgerFullError, 507, "disk_full"),
    (LedgerError, 503, "ledger_unusable"),
)


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """An error with its HTTP response.

    Args:
        status: The HTTP status.
        code: Snake-case, stable; for programs.
        detail: One plain sentence; for people.
        hint: The remedy, or "".
        headers: Further headers of the response.
        more: Further members of the document.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        hint: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.hint = hint
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    def document(self) -> dict[str, Any]:
        """Return the problem as its JSON document."""
        return {
            "type": TYPE_PREFIX + self.code,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "hint": self.hint,
            **self.more,
        }

    def response(self) -> Response:
        """Return the problem as a response."""
        body = json.dumps(self.document(), ensure_ascii=True).encode()
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(body, self.status, headers, MEDIA_TYPE)


def install_handlers(app: FastAPI, routes: Sequence[Route]) -> None:
    """Install handlers that turn every exception into a problem.

    Args:
        app: The application.
        routes: All its routes: a 405 must name all methods of its address.
    """

    # One function for each class: Starlette finds a handler by the exception's class.
    @app.exception_handler(Problem)
    async def _problem(_: Request, error: Problem) -> Response:
        return error.response()

    @app.exception_handler(YtaudioError)
    async def _own(_: Request, error: YtaudioError) -> Response:
        return from_ytaudio_error(error).response()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        problem = from_http(error)
        if problem.status == 405:  # noqa: PLR2004 - HTTP's number
            problem.headers["Allow"] = ", ".join(_methods_at(request, routes))
        return problem.response()

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        return from_validation(error.errors()).response()

    @app.exception_handler(Exception)
    async def _unforeseen(request: Request, error: Exception) -> Response:
        log.error("api.failed", method=request.method, error=repr(error))
        return Problem(
            500,
            "internal_error",
            "Something went wrong here that should not; the log says what.",
        ).response()


def from_ytaudio_error(error: YtaudioError) -> Problem:
    """Convert one of our own errors into a problem."""
    for kind, status, code in STATUS_BY_ERROR:
        if isinstance(error, kind):
            headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}  # noqa: PLR2004 - may pass
            return Problem(status, code, error.message, error.hint, headers=headers)
    return Problem(500, "internal_error", error.message, error.hint)


def _methods_at(request: Request, routes: Iterable[Route]) -> list[str]:
    """Return every method of an address; Starlette names those of one route only.

    An address that is a route's own is no parameter of another: `/collections/preview`
    is no collection.
    """
    found = [
        route for route in routes if route.matches(request.scope)[0] is not Match.NONE
    ]
    plain = [route for route in found if not route.param_convertors]
    return sorted({method for each in plain or found for method in each.methods or ()})


def from_http(error: HTTPException) -> Problem:
    """Convert Starlette's HTTPException (404, 405, …) into a problem."""
    codes = {404: "no_such_page", 405: "method_not_allowed", 400: "bad_request"}
    details = {
        404: "There is nothing at this address.",
        405: "This address does not take that method.",
    }
    return Problem(
        error.status_code,
        codes.get(error.status_code, "refused"),
        details.get(error.status_code, str(error.detail)),
        "GET /api/openapi.json lists every address; GET / shows the first calls.",
        headers=error.headers,
    )


def from_validation(errors: Sequence[Any]) -> Problem:
    """Convert errors of FastAPI's request validation into a problem.

    At most `MAX_ERRORS` are listed: a body of 64 KiB may have ten thousand.
    """
    found = [
        {
            "pointer": _pointer(error["loc"]),
            "detail": _truncate(validation_sentence(error)),
        }
        for error in errors[:MAX_ERRORS]
    ]
    return Problem(
        422,
        "invalid_request",
        f"The request cannot be used: {found[0]['detail'] if found else 'unknown why'}.",
        "GET /api/openapi.json describes every field.",
        more={"errors": found},
    )


def _pointer(place: Sequence[Any]) -> str:
    """Return the place of an error as a path through the request, e.g. `body/url`."""
    return _truncate("/".join(map(str, place)))


def _truncate(text: str) -> str:
    """Cut a client's input short, and replace lone surrogates."""
    return text[:MAX_ECHO_CHARS].encode("utf-8", "replace").decode()
