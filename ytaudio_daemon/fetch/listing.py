"""Lists the entries of a collection: one attempt, page by page, nothing downloaded."""

from dataclasses import asdict, replace
from datetime import UTC, datetime

from ytaudio_daemon.fetch import PageReceiver, ytdlp_client, ytdlp_version
from ytaudio_daemon.fetch.account_access import (
    NEEDS_ACCOUNT,
    with_account,
    with_cookies_hint,
)
from ytaudio_daemon.fetch.account_cookies import AccountCookies
from ytaudio_daemon.fetch.attempt_context import AttemptContext
from ytaudio_daemon.fetch.classify import blame_proxy
from ytaudio_daemon.fetch.confinement import confine
from ytaudio_daemon.fetch.download_stage import storing_cookies
from ytaudio_daemon.fetch.exception_facts import causes_of
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.failures import AttemptFailedError
from ytaudio_daemon.fetch.feed import read_feed
from ytaudio_daemon.fetch.list_failures import classify_listing
from ytaudio_daemon.fetch.lister import ListClient, Lister
from ytaudio_daemon.fetch.page_builder import PageBuilder
from ytaudio_daemon.model import Failure, ListedPage, ListRequest, ListTotals, Outcome


def run_listing(request: ListRequest, report: PageReceiver) -> Outcome:
    """Run the listing; see `ytaudio_daemon.fetch.list_entries`."""
    context = AttemptContext(ytdlp_version=ytdlp_version())
    head = ListedPage(number=1, kind=request.kind)
    pages = PageBuilder(report, request.max_entries, head)
    try:
        ytdlp_client.prepare_environment(request)
        confine(request)
        totals = with_account(
            request.network,
            context,
            lambda error: _failure_from_exception(error, request, context, pages),
            lambda cookies: _list_collection(cookies, request, context, pages),
        )
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - the border: all becomes data
        failure = _failure_from_exception(error, request, context, pages)
        return context.failed_outcome(with_cookies_hint(failure, request, context))
    return context.listed_outcome(totals)


def _failure_from_exception(
    error: BaseException,
    request: ListRequest,
    context: AttemptContext,
    pages: PageBuilder,
) -> Failure:
    if isinstance(error, AttemptFailedError):
        return error.failure
    evidence = context.evidence(
        causes_of(error), has_js_runtime=True, now=datetime.now(UTC)
    )
    failure = blame_proxy(classify_listing(evidence), request.network)
    if pages.has_sent and failure.code in NEEDS_ACCOUNT:
        return failure_for("list_incomplete")  # an earlier page was readable
    return failure


def _list_collection(
    cookies: AccountCookies | None,
    request: ListRequest,
    context: AttemptContext,
    pages: PageBuilder,
) -> ListTotals:
    parameters = ytdlp_client.listing_params(
        request, context.log_capture, cookies.for_ytdlp() if cookies else None
    )
    context.with_cookies = cookies is not None
    client = ListClient(parameters, pages.send)
    with client as ydl, storing_cookies(cookies, ydl):
        context.failed_requests = ydl.failed_requests
        feed = read_feed(ydl, request.feed, pages) if request.feed else None
        if feed is not None:
            pages.send()
            return replace(pages.totals(), **asdict(feed))
        Lister(ydl, request.kind, pages).list(request.url)
    pages.send()
    totals = pages.totals()
    if not totals.entries:
        raise AttemptFailedError(failure_for("empty_list"))
    return totals
