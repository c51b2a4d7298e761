"""Converts the evidence of a failed attempt into a failure: kind, code, message. Pure.

The first match wins: the host's own errors, then what exceptions and HTTP statuses
say, then texts; warnings count only when the error itself names no true cause
("No video formats found" often hides a 429 that was only a warning).
"""

import errno
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.failure_texts import (
    CONNECTION_RULES,
    ERROR_RULES,
    RULES,
    Rule,
)
from ytaudio_daemon.fetch.redact import redact
from ytaudio_daemon.model import Failure, Network
from ytaudio_daemon.model.host_error_table import HostError, Scope
from ytaudio_daemon.model.host_errors import find_host_error

#: A site that asks for more than a day means something else.
MAX_RETRY_AFTER_S = 86_400.0
MAX_MESSAGE_CHARS = 300
#: Codes of a stream whose address was refused; a fresh one may work.
MEDIA_CODES = frozenset({"media_gone", "media_refused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One exception of a chain, as plain data.

    Attributes:
        classes: Names of its class and the classes above it.
        text: `str()` of it.
        errno: For an `OSError`.
        status: For an HTTP answer.
        endpoint: The kind of server that answered: media, api, page, or "".
        retry_after: The header `Retry-After`.
    """

    classes: frozenset[str] = frozenset()
    text: str = ""
    errno: int | None = None
    status: int | None = None
    endpoint: str = ""
    retry_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The facts about a failed attempt from which its failure is found.

    Attributes:
        causes: The exception raised and those behind it, outermost first.
        warnings: yt-dlp's warnings.
        failed_requests: Earlier failed requests, also those that yt-dlp recovered from.
        live_status: yt-dlp's `live_status`, None if it did not get that far.
        has_js_runtime: Whether yt-dlp had a JavaScript runtime.
        now: For a Retry-After that names a date.
    """

    causes: Sequence[Cause] = ()
    warnings: Sequence[str] = ()
    failed_requests: Sequence[Cause] = ()
    live_status: str | None = None
    has_js_runtime: bool = True
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)


def classify(evidence: Evidence) -> Failure:
    """Return the failure that fits the evidence best; it has no log tail yet."""
    host_error = _host_error(evidence.causes)
    if host_error is not None and not _is_proxy_refusal(evidence.causes):
        failure = host_error.failure()
    else:
        failure = failure_for(_code(evidence), _error_text(evidence.causes))
    return replace(failure, retry_after_s=_retry_after(evidence))


def blame_proxy(failure: Failure, network: Network) -> Failure:
    """Return the failure; a refused connection is the proxy's where there is one. Pure.

    yt-dlp's SOCKS client reports it like one that YouTube refused. But through a proxy,
    YouTube is never connected to; the job is not charged for it.
    """
    if network.proxy and failure.code == "refused":
        return failure_for("proxy_failed")
    return failure


def _code(evidence: Evidence) -> str:
    return (
        _file_limit_code(evidence.causes)
        or _by_live_status(evidence)
        or _by_http_errors(_with_endpoints(evidence))
        or _by_messages(evidence)
        or "unknown"
    )


#: Codes that only say that it did not work; the reason may be in a warning.
_VAGUE_CODES = frozenset({"no_formats", "no_answer", "video_unavailable"})


def _by_messages(evidence: Evidence) -> str | None:
    raised = code_in_texts((cause.text for cause in evidence.causes), ERROR_RULES)
    if raised is not None and raised not in _VAGUE_CODES:
        return raised
    warned = code_in_texts(evidence.warnings)
    if warned is not None and warned not in _VAGUE_CODES:
        return warned
    vague = warned or raised
    return (
        _by_http_errors(evidence.failed_requests)
        or code_in_texts(evidence.warnings, CONNECTION_RULES)
        or (_no_formats_reason(evidence) if vague == "no_formats" else None)
        or vague
    )


def code_in_texts(texts: Iterable[str], rules: Sequence[Rule] = RULES) -> str | None:
    """Return the code of the first rule that one of the texts matches, or None."""
    joined = "\n".join(texts).replace("\u2019", "'")
    return next((rule.code for rule in rules if rule.pattern.search(joined)), None)


def _no_formats_reason(evidence: Evidence) -> str | None:
    warnings = "\n".join(evidence.warnings)
    if not evidence.has_js_runtime or "No supported JavaScript runtime" in warnings:
        return "js_runtime_missing"
    if "SABR" in warnings:
        return "sabr_only"
    return "challenge_unsolved" if _CHALLENGE_UNSOLVED.search(warnings) else None


_CHALLENGE_UNSOLVED = re.compile(
    r"(signature|n challenge) solving failed|error solving|challenge solver"
    r"|invalid js challenge|remote component",
    re.IGNORECASE,
)


def _is_proxy_refusal(causes: Iterable[Cause]) -> bool:
    """Return whether a proxy refused: SOCKS has numbers of its own, 1 to 8 (RFC 1928)."""
    return any("ProxyError" in cause.classes for cause in causes)


def _host_error(causes: Iterable[Cause]) -> HostError | None:
    """Return the host's own error: of the machine, its disk, or the attempt's folder."""
    for number in _error_numbers(causes):
        found = find_host_error(number)
        if found and (found.scope is not Scope.PATH or number in _ACCESS_ERRNOS):
            return found
    return None


#: On a path these are the host's fault, too: an attempt writes in the daemon's own
#: folders only.
_ACCESS_ERRNOS = frozenset({errno.EACCES, errno.EPERM})


def _file_limit_code(causes: Iterable[Cause]) -> str | None:
    """Return the code of a file that hit RLIMIT_FSIZE, `Limits.max_size_bytes`."""
    return "too_big" if errno.EFBIG in _error_numbers(causes) else None


def _error_numbers(causes: Iterable[Cause]) -> Iterator[int]:
    """Yield errnos; yt-dlp's own exceptions carry them in their text only."""
    for cause in causes:
        if cause.errno is not None:
            yield cause.errno
        if written := re.search(r"\[Errno (\d+)\]", cause.text):
            yield int(written[1])


def _by_live_status(evidence: Evidence) -> str | None:
    if evidence.live_status == "is_upcoming":
        is_premiere = code_in_texts(evidence.warnings) == "premiere"
        return "premiere" if is_premiere else "upcoming"
    return {"is_live": "live_now", "post_live": "post_live"}.get(
        evidence.live_status or ""
    )


def _with_endpoints(evidence: Evidence) -> Sequence[Cause]:
    """Return the causes; one whose text is all that is left gets its request's endpoint.

    yt-dlp's downloader of fragments raises "HTTP Error 404: Not Found" without the
    exception that knew the address.
    """
    endpoints = {cause.status: cause.endpoint for cause in evidence.failed_requests}
    return [
        cause
        if cause.endpoint or cause.status
        else replace(cause, endpoint=endpoints.get(_status_in_text(cause.text), ""))
        for cause in evidence.causes
    ]


def _by_http_errors(causes: Sequence[Cause]) -> str | None:
    """Return the code of the HTTP statuses, else of the broken connections.

    A 429 decides; else the innermost cause, where the trouble began.
    """
    codes = [code for cause in causes if (code := _by_status(cause)) is not None]
    if codes:
        return "rate_limited" if "rate_limited" in codes else codes[-1]
    texts = (f"{' '.join(sorted(cause.classes))} {cause.text}" for cause in causes)
    return code_in_texts(texts, CONNECTION_RULES)


def _by_status(cause: Cause) -> str | None:
    status = cause.status or _status_in_text(cause.text)
    if status is None:
        return None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate_limited"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    if cause.endpoint == "media":
        return "media_gone" if status in _GONE_STATUSES else "media_refused"
    return "forbidden" if status in {401, 403} else None


_GONE_STATUSES = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def _status_in_text(text: str) -> int | None:
    """Return the HTTP status in a message: yt-dlp's downloader drops the exception."""
    found = re.search(r"HTTP Error (\d{3})\b", text)
    return int(found[1]) if found else None


def _error_text(causes: Sequence[Cause]) -> str:
    """Return the error's own text, shortened, without secrets."""
    for cause in causes:
        words = re.split(r"; please report this issue|\(caused by", cause.text)[0]
        words = redact(words.removeprefix("ERROR: "))
        if words := " ".join(words.split()):
            return words[:MAX_MESSAGE_CHARS]
    return ""


def _retry_after(evidence: Evidence) -> float | None:
    headers = [c.retry_after for c in (*evidence.causes, *evidence.failed_requests)]
    waits = [parse_retry_after(text, evidence.now) for text in headers if text]
    return max((wait for wait in waits if wait is not None), default=None)


def parse_retry_after(header: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3).

    None if it is neither a number nor a date.
    """
    if header.strip().isascii() and header.strip().isdigit():
        return min(float(header), MAX_RETRY_AFTER_S)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    wait = (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds()
    return min(max(wait, 0.0), MAX_RETRY_AFTER_S)
