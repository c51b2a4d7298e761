"""Keeping yt-dlp fresh: takes up changes, upgrades by itself, and goes back.

What is decided is in `model.engines`; what is done is what `ytaudio engine` does.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import structlog

from ytaudio_daemon.daemon import ytdlp_problems
from ytaudio_daemon.daemon.ytdlp_failure_stats import EngineRecord
from ytaudio_daemon.daemon.ytdlp_upgrade_process import Upgrader
from ytaudio_daemon.errors import EngineError
from ytaudio_daemon.ledger import Ledger, ytdlp_outcomes
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.ytdlp_policy import URGENT_S, upgrade_is_due
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.ytdlp_versions.history import Notes, Tried
from ytaudio_daemon.ytdlp_versions.upgrade import FAILED, REFUSED, UPGRADED, go_back
from ytaudio_daemon.ytdlp_versions.version_store import (
    CURRENT,
    NOTES,
    Chosen,
    Shelf,
    installed_version,
)
from ytaudio_daemon.ytdlp_versions.version_writer import Keeper

log = structlog.get_logger()

#: All of it is looked at so often, in seconds, and when a command has changed something.
LOOK_S = 30.0
#: An engine that could not start is tried again after so long, in seconds.
AGAIN_S = 600.0


class Freshness:
    """The daemon's care for yt-dlp. Every step is short.

    Args:
        shelf: Where the versions lie.
        ledger: Knows how attempts ended with each.
        pool: Is told which one to use.
        settings: Section engine.
    """

    def __init__(
        self, shelf: Shelf, ledger: Ledger, pool: Pool, settings: Settings
    ) -> None:
        self._shelf = shelf
        self._ledger = ledger
        self._record = EngineRecord(ledger)
        self._pool = pool
        self.settings = settings
        self._upgrader = Upgrader()
        self._seen: object = None
        self._used: object = None
        self._look_at = 0.0
        self._engine_again_at = math.inf
        self._next_upgrade_at = 0.0
        #: The scheduler asks whether it is time for the newest.
        self._was_called = False
        self._is_time = False
        self._is_outdated = False
        #: Another one was taken up, and waiting jobs have not been told yet.
        self._is_another = False
        self.chosen = Chosen(version=shelf.installed)
        self.notes = Notes()

    @property
    def is_upgrading(self) -> bool:
        """Whether an upgrade of the daemon's own is under way."""
        return self._upgrader.is_busy

    def upgrade_soon(self) -> None:
        """Have the newest looked for if it is time; any thread may call."""
        self._was_called = True

    def look_soon(self) -> None:
        """Have all looked at with the next step: a command may have changed it."""
        self._look_at = 0.0

    def take_up(self) -> bool:
        """Give the pool the version that is to be used; returns whether it is another."""
        if not self._has_changed():
            return False
        before = self.notes.tried
        self.chosen, self.notes = self._shelf.chosen(), self._shelf.notes()
        if self.notes.tried is not None and self.notes.tried != before:
            _log_upgrade(self.notes.tried)
        path = self.chosen.path
        used = None if path is None else (path, _inode(path))
        if used == self._used:
            return False
        self._used = used
        self._pool.use_engine(path)
        log.info("engine.taken_up", version=self.chosen.version, path=str(path or ""))
        return True

    def step(self, now: Now, mono: float) -> bool:
        """Do what is due; returns whether jobs may be due that were not before.

        Args:
            now: The moment.
            mono: `time.monotonic()`.

        Raises:
            LedgerError: It cannot be read or written just now.
            OSError: A folder or process cannot be had.
        """
        if mono < self.next_due():
            return False
        self._is_time = self._is_time or self._was_called
        self._was_called, self._look_at = False, mono
        said = self._upgrader.step(mono)
        if said is not None:
            log.debug("engine.upgrade_ended", said=said)
        self._try_again(mono)
        self._is_another = self.take_up() or self._is_another
        if self._gave_up(now):
            self._is_another = self.take_up() or self._is_another
        if self._is_another:
            with self._ledger.write() as db:
                ytdlp_outcomes.hasten_outdated(db, now)
        self._is_outdated = self._record.is_outdated(self.chosen)
        self._upgrade_if_due(now, mono)
        self._look_at = mono + LOOK_S  # only now: a step that failed stays due
        is_another, self._is_another = self._is_another, False
        return is_another

    def next_due(self) -> float:
        """Return the monotonic time of the next step."""
        return 0.0 if self._was_called else self._look_at

    def stop(self) -> None:
        """End an upgrade under way; nothing is lost by it."""
        self._upgrader.stop()

    def troubles(self) -> Iterator[ytdlp_problems.Trouble]:
        """Yield (code, message, hint) of what a person should know."""
        yield from ytdlp_problems.damage(
            self.chosen.trouble or self._pool.engine_trouble
        )
        yield from ytdlp_problems.past(self.chosen, self.notes)
        if self._is_outdated:
            yield ytdlp_problems.outdated(
                self.chosen, is_automatic=self._is_automatic()
            )

    def _has_changed(self) -> bool:
        """Tell whether a command, or an upgrade of the program, changed something."""
        self._shelf.installed = installed_version()
        link, notes = self._shelf.folder / CURRENT, self._shelf.folder / NOTES
        seen = self._shelf.installed, _inode(link), _inode(notes)
        before, self._seen = self._seen, seen
        return seen != before or bool(self.chosen.trouble)

    def _try_again(self, mono: float) -> None:
        """Give an engine that could not start another chance: perhaps memory was short."""
        if not self._pool.engine_trouble:
            self._engine_again_at = math.inf
        elif self._engine_again_at == math.inf:
            self._engine_again_at = mono + AGAIN_S
        elif mono >= self._engine_again_at:
            self._engine_again_at = math.inf
            self._pool.use_engine(self.chosen.path)

    def _gave_up(self, now: Now) -> bool:
        """Go back if the version in use is worse than the one before."""
        reason = self._record.blame(self.chosen, now.wall)
        if not reason:
            return False
        left = self.chosen.version
        try:
            chosen = go_back(Keeper(self._shelf), reason, now.wall, blamed=left)
        except EngineError as error:  # an upgrade is under way; looked at again then
            log.warning("engine.not_rolled_back", version=left, error=error.message)
            return False
        log.warning(
            "engine.rolled_back", version=left, to=chosen.version, reason=reason
        )
        return True

    def _upgrade_if_due(self, now: Now, mono: float) -> None:
        """Start an upgrade if it is time, and the config and the user let us."""
        is_time, self._is_time = self._is_time, False
        tried = self.notes.tried
        has_failed = tried is not None and tried.result == FAILED
        is_urgent = self._is_outdated or has_failed
        if not (is_time or self._is_outdated) or mono < self._next_upgrade_at:
            return
        if not self._is_automatic() or self.chosen.stand.pinned or self.is_upgrading:
            return
        last = None if tried is None else tried.at
        if upgrade_is_due(last, now.wall, outdated=is_urgent):
            # Should it die without a note, it is not started again at once.
            self._next_upgrade_at = mono + URGENT_S
            log.info("engine.upgrade_started", outdated=self._is_outdated)
            self._upgrader.start(self.settings, mono)

    def _is_automatic(self) -> bool:
        return self.settings.engine.auto_upgrade == "daily"


def _log_upgrade(tried: Tried) -> None:
    tell = log.warning if tried.result in {FAILED, REFUSED} else log.info
    tell(
        "engine.upgraded" if tried.result == UPGRADED else "engine.not_upgraded",
        version=tried.version,
        result=tried.result,
        message=tried.message,
        automatic=tried.automatic,
    )


def _inode(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file or link is replaced, None when it is not there."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, 0 if path.is_dir() else found.st_ctime_ns
