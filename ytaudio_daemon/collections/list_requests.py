"""From a claimed collection to the request that its worker gets."""

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout, cookie_jars, publishing
from ytaudio_daemon.jobs.listing_requests import listing_request
from ytaudio_daemon.jobs.prepare import private_paths, work_folder_failure
from ytaudio_daemon.jobs.publish_failures import unfinishable
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.model import Outcome
from ytaudio_daemon.model.listing import ListRequest
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()


def list_request(
    claim: ListingClaim, layout: Layout, settings: Settings
) -> ListRequest | Outcome:
    """Make the attempt's folder and return the request for its worker.

    Args:
        claim: The attempt.
        layout: Where attempts work.
        settings: Sections download and disk.

    Returns:
        The request; or, where a folder cannot be used, the attempt's end.
    """
    try:
        publishing.begin_attempt(layout, claim.uuid, claim.attempt)
    except ITEM_ERRORS as error:
        return Outcome(failure=work_folder_failure(error))
    try:
        return _request(claim, layout, settings)
    except ITEM_ERRORS as error:
        log.exception("collection.not_started", collection=claim.uuid)
        return Outcome(failure=unfinishable(error))


def _request(claim: ListingClaim, layout: Layout, settings: Settings) -> ListRequest:
    return listing_request(
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
