"""Stores which files stay in the inbox after they were taken."""

import math
from dataclasses import replace
from pathlib import Path

from ytaudio_daemon.folders.inbox import FileIdentity, FileKey, InboxFile
from ytaudio_daemon.intake.recorded_drop import RecordedDrop
from ytaudio_daemon.ledger import Ledger, drop_queries
from ytaudio_daemon.ledger.drops import Drop
from ytaudio_daemon.model.clock import Now

#: Moves that were not permitted are tried again so often, in seconds, so many at once.
RETRY_S = 30.0
RETRY_BATCH = 200


class KeptFiles:
    """Stores every file that stays, with its newest drop.

    A file stays because of `[inbox] after_intake = "keep"`, or because we may not move
    it. Such a file is taken again only when its content changes.

    Args:
        ledger: Read once, for the files that stayed before this process began.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        #: The newest drop of each file that stays; None until the ledger was read.
        self._drops: dict[FileKey, Drop] | None = None
        #: As the file was when this process last took it: it need not be read again.
        self._identities: dict[FileKey, FileIdentity] = {}
        #: To be moved when that is permitted, the one tried longest ago first.
        self._unmovable: dict[FileKey, RecordedDrop] = {}
        self._next_retry = math.inf

    def is_unchanged(self, inbox_file: InboxFile) -> bool:
        """True if this process has taken the file as it is now."""
        return self._identities.get(inbox_file.key) == inbox_file.identity

    def newest_drop(self, inbox_file: InboxFile) -> Drop | None:
        """Return the newest drop of a file that stays, None for any other file.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return self._load().get(inbox_file.key)

    def add(self, kept: RecordedDrop) -> None:
        """Add a file that stays; it is ignored until it changes.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        self._load()[kept.inbox_file.key] = kept.drop
        self._identities[kept.inbox_file.key] = kept.inbox_file.identity

    def remove(self, inbox_file: InboxFile) -> None:
        """Remove a file that has left its place: the next one there is a new drop.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        self._load().pop(inbox_file.key, None)
        self._identities.pop(inbox_file.key, None)

    def add_unmovable(self, kept: RecordedDrop) -> None:
        """Add a file that stays only because we may not move it."""
        self.add(kept)
        self._unmovable[kept.inbox_file.key] = kept

    def supersede_unmovable(self, recorded: RecordedDrop) -> None:
        """Have the move of a file that was read again wait no longer for its retry.

        A touched file has another time, and one on a disk that was away another device:
        the old retry would not find it. That of an older drop, whose file has grown
        since, gets the present identity.
        """
        key = recorded.inbox_file.key
        waiting = self._unmovable.pop(key, None)
        if waiting is not None and waiting.drop.id != recorded.drop.id:
            self._unmovable[key] = replace(waiting, inbox_file=recorded.inbox_file)

    @property
    def has_unmovable(self) -> bool:
        """True if some file waits until we may move it."""
        return bool(self._unmovable)

    def unmovable_folders(self, inbox: Path) -> set[Path]:
        """Return the folders of the files that wait until we may move them."""
        waiting = self._unmovable.values()
        return {recorded.inbox_file.folder_in(inbox) for recorded in waiting}

    def pop_unmovable(self, now: Now) -> list[RecordedDrop]:
        """Remove and return the files whose move is to be tried again now."""
        if not self._unmovable:
            self._next_retry = math.inf
        elif self._next_retry == math.inf:
            self._next_retry = now.uptime_s + RETRY_S
        elif now.uptime_s >= self._next_retry:
            self._next_retry = now.uptime_s + RETRY_S
            due = list(self._unmovable)[:RETRY_BATCH]
            return [self._unmovable.pop(key) for key in due]
        return []

    def _load(self) -> dict[FileKey, Drop]:
        if self._drops is None:
            with self._ledger.read() as db:
                self._drops = drop_queries.kept_files(db)
        return self._drops
