"""Finds the folder of a drop's receipts, also when its session's folder was renamed."""

import os

from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout
from ytaudio_daemon.folders.filed import find_receipt, find_without_receipt
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system.recent_dict import RecentDict
from ytaudio_daemon.views.receipt_text import receipt_identity

#: Seconds between two searches for a drop that was not found: each reads all session
#: folders.
SEARCH_INTERVAL_S = 60.0
#: Drops whose last search is remembered.
MAX_REMEMBERED = 2000


class ReceiptFolders:
    """Finds receipts that were moved with their folder.

    A person may rename a session's folder while its jobs run. The session keeps its
    name in the ledger; its receipts are where that person will look for them: where
    the drop's receipt was moved to, or the drop itself when it had none yet.

    Args:
        layout: Names the inbox and the receipts.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        #: By drop: the folder found last, and when to search again in uptime seconds.
        self._searched = RecentDict[int, tuple[str, float]](MAX_REMEMBERED)

    def folder_of(self, drop: ReceiptHead, now: Now) -> tuple[str, ...]:
        """Return the folder below the inbox where a drop's receipts belong."""
        target = REJECTED if drop.state == "rejected" else PROCESSED
        if drop.at_root:
            return (target,)
        name = drop.filed_name
        if name is None or self._is_filed_in((drop.session_name, target), name):
            return (drop.session_name, target)
        return (self._search(drop, target, name, now), target)

    def _is_filed_in(self, folder: tuple[str, str], name: bytes) -> bool:
        """True if a drop of that name is in a session's folder."""
        # Path.exists() raises of a dead mount.
        return os.path.lexists(self._layout.inbox.joinpath(*folder, os.fsdecode(name)))

    def _search(self, drop: ReceiptHead, target: str, name: bytes, now: Now) -> str:
        """Return the session folder that has the drop or its receipt, else its own."""
        folder, search_at = self._searched.get(drop.id, (drop.session_name, 0.0))
        if now.uptime_s >= search_at and not self._is_filed_in((folder, target), name):
            found = self._find(drop, target, name)
            folder = drop.session_name if found is None else found
            search_at = now.uptime_s + SEARCH_INTERVAL_S
        self._searched[drop.id] = folder, search_at
        return folder

    def _find(self, drop: ReceiptHead, target: str, name: bytes) -> str | None:
        found = None
        if target == PROCESSED:  # a `.reason.txt` is written once, wherever it is now
            identity = receipt_identity(drop).encode()
            found = find_receipt(self._layout.inbox, name, identity)
        if found is None and drop.sha256:
            found = find_without_receipt(self._layout, target, name, drop.sha256)
        return found
