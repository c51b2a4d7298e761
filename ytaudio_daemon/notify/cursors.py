"""How far each receiver has been told, as the ledger knows it."""

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ytaudio_daemon.ledger import Connection, Ledger, meta, outbox
from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.model.clock import Now

if TYPE_CHECKING:
    from ytaudio_daemon.notify.receiver_queue import Post

#: It is kept at most so often, in seconds: each time costs a sync, and what was told in
#: between is told again after a crash.
KEEP_S = 1.0
#: So often where there was nothing to tell, in seconds: nothing is lost by it.
KEEP_IDLE_S = 10.0

Posts = Mapping[str, "Post"]


class Books:
    """Keeps them, neither too often nor too late.

    Args:
        ledger: Where they are kept.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kept: Mapping[str, DeliveryCursor] = {}
        self._kept_at = -math.inf

    def enlist(self, keys: Collection[str]) -> Mapping[str, DeliveryCursor]:
        """Return how much the receivers of those keys have been told; forget others.

        A new one is told what happens from now on.

        Raises:
            LedgerError: It cannot be used just now.
        """
        with self._ledger.read() as db:
            known = meta.delivery_cursors(db)
        if known.keys() != set(keys):
            with self._ledger.write() as db:
                known = _admit(db, known, set(keys))
        self._kept = known
        return known

    def due(self, posts: Posts) -> float | None:
        """Return when to call `keep`, by `Now.lived`; None when all is kept."""
        changed = [posts[key] for key in self._changed(posts)]
        if not changed:
            return None
        delivered = [post for post in changed if post.has_delivered]
        if any(post.is_at_rest for post in delivered):
            return 0.0
        return self._kept_at + (KEEP_S if delivered else KEEP_IDLE_S)

    def keep(self, posts: Posts, now: Now) -> None:
        """Keep how far everybody has been told, if it is time.

        Raises:
            LedgerError: It cannot be used just now.
        """
        due = self.due(posts)
        if due is not None and now.uptime_s >= due:
            self.write(posts)
            self._kept_at = now.uptime_s

    def write(self, posts: Posts) -> None:
        """Keep it now.

        Raises:
            LedgerError: It cannot be used just now.
        """
        changed = self._changed(posts)
        if not changed:
            return
        with self._ledger.write() as db:
            for key, told in changed.items():
                meta.save_delivery_cursor(db, key, told)
        self._kept = {**self._kept, **changed}
        for key in changed:
            posts[key].has_delivered = False

    def _changed(self, posts: Posts) -> dict[str, DeliveryCursor]:
        known = self._kept
        return {k: post.told for k, post in posts.items() if post.told != known[k]}


def _admit(
    db: Connection, known: Mapping[str, DeliveryCursor], wanted: set[str]
) -> dict[str, DeliveryCursor]:
    for key in known.keys() - wanted:
        meta.delete_delivery_cursor(db, key)
    now = DeliveryCursor(cursor=outbox.newest_event_id(db))
    admitted = {key: known.get(key, now) for key in wanted}
    for key in wanted - known.keys():
        meta.save_delivery_cursor(db, key, now)
    return admitted
