"""Builds the request that a worker gets for a listing, with a ledger or without one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout, cookie_jars, publishing
from ytaudio_daemon.jobs.config_values import limits, network
from ytaudio_daemon.jobs.prepare import private_paths, work_folder_failure
from ytaudio_daemon.jobs.publish_failures import unfinishable
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.model import Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.listing import FeedRequest, ListRequest
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.model.subscription import NO_FEED_LIST_S, Look
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()
#: A listing ends after so many entries; the biggest channels have about as many.
MAX_LISTED_ENTRIES = 50_000


def prepare_listing(
    claim: ListingClaim, layout: Layout, settings: Settings, now: Now
) -> ListRequest | Outcome:
    """Make the attempt's folder and return the request for its worker.

    Args:
        claim: The attempt.
        layout: Where attempts work.
        settings: Sections download and disk.
        now: The moment.

    Returns:
        The request; or the attempt's outcome, a failure, if a folder cannot be used.
    """
    try:
        publishing.begin_attempt(layout, claim.uuid, claim.attempt)
    except ITEM_ERRORS as error:
        return Outcome(failure=work_folder_failure(error))
    try:
        return _claimed_request(claim, layout, settings, now)
    except ITEM_ERRORS as error:
        log.exception("collection.not_started", collection=claim.uuid)
        return Outcome(failure=unfinishable(error))


def _claimed_request(
    claim: ListingClaim, layout: Layout, settings: Settings, now: Now
) -> ListRequest:
    request = list_request(
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
    """Return the request of the feed that is read first; None to read the list."""
    subscription = claim.subscription
    if subscription is None or subscription.look is not Look.FEED:
        return None
    age_s = now.uptime_s - (subscription.whole_list_uptime_s or 0.0)
    return FeedRequest(
        query=subscription.feed_query,
        etag=subscription.etag,
        modified=subscription.modified,
        lists_without_feed=age_s >= NO_FEED_LIST_S,
    )


def list_request(  # noqa: PLR0913 - one named part each; a bundle would hide them
    settings: Settings,
    *,
    key: str,
    attempt: int,
    url: str,
    kind: str,
    selection: Selection,
    attempt_dir: Path,
    cache_dir: Path,
    private_paths: Sequence[Path] = (),
    own_cookies: Path | None = None,
    egress: str | None = None,
) -> ListRequest:
    """Return the request for one attempt.

    Args:
        settings: Sections download, youtube and disk.
        key: Identifies the attempts of one collection: its UUID, or a made-up one.
        attempt: The attempt's number, from 1.
        url: The canonical link of the collection.
        kind: `playlist`, `album` or `channel`.
        selection: Which of its entries are wanted: nothing after the last is listed.
        attempt_dir: The attempt's own folder; it exists.
        cache_dir: yt-dlp's cache.
        private_paths: Files and folders that the attempt must not reach.
        own_cookies: The session's own cookies, used in place of the config's.
        egress: The key of the egress; None is the first.
    """
    return ListRequest(
        key=key,
        attempt=attempt,
        url=url,
        kind=kind,
        max_entries=min(
            selection.last_position or MAX_LISTED_ENTRIES, MAX_LISTED_ENTRIES
        ),
        attempt_dir=str(attempt_dir),
        cache_dir=str(cache_dir),
        private_paths=tuple(map(str, private_paths)),
        limits=limits(settings),
        network=network(settings, own_cookies, egress),
    )
