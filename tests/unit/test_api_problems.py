"""Every error becomes a problem with a status and a code."""

import json

import pytest
from starlette.exceptions import HTTPException

from ytaudio_daemon import errors
from ytaudio_daemon.api.problems import (
    Problem,
    from_http,
    from_validation,
    from_ytaudio_error,
)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.SessionExpiredError("x"), 410, "session_expired"),
        (errors.UnknownSessionError("x"), 404, "unknown_session"),
        (errors.LedgerBusyError("x"), 503, "ledger_busy"),
        (errors.LedgerFullError("x"), 507, "disk_full"),
        (errors.LedgerUnreachableError("x"), 503, "ledger_unusable"),
        (errors.LedgerGoneError("x"), 503, "ledger_unusable"),
        (errors.TemplateError("x", "y"), 500, "internal_error"),
    ],
)
def test_our_own_errors(error: errors.YtaudioError, status: int, code: str) -> None:
    problem = from_ytaudio_error(error)
    assert (problem.status, problem.code) == (status, code)
    assert ("Retry-After" in problem.headers) == (status == 503)


def test_the_document_has_all_members() -> None:
    problem = Problem(429, "session_job_limit", "Too many.", "Wait.", more={"n": 1})
    answer = problem.response()
    assert answer.media_type == "application/problem+json"
    assert json.loads(bytes(answer.body)) == {
        "type": "urn:ytaudio:problem:session_job_limit",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Too many.",
        "code": "session_job_limit",
        "hint": "Wait.",
        "n": 1,
    }


def test_the_frameworks_refusals() -> None:
    assert from_http(HTTPException(404)).code == "no_such_page"
    wrong = from_http(HTTPException(405, headers={"Allow": "GET"}))
    assert (wrong.code, wrong.headers) == ("method_not_allowed", {"Allow": "GET"})
    assert from_http(HTTPException(418, "short and stout")).detail == "short and stout"


def test_a_clients_own_words_come_back_short_and_writable() -> None:
    errors_found = [
        {"loc": ("body", "\ud800" + "x" * 999), "type": "x", "msg": "no\ud800"}
    ]
    problem = from_validation(errors_found)
    assert problem.status == 422
    assert len(problem.more["errors"][0]["pointer"]) <= 200
    problem.response()
    assert from_validation([]).status == 422


def test_ten_thousand_errors_are_answered_with_twenty() -> None:
    found = [
        {"loc": ("body", f"x{n}" * 100), "type": "x", "msg": "no"}
        for n in range(10_000)
    ]
    answer = from_validation(found).response()
    assert len(json.loads(bytes(answer.body))["errors"]) == 20
    assert len(answer.body) < 10_000
