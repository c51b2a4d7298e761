"""Converts the evidence of a failed listing into a failure: kind, code, message. Pure."""

import re
from dataclasses import replace
from http import HTTPStatus

from ytaudio_daemon.fetch.classify import Evidence, classify, code_in_texts
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.failure_texts import LIST_RULES
from ytaudio_daemon.model import Failure, FailureKind

#: Kinds of failures that come before YouTube has said anything about the list.
_NOT_THE_LISTS = frozenset({FailureKind.BLOCKED, FailureKind.HOST, FailureKind.OFFLINE})
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_VIDEO = re.compile(r"\b(this|This) (?:video|live event)\b")


def classify_listing(evidence: Evidence) -> Failure:
    """Return the failure that fits the evidence of a listing best."""
    failure = classify(evidence)
    if failure.kind in _NOT_THE_LISTS:
        return failure
    code = _code(evidence)
    found = failure if code is None else failure_for(code)
    return replace(
        found,
        message=_VIDEO.sub(r"\1 list", found.message),
        retry_after_s=failure.retry_after_s,
    )


def _code(evidence: Evidence) -> str | None:
    """Return the code of a list's own failure, None when it is none of those.

    What YouTube said of the page may be a warning only: yt-dlp goes on to ask the API,
    and raises what came of that.
    """
    raised = code_in_texts((cause.text for cause in evidence.causes), LIST_RULES)
    warned = code_in_texts(evidence.warnings, LIST_RULES)
    if raised is not None and raised != "list_incomplete":
        return raised
    return warned or raised or _by_status(evidence)


def _by_status(evidence: Evidence) -> str | None:
    """Return the code of an address that YouTube does not know."""
    causes = (*evidence.causes, *evidence.failed_requests)
    statuses = {cause.status for cause in causes if cause.status is not None}
    return "no_such_list" if statuses and statuses <= _GONE else None
