"""Builds the request of a listing, for the daemon and for lists without a ledger."""

from collections.abc import Sequence
from pathlib import Path

from ytaudio_daemon.jobs.config_values import limits, network
from ytaudio_daemon.model.listing import ListRequest
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.settings import Settings

#: A listing is cut behind so many entries; the biggest channels have as many.
MAX_LISTED_ENTRIES = 50_000


def listing_request(  # noqa: PLR0913 - one named part each; a bundle would hide them
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
        key: Identifies the attempts of one collection: its UUID, or one made up.
        attempt: The attempt's number, from 1.
        url: The canonical link of the collection.
        kind: `playlist`, `album` or `channel`.
        selection: Which of its entries are wanted: no more than these are listed.
        attempt_dir: The attempt's own folder; it exists.
        cache_dir: yt-dlp's cache.
        private_paths: What the attempt must not reach.
        own_cookies: The session's, in a file of the program's, in place of the config's.
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
