"""Finds the folder of a drop's receipts, also when its session's folder was renamed."""

import os
from collections import OrderedDict

from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout
from ytaudio_daemon.folders.filed import find_receipt, find_without_receipt
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.receipt_text import receipt_identity

#: A drop that is nowhere is looked for again so much later, in seconds: all session
#: folders are gone through.
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
        self._searched: OrderedDict[int, tuple[str, float]] = OrderedDict()

    def folder_of(self, drop: ReceiptHead, now: Now) -> tuple[str, ...]:
        """Return the folder below the inbox where a drop's receipts belong."""
        target = REJECTED if drop.state == "rejected" else PROCESSED
        if drop.at_root:
            return (target,)
        name = drop.filed_name
        if name is None or self._has((drop.session_name, target), name):
            return (drop.session_name, target)
        return (self._search(drop, target, name, now), target)

    def _has(self, folder: tuple[str, str], name: bytes) -> bool:
        """Return whether the drop is filed in a session's folder."""
        # Path.exists() raises of a dead mount.
        return os.path.lexists(self._layout.inbox.joinpath(*folder, os.fsdecode(name)))

    def _search(self, drop: ReceiptHead, target: str, name: bytes, now: Now) -> str:
        """Return the session folder that has the drop or its receipt, else its own."""
        folder, search_at = self._searched.pop(drop.id, (drop.session_name, 0.0))
        if now.uptime_s >= search_at and not self._has((folder, target), name):
            found = self._find(drop, target, name)
            folder = drop.session_name if found is None else found
            search_at = now.uptime_s + SEARCH_INTERVAL_S
        self._searched[drop.id] = folder, search_at
        if len(self._searched) > MAX_REMEMBERED:
            self._searched.popitem(last=False)
        return folder

    def _find(self, drop: ReceiptHead, target: str, name: bytes) -> str | None:
        found = None
        if target == PROCESSED:  # a reason for a rejection is written once
            identity = receipt_identity(drop).encode()
            found = find_receipt(self._layout.inbox, name, identity)
        if found is None and drop.sha256:
            found = find_without_receipt(self._layout, target, name, drop.sha256)
        return found
