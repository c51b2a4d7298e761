"""Finding drops: events say where to look first, the scan finds everything."""

import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from ytaudio_daemon.folders import inbox
from ytaudio_daemon.folders.inbox import Oddity, Place, Sighting
from ytaudio_daemon.intake.ignored_files import Oddities
from ytaudio_daemon.intake.stability import Settling
from ytaudio_daemon.settings import Settings

log = structlog.get_logger()

#: The last part of a rescan's interval, in which it is begun when something else wakes
#: the daemon: one that is idle need not wake up for it.
EARLY_PART = 1 / 3


class Scanner:
    """Looks through the inbox in pieces and lets what it finds settle."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._rescan_s = settings.inbox.rescan
        self._next_rescan = 0.0
        #: Sessions to look at; None = everything.
        self._dirty: set[str | None] = set()
        self._scan: Iterator[Sighting | Oddity | None] | None = None
        self._scan_of: str | None = None
        #: Files that stay where they are, as they were when they were taken.
        self._kept: dict[tuple[Place, bytes], tuple[int, int, int, int]] = {}
        self.settling = Settling(settings.inbox.settle)
        self.oddities = Oddities()
        self._has_looked = False

    @property
    def has_looked(self) -> bool:
        """Whether everything was looked through once, or as much as may settle at once.

        An inbox that cannot be read has been looked at, too: that is said elsewhere.
        """
        return self._has_looked or self.settling.is_full()

    def reload(self, settings: Settings) -> None:
        """Take up new settings."""
        self._rescan_s = settings.inbox.rescan
        self.settling.settle_s = settings.inbox.settle

    def note(self, session: str | None) -> None:
        """Have a session's folder looked at soon; None = the whole inbox."""
        self._dirty.add(session)

    def keep(self, sighting: Sighting) -> None:
        """Leave a file where it is, until it changes."""
        self._kept[sighting.place, sighting.name] = sighting.identity

    def again(self, sighting: Sighting) -> None:
        """The file was not what it seemed: let it settle anew."""
        self.settling.release(sighting)
        self.note(None if sighting.place.at_root else sighting.place.session)

    def step(self, mono: float, enough: float) -> None:
        """Go on until `enough` (`time.monotonic()`) or until all is seen."""
        if mono >= self._next_rescan - EARLY_PART * self._rescan_s:
            self.note(None)
        while not self.settling.is_full() and time.monotonic() < enough:
            if self._scan is None and not self._begin(mono):
                break
            self._go_on(mono, enough)
        self.settling.promote(mono)

    def is_busy(self) -> bool:
        """Whether the next step has something to look at."""
        if self.settling.is_full():
            return self.settling.has_ready()
        return self._scan is not None or bool(self._dirty) or self.settling.has_ready()

    def next_due(self) -> float:
        """Return the monotonic time of the next settled file or rescan."""
        settled = self.settling.next_due()
        return self._next_rescan if settled is None else min(settled, self._next_rescan)

    def _begin(self, mono: float) -> bool:
        if not self._dirty:
            return False
        if None in self._dirty:
            self._dirty.clear()
            self._scan_of = None
            self._next_rescan = mono + self._rescan_s
        else:
            self._scan_of = self._dirty.pop()
        self.oddities.begin()
        self._scan = inbox.scan(self._folder, self._scan_of)
        return True

    def _go_on(self, mono: float, enough: float) -> None:
        try:
            for found in self._scan or ():
                if found is not None:
                    self._notice(found, mono)
                if time.monotonic() > enough or self.settling.is_full():
                    return
        except OSError as error:
            self.oddities.inbox_trouble(error)
            log.warning("intake.scan_failed", error=str(error))
        else:
            self.oddities.end(self._scan_of)
        self._has_looked = self._has_looked or self._scan_of is None
        self._scan = None

    def _notice(self, found: Sighting | Oddity, mono: float) -> None:
        if isinstance(found, Oddity):
            self.oddities.add(found)
            return
        self.oddities.see(found)
        if self._kept.get((found.place, found.name)) != found.identity:
            self.settling.see(found, mono)
