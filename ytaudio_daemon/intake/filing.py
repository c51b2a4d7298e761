"""Moves recorded drops out of the inbox, or leaves them there as kept files."""

import errno
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import structlog

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout, filed, filing
from ytaudio_daemon.folders.inbox import DropLocation, InboxFile
from ytaudio_daemon.folders.layout import display_name, receipt_key
from ytaudio_daemon.folders.open_dirs import OpenDirs
from ytaudio_daemon.intake.ignored_files import IgnoredFiles
from ytaudio_daemon.intake.kept_files import KeptFiles
from ytaudio_daemon.intake.late_writes import LateWriteMonitor
from ytaudio_daemon.intake.recorded_drop import DropKey, RecordedDrop
from ytaudio_daemon.ledger import Ledger, drops
from ytaudio_daemon.ledger.drops import DropPlacement
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.host_errors import is_of_one_place
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.system.times import utc_time

log = structlog.get_logger()

#: A drop, and where it went.
_Placed = tuple[RecordedDrop, DropPlacement]
#: The folder of a drop: the session's, and the subfolders.
_Folder = tuple[DropLocation, tuple[bytes, ...]]

#: Filed drops are checked for late writes after this part of a rescan's interval, so
#: that a rescan which comes early checks them, too.
RECHECK_FRACTION = 0.5


class Filer:
    """Moves recorded drops to `processed` or `rejected`, or keeps them where they are.

    A kept file that comes up again with the same content is no new drop: it is moved as
    soon as that is permitted, or `ignored_files` gets the reason why nothing follows.

    Args:
        kept_files: Receives the files that stay.
        ignored_files: Receives the reasons for people.
        ledger: Receives where each drop went.
        layout: Names the inbox and the receipts.
        settings: Section inbox.
    """

    def __init__(
        self,
        kept_files: KeptFiles,
        ignored_files: IgnoredFiles,
        ledger: Ledger,
        layout: Layout,
        settings: Settings,
    ) -> None:
        self.settings = settings
        self._kept_files = kept_files
        self._ignored_files = ignored_files
        self._ledger = ledger
        self._layout = layout
        self._recorded: list[RecordedDrop] = []
        #: Moved, or kept, but the ledger does not have it yet.
        self._placed: list[_Placed] = []
        self._late_writes = LateWriteMonitor(layout)

    def add(self, recorded: list[RecordedDrop]) -> None:
        """Add drops of which every line is durable; one that was read again once only."""
        for each in recorded:
            self._kept_files.supersede_unmovable(each)
        ids = {each.drop.id for each in recorded}
        self._recorded = [r for r in self._recorded if r.drop.id not in ids] + recorded

    def unfiled_keys(self) -> set[DropKey]:
        """Return the drops that the ledger does not have as filed or kept."""
        unmoved = {r.key for r in self._recorded if not r.is_kept}
        return unmoved | {recorded.key for recorded, _ in self._placed}

    def is_busy(self) -> bool:
        """True if a drop is recorded but not yet filed."""
        return bool(self._recorded or self._placed)

    def move(self, now: Now) -> Iterator[InboxFile]:
        """Move every recorded drop out of the way of the next scan, or keep it.

        Yields:
            Each file, when it has left its place or will be ignored there.

        Raises:
            OSError: A drop could not be moved, all others were; it is tried again.
        """
        self._retry_unmovable(now)
        refused: OSError | None = None
        with OpenDirs() as open_dirs:
            for recorded in list(self._recorded):
                open_dirs.close_many()
                try:
                    placement = self._place(recorded, now, open_dirs)
                except OSError as error:
                    refused = error
                    self._recorded.remove(recorded)  # behind those that may be moved
                    self._recorded.append(recorded)
                    continue
                if not recorded.is_kept or placement.state != "kept":
                    self._placed.append((recorded, placement))
                    failpoints.failpoint("drop.moved", recorded.inbox_file.name)
                self._recorded.remove(recorded)
                yield recorded.inbox_file
        if refused is not None:
            raise refused

    def mark_filed(self, now: Now) -> None:
        """Record where the drops went, once their moves are durable.

        Raises:
            LedgerError: Nothing is recorded; the next call tries again.
            OSError: A folder could not be synced. Its drops are not recorded, all
                others are; the next call tries again.
        """
        durable, refused = self._sync_placed()
        if durable:
            with self._ledger.write() as db:
                drops.mark_filed(db, [placement for _, placement in durable], now)
        for recorded, placement in durable:
            failpoints.failpoint("drop.filed", recorded.inbox_file.name)
            _log_taken(recorded.inbox_file, placement)
        done = set(map(id, durable))
        self._placed = [placed for placed in self._placed if id(placed) not in done]
        if refused is not None:
            raise refused

    def _sync_placed(self) -> tuple[list[_Placed], OSError | None]:
        """Sync the folders of moved drops; returns the durable ones, and the last error."""
        by_folder: defaultdict[_Folder | None, list[_Placed]] = defaultdict(list)
        for placed in self._placed:
            inbox_file, stays = placed[0].inbox_file, placed[1].state == "kept"
            folder = None if stays else (inbox_file.location, inbox_file.subfolders)
            by_folder[folder].append(placed)
        durable, refused = by_folder.pop(None, []), None
        for folder, moved in by_folder.items():
            try:
                if folder is not None:
                    _sync_moves(self._layout.inbox, *folder)
            except OSError as error:
                refused = error
            else:
                durable += moved
        return durable, refused

    def put_back_written(self, now: Now) -> None:
        """Put filed drops back into the inbox whose writers were not done."""
        every_s = self.settings.inbox.rescan * RECHECK_FRACTION
        self._late_writes.put_back_written(now, every_s)

    def _retry_unmovable(self, now: Now) -> None:
        """Retry moves that were not permitted: they may be by now."""
        due = self._kept_files.pop_unmovable(now)
        if due or not self._kept_files.has_unmovable:
            folders = self._kept_files.unmovable_folders(self._layout.inbox)
            self._ignored_files.unmovable_folders.retain(folders)
        self._recorded += due

    def _place(
        self, recorded: RecordedDrop, now: Now, open_dirs: OpenDirs
    ) -> DropPlacement:
        """Move a drop, or keep it where it is.

        Raises:
            OSError: The move failed, and not because of its place.
        """
        # A growing list is not taken away for a bad line, or a comment, at its end.
        was_kept = self._kept_files.newest_drop(recorded.inbox_file) is not None
        stays = was_kept or recorded.drop.has_usable_lines
        if stays and self.settings.inbox.after_intake == "keep":
            return self._keep(recorded)
        try:
            return self._move(recorded, now, open_dirs)
        except (OSError, UnsafePathError) as error:
            folder = recorded.inbox_file.folder_in(self._layout.inbox)
            if isinstance(error, OSError) and not _is_of_one_place(error):
                error.filename = str(folder)  # a name alone would not say where
                raise
            self._ignored_files.unmovable_folders.add(folder, error)
            return self._keep(recorded, is_unmovable=True)

    def _move(
        self, recorded: RecordedDrop, now: Now, open_dirs: OpenDirs
    ) -> DropPlacement:
        inbox_file, usable = recorded.inbox_file, recorded.drop.has_usable_lines
        target = PROCESSED if usable else REJECTED
        name = filing.file_drop(
            self._layout.inbox,
            inbox_file,
            target,
            partial(_is_taken, self._layout, recorded),
            open_dirs,
        )
        self._kept_files.remove(inbox_file)
        if name is not None:
            self._late_writes.watch(inbox_file, target, name, now)
        else:  # a person moved or deleted it; no older drop of its name loses a receipt
            name = filed.name_for_receipts(
                self._layout, inbox_file.location, target, inbox_file.name
            )
        return _placement(recorded, "filed" if usable else "rejected", name)

    def _keep(
        self, recorded: RecordedDrop, *, is_unmovable: bool = False
    ) -> DropPlacement:
        kept = replace(recorded, drop=replace(recorded.drop, state="kept"))
        if recorded.is_kept:
            self._explain_repeat(recorded)
        if is_unmovable:
            self._kept_files.add_unmovable(kept)
        else:
            self._kept_files.add(kept)
        return _placement(kept, "kept", None)

    def _explain_repeat(self, recorded: RecordedDrop) -> None:
        """Report why a file that came again unchanged is not taken again."""
        inbox_file, received_at = recorded.inbox_file, recorded.drop.received_at
        if inbox_file.changed_at <= received_at:
            return
        self._ignored_files.add_repeat(
            inbox_file,
            f"read with exactly this content at {utc_time(received_at)}, and kept: "
            "it is taken again when its content changes; to try again what failed: "
            f"ytaudio retry --session {inbox_file.location.session} --failed",
        )


