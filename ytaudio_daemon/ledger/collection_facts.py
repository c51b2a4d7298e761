"""Stores the facts about a whole collection that a page of its listing has."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.ledger.schema import collections, entries, subscriptions
from ytaudio_daemon.model.channel_albums import add_album_start, keep_attempts
from ytaudio_daemon.model.listing import ListedPage
from ytaudio_daemon.model.subscription import feed_query


def update_facts(db: Connection, claim: ListingClaim, page: ListedPage) -> None:
    """Store a page's facts about the whole collection; facts that it lacks stay."""
    facts = {
        "title": page.title or None,
        "channel": page.channel or None,
        "album": _album_facts(db, claim, page),
        "entry_count": page.announced,
    }
    known = {name: value for name, value in facts.items() if value is not None}
    if known:
        mine = collections.c.id == claim.collection_id
        db.execute(sa.update(collections).where(mine).values(known))
    if claim.subscription is not None:
        query = feed_query(claim.kind, claim.url, page.list_id, page.channel_id)
        mine = subscriptions.c.collection_id == claim.collection_id
        db.execute(sa.update(subscriptions).where(mine).values(feed_query=query))


def _album_facts(db: Connection, claim: ListingClaim, page: ListedPage) -> Any:
    """Return an album's facts, or where a channel's albums begin; None without any."""
    if claim.kind != "channel":
        return page.album.to_json() if page.album else None
    query = sa.select(collections.c.album).where(
        collections.c.id == claim.collection_id
    )
    stored = db.execute(query).scalar_one()
    if page.album is None and not stored:
        return None
    # In older ledgers it is the facts of the album that was listed last.
    starts = stored if isinstance(stored, list) else []
    if page.number == 1:
        starts = keep_attempts(starts, _attempts_seen(db, claim))
    first = page.entries[0].position
    return add_album_start(starts, claim.attempt, first, page.album)


def _attempts_seen(db: Connection, claim: ListingClaim) -> set[int]:
    """Return the attempts that were the last to list some entry."""
    mine = entries.c.collection_id == claim.collection_id
    query = sa.select(entries.c.attempt).where(mine).distinct()
    return set(db.execute(query).scalars())
