"""watchdog's inotify observer, without two features that our hints do not need.

Both cost more than the intake itself: it pairs the two halves of each move, and it
watches the folders in which we write.
"""

import os
from pathlib import Path

from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

from ytaudio_daemon.folders import PROCESSED, REJECTED

_OWN_FOLDERS = frozenset({os.fsencode(PROCESSED), os.fsencode(REJECTED)})


class _ArrivalEmitter(InotifyEmitter):
    """Reports a move as a creation at its target, and not at its source.

    watchdog holds every departure, and all events behind it, for up to 0.5 s to pair it
    with its arrival (`InotifyMoveEventGrouper`); the two are read apart whenever its
    thread wakes up between them. A hint needs no pair.
    """

    def get_event_mask_from_filter(self) -> Mask:
        """Return the mask of the events that the kernel reports."""
        mask = super().get_event_mask_from_filter()
        return Mask(mask & ~InotifyConstants.IN_MOVED_FROM)


class _InboxInotify(InotifyFD):
    """Does not watch `processed` and `rejected`, in which only this program writes.

    For watchdog a FileNotFoundError means that the folder has just been removed.

    Args:
        inbox: The inbox; below it lie these folders.
    """

    def __init__(self, inbox: Path) -> None:
        super().__init__()
        self._below_inbox = os.fsencode(inbox) + b"/"

    def add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """Watch a folder.

        Raises:
            FileNotFoundError: It is one of ours.
            OSError: As inotify_add_watch(2).
        """
        if path.startswith(self._below_inbox):
            parts = path.removeprefix(self._below_inbox).split(b"/", 2)
            if _OWN_FOLDERS.intersection(parts[:2]):
                raise FileNotFoundError(os.fsdecode(path))
        return super().add_callback(path, mask, callback, id_)


class InboxObserver(BaseObserver):
    """As watchdog's `InotifyObserver`, with the two classes above."""

    def __init__(self, inbox: Path) -> None:
        self._inotify = _InboxInotify(inbox)
        self._inotify.start()
        super().__init__(_ArrivalEmitter, inotify_fd=self._inotify)

    def on_thread_stop(self) -> None:
        """End the thread that reads, too."""
        super().on_thread_stop()
        self._inotify.stop()
        self._inotify.join()
