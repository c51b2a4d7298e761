"""Asks YouTube without an account first, and with its cookies where that is needed."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from ytaudio_daemon.fetch.account_cookies import (
    AccountCookies,
    cookies_state,
    unreadable_fault,
)
from ytaudio_daemon.fetch.attempt_context import AttemptContext
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.model import AttemptRequest, Failure, Network
from ytaudio_daemon.model.cookies import CookiesState

#: Codes of failures that say: it exists, but only people who are signed in get it.
NEEDS_ACCOUNT = frozenset(
    {"age_restricted", "members_only", "paid", "private_video", "sign_in_required"}
    | {"no_such_list"}
)
#: Codes with which YouTube refuses the cookies that were sent.
_SIGN_IN_WANTED = frozenset({"sign_in_required"})
#: Codes whose hint advises cookies: useless where there are some.
_ADVISES_COOKIES = frozenset({"bot_check", "rate_limited"})
_SLOWER = "Lower [pace] per_hour."
_NOT_ALLOWED = (
    'Cookies are there, but [download] cookies is "never": set it to "when_needed".'
)
_OTHER_ACCOUNT = (
    "The cookies were sent, and their account may not see it either: give the cookies "
    "of one that may."
)

#: Returns the failure that an exception means.
FailureFinder = Callable[[BaseException], Failure]
_T = TypeVar("_T")


def with_account(
    network: Network,
    context: AttemptContext,
    find_failure: FailureFinder,
    ask: Callable[[AccountCookies | None], _T],
) -> _T:
    """Ask YouTube for something; an account's cookies are sent as `Network.cookies` says.

    Args:
        network: Names the cookies.
        context: Gets what was found out about the cookies.
        find_failure: Returns the failure that an exception means.
        ask: Asks, with cookies or without.

    Raises:
        Exception: What `ask` raises.
    """
    if not network.may_use_cookies:
        return ask(None)
    if network.always_uses_cookies:
        return _ask_with(read_cookies(network, context), context, find_failure, ask)
    try:
        return ask(None)
    except Exception as error:
        if find_failure(error).code not in NEEDS_ACCOUNT:
            raise
        cookies = read_cookies(network, context)
        if context.cookies_fault is not None:  # with them the answer would be the same
            raise
    context.start_over()
    return _ask_with(cookies, context, find_failure, ask)


def read_cookies(network: Network, context: AttemptContext) -> AccountCookies | None:
    """Return the cookies, None when they cannot be read; the context gets any fault."""
    try:
        cookies = AccountCookies(network)
    except OSError as error:
        context.cookies_fault = unreadable_fault(error)
        context.cookies_state = CookiesState.UNREADABLE
        return None
    if cookies.fault is not None:
        context.cookies_fault = cookies.fault
        context.cookies_state = CookiesState.REFUSED
    return cookies


def _ask_with(
    cookies: AccountCookies | None,
    context: AttemptContext,
    find_failure: FailureFinder,
    ask: Callable[[AccountCookies | None], _T],
) -> _T:
    is_refused = False
    try:
        return ask(cookies)
    except Exception as error:
        is_refused = find_failure(error).code in _SIGN_IN_WANTED
        raise
    finally:
        if context.cookies_fault is None:
            warnings = tuple(context.log_capture.warnings)
            context.cookies_state = cookies_state(warnings, is_refused=is_refused)


def with_cookies_hint(
    failure: Failure, request: AttemptRequest, context: AttemptContext
) -> Failure:
    """Return a failure with a message and a hint that fit the given cookies. Pure.

    Args:
        failure: As classified, without regard to cookies.
        request: Says which cookies there are, and when they may be sent.
        context: Holds their state after the attempt.
    """
    if not request.network.cookies_file:
        return failure
    if failure.code in _ADVISES_COOKIES:
        return replace(failure, hint=_SLOWER)
    if failure.code in NEEDS_ACCOUNT:
        return _needs_account_failure(failure, request, context)
    return failure


def _needs_account_failure(
    failure: Failure, request: AttemptRequest, context: AttemptContext
) -> Failure:
    if not request.network.may_use_cookies:
        return replace(failure, hint=_NOT_ALLOWED)
    if (fault := context.cookies_fault) is not None:
        found = failure_for("cookies_unusable")
        message = f"{found.message.removesuffix('.')}: {fault.message}."
        return _name_both(replace(found, message=message, hint=fault.hint), failure)
    if context.cookies_state == CookiesState.ROTATED:
        return _name_both(failure_for("cookies_rotated"), failure)
    return replace(failure, hint=_OTHER_ACCOUNT)


def _name_both(found: Failure, failure: Failure) -> Failure:
    """Return a failure of the cookies that names that of the video, too."""
    video = failure.message.removesuffix(".")
    cookies = found.message[:1].lower() + found.message[1:]
    return replace(found, message=f"{video}; {cookies}")
