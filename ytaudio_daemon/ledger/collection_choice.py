"""Chooses the collection of a line whose list the session may have already.

A line that follows a list means its new entries from now on; a line that does not, the
whole list. As long as the two differ, each has a collection of its own.
"""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import collections, entries, subscriptions
from ytaudio_daemon.model.collection import LISTING_ENDED, CollectionState
from ytaudio_daemon.model.subscription import PASSED_OVER

#: Ends the selection digest of a list's second collection in a session.
_SECOND = ":2"


class Choice(NamedTuple):
    """The collection that a line means.

    Attributes:
        row: Its row; None when a new one must be inserted.
        digest: The selection digest for its row.
    """

    row: Any
    digest: str


def choose_collection(
    db: Connection,
    session_id: int,
    key: str,
    profile: str,
    digest: str,
    *,
    follows: bool,
) -> Choice:
    """Return the collection that a line means.

    Args:
        db: A write transaction.
        session_id: The session.
        key: The key of the list.
        profile: The profile of the line's options.
        digest: The digest of the line's selection.
        follows: Whether the line follows the list.
    """
    digests = [digest, digest + _SECOND]
    query = (
        sa.select(collections, subscriptions.c.state.label("follow_state"))
        .outerjoin(subscriptions, subscriptions.c.collection_id == collections.c.id)
        .where(
            collections.c.session_id == session_id,
            collections.c.key == key,
            collections.c.profile == profile,
            collections.c.selection_digest.in_(digests),
        )
        .order_by(collections.c.id)
    )
    rows = db.execute(query).all()
    taken = [row.selection_digest for row in rows]
    free = next((each for each in digests if each not in taken), None)
    row = _followed(rows) if follows else _whole(db, rows)
    if row is None and free is None:
        row = rows[0]
    return Choice(row, free or digest) if row is None else Choice(row, digest)


def _followed(rows: Any) -> Any:
    """Return the row that is followed, or else one that may be from now on, if any.

    One that is still to be listed may not: another line wants the whole list.
    """
    known = [row for row in rows if row.follow_state is not None]
    ended = [row for row in rows if CollectionState(row.state) in LISTING_ENDED]
    return next(iter(known + ended), None)


def _whole(db: Connection, rows: Any) -> Any:
    """Return the row that has, or will have, the whole list; None when there is none."""
    plain = [row for row in rows if row.follow_state is None]
    followed = [row for row in rows if row not in plain and _is_whole(db, row)]
    return next(iter(plain + followed), None)


def _is_whole(db: Connection, row: Any) -> bool:
    """Return whether a followed list was read, and nothing in it was left out."""
    left_out = sa.select(entries.c.video_id).where(
        entries.c.collection_id == row.id, entries.c.skipped.in_(PASSED_OVER)
    )
    return row.listed_at is not None and not db.execute(left_out.limit(1)).first()
