"""Fetches a video without an account first, and with its cookies where that is needed."""

from collections.abc import Callable
from dataclasses import replace

from ytaudio_daemon.fetch import Reporter
from ytaudio_daemon.fetch.account_cookies import (
    AccountCookies,
    cookies_state,
    unreadable,
)
from ytaudio_daemon.fetch.attempt_context import AttemptContext
from ytaudio_daemon.fetch.download_stage import fetch_source
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.source import Source
from ytaudio_daemon.model import Failure, FetchRequest
from ytaudio_daemon.model.cookies import CookiesState

#: The failures of videos that are there, but not for somebody who is not signed in.
NEEDS_ACCOUNT = frozenset(
    {"age_restricted", "members_only", "paid", "private_video", "sign_in_required"}
)
#: Those by which a request from an account would not end.
_SIGN_IN_WANTED = frozenset({"sign_in_required"})
#: Their hints advise cookies, which helps nobody who has given some.
_ADVISES_COOKIES = frozenset({"bot_check", "rate_limited"})
_SLOWER = "Lower [pace] per_hour."
_NOT_ALLOWED = (
    'Cookies are there, but [download] cookies is "never": set it to "when_needed".'
)
_OTHER_ACCOUNT = (
    "The cookies were sent, and their account may not see it either: give the cookies "
    "of one that may."
)

FailureOf = Callable[[BaseException], Failure]


def fetch_with_account(
    request: FetchRequest,
    report: Reporter,
    context: AttemptContext,
    failure_of: FailureOf,
) -> Source:
    """Fetch the source; an account's cookies are sent as `Network.cookies` says.

    Args:
        request: Names the cookies.
        report: Gets the progress.
        context: Gets what was found out, also about the cookies.
        failure_of: Returns the failure that an exception means.

    Raises:
        Exception: Any of yt-dlp's; `failure_of` finds its failure.
    """
    network = request.network
    if not network.may_use_cookies:
        return fetch_source(request, report, context)
    if network.always_uses_cookies:
        cookies = read_cookies(request, context)
        return _fetch_with(cookies, request, report, context, failure_of)
    try:
        return fetch_source(request, report, context)
    except Exception as error:
        if failure_of(error).code not in NEEDS_ACCOUNT:
            raise
        cookies = read_cookies(request, context)
        if context.cookies_fault is not None:  # asked with them, YouTube says the same
            raise
    context.start_over()
    return _fetch_with(cookies, request, report, context, failure_of)


def read_cookies(
    request: FetchRequest, context: AttemptContext
) -> AccountCookies | None:
    """Return the cookies, None when they cannot be read; the context gets any fault."""
    try:
        cookies = AccountCookies(request.network)
    except OSError as error:
        context.cookies_fault = unreadable(error)
        context.cookies_state = CookiesState.UNREADABLE
        return None
    if cookies.fault is not None:
        context.cookies_fault = cookies.fault
        context.cookies_state = CookiesState.REFUSED
    return cookies


def _fetch_with(
    cookies: AccountCookies | None,
    request: FetchRequest,
    report: Reporter,
    context: AttemptContext,
    failure_of: FailureOf,
) -> Source:
    is_refused = False
    try:
        return fetch_source(request, report, context, cookies)
    except Exception as error:
        is_refused = failure_of(error).code in _SIGN_IN_WANTED
        raise
    finally:
        if context.cookies_fault is None:
            warnings = tuple(context.log_capture.warnings)
            context.cookies_state = cookies_state(warnings, is_refused=is_refused)


def with_fitting_hint(
    failure: Failure, request: FetchRequest, context: AttemptContext
) -> Failure:
    """Return a failure whose message and hint fit the cookies that there are. Pure.

    Args:
        failure: As classified, without regard to cookies.
        request: Says which cookies there are, and when they may be sent.
        context: Knows what became of them.
    """
    if not request.network.cookies_file:
        return failure
    if failure.code in _ADVISES_COOKIES:
        return replace(failure, hint=_SLOWER)
    if failure.code in NEEDS_ACCOUNT:
        return _of_closed_video(failure, request, context)
    return failure


def _of_closed_video(
    failure: Failure, request: FetchRequest, context: AttemptContext
) -> Failure:
    if not request.network.may_use_cookies:
        return replace(failure, hint=_NOT_ALLOWED)
    if (fault := context.cookies_fault) is not None:
        found = failure_for("cookies_unusable")
        message = f"{found.message.removesuffix('.')}: {fault.message}."
        return _about_cookies(replace(found, message=message, hint=fault.hint), failure)
    if context.cookies_state == CookiesState.ROTATED:
        return _about_cookies(failure_for("cookies_rotated"), failure)
    return replace(failure, hint=_OTHER_ACCOUNT)


def _about_cookies(found: Failure, failure: Failure) -> Failure:
    """Return a failure of the cookies that names that of the video, too."""
    video = failure.message.removesuffix(".")
    cookies = found.message[:1].lower() + found.message[1:]
    return replace(found, message=f"{video}; {cookies}")
