"""From a claimed collection to the request that its worker gets."""

from dataclasses import replace

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout, cookie_jars, publishing
from ytaudio_daemon.jobs.listing_requests import listing_request
from ytaudio_daemon.jobs.prepare import private_paths, work_folder_failure
from ytaudio_daemon.jobs.publish_failures import unfinishable
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.model import Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.listing import FeedRequest, ListRequest
from ytaudio_daemon.model.subscription import NO_FEED_LIST_S, Look
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()


def list_request(
    claim: ListingClaim, layout: Layout, settings: Settings, now: Now
) -> ListRequest | Outcome:
    """Make the attempt's folder and return the request for its worker.

    Args:
        claim: The attempt.
        layout: Where attempts work.
        settings: Sections download and disk.
        now: The moment.

    Returns:
        The request; or, where a folder cannot be used, the attempt's end.
    """
    try:
        publishing.begin_attempt(layout, claim.uuid, claim.attempt)
    except ITEM_ERRORS as error:
        return Outcome(failure=work_folder_failure(error))
    try:
        return _request(claim, layout, settings, now)
    except ITEM_ERRORS as error:
        log.exception("collection.not_started", collection=claim.uuid)
        return Outcome(failure=unfinishable(error))


def _request(
    claim: ListingClaim, layout: Layout, settings: Settings, now: Now
) -> ListRequest:
    request = listing_request(
        settings,
        key=claim.uuid,
        attempt=claim.attempt,
        url=claim.url,
        kind=claim.kind,
        selection=claim.selection,
        attempt_dir=layout.attempt_dir(claim.uuid, claim.attempt),
        cache_dir=layout.cache,
        private_paths=private_paths(layout, settings),
        own_cookies=cookie_jars.find_cookies(layout, claim.session_uuid),
        egress=claim.egress,
    )
    return replace(request, feed=_feed_request(claim, now))


def _feed_request(claim: ListingClaim, now: Now) -> FeedRequest | None:
    """Return the feed that is asked instead of the list; None to read the list."""
    following = claim.following
    if following is None or following.look is not Look.FEED:
        return None
    age_s = now.uptime_s - (following.whole_lived or 0.0)
    return FeedRequest(
        query=following.feed_query,
        etag=following.etag,
        modified=following.modified,
        lists_without_feed=age_s >= NO_FEED_LIST_S,
    )