def _is_taken(layout: Layout, recorded: RecordedDrop, name: bytes) -> bool:
    """Return whether another drop's receipts have the name, not this kept drop's own."""
    location, own_name = recorded.inbox_file.location, recorded.inbox_file.name
    own = receipt_key(location.session, own_name, None, at_root=location.at_root)
    ours = own if recorded.is_kept else None
    return filed.is_receipt_name_taken(layout, location, name, ours)


def _sync_moves(
    inbox: Path, location: DropLocation, subfolders: tuple[bytes, ...]
) -> None:
    """Sync a folder, unless it is closed to us: then nothing was moved out of it."""
    with suppress(UnsafePathError, PermissionError):
        filing.sync_moves(inbox, location, subfolders)


def _is_of_one_place(error: OSError) -> bool:
    """Return whether only a drop's own place is at fault, so that the drop stays there.

    What is wrong with the whole machine or disk passes by itself.
    """
    # A file system's word for a name that it does not allow.
    return error.errno == errno.EINVAL or is_of_one_place(error.errno)


def _placement(recorded: RecordedDrop, state: str, name: bytes | None) -> DropPlacement:
    return DropPlacement(
        drop=recorded.drop,
        state=state,
        filed_name=name,
        at_root=recorded.inbox_file.location.at_root,
    )


def _log_taken(inbox_file: InboxFile, placement: DropPlacement) -> None:
    log.info(
        "drop.taken",
        state=placement.state,
        session=inbox_file.location.session,
        file=display_name(inbox_file.name),
        accepted=placement.drop.accepted,
        duplicate=placement.drop.duplicate,
        rejected=placement.drop.rejected,
    )
