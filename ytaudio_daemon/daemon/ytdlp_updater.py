"""Keeping yt-dlp fresh: takes up changes, upgrades by itself, and goes back.

What is decided is in `model.engines`; what is done is what `ytaudio engine` does.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import structlog

from ytaudio_daemon.daemon import ytdlp_problems
from ytaudio_daemon.daemon.ytdlp_failure_stats import YtDlpFailureStats
from ytaudio_daemon.daemon.ytdlp_upgrade_process import UpgradeProcess
from ytaudio_daemon.errors import YtDlpVersionError
from ytaudio_daemon.ledger import Ledger, ytdlp_outcomes
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.ytdlp_policy import URGENT_CHECK_INTERVAL_S, upgrade_is_due
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.ytdlp_versions.history import UpgradeResult, VersionHistory
from ytaudio_daemon.ytdlp_versions.upgrade import FAILED, REFUSED, UPGRADED, roll_back
from ytaudio_daemon.ytdlp_versions.version_store import (
    CURRENT_LINK,
    HISTORY_FILE,
    ActiveVersion,
    VersionStore,
    installed_version,
)
from ytaudio_daemon.ytdlp_versions.version_writer import VersionWriter

log = structlog.get_logger()

#: All of it is looked at so often, in seconds, and when a command has changed something.
CHECK_INTERVAL_S = 30.0
#: An engine that could not start is tried again after so long, in seconds.
RETRY_VERSION_S = 600.0


class YtDlpUpdater:
    """The daemon's care for yt-dlp. Every step is short.

    Args:
        store: Where the versions lie.
        ledger: Knows how attempts ended with each.
        pool: Is told which one to use.
        settings: Section engine.
    """

    def __init__(
        self, store: VersionStore, ledger: Ledger, pool: Pool, settings: Settings
    ) -> None:
        self._version_store = store
        self._ledger = ledger
        self._failure_stats = YtDlpFailureStats(ledger)
        self._pool = pool
        self.settings = settings
        self._upgrade_process = UpgradeProcess()
        self._last_fingerprint: object = None
        self._applied: object = None
        self._next_check_at = 0.0
        self._retry_version_at = math.inf
        self._next_upgrade_at = 0.0
        #: The scheduler asks whether it is time for the newest.
        self._is_check_requested = False
        self._is_check_due = False
        self._is_outdated = False
        #: Another one was taken up, and waiting jobs have not been told yet.
        self._has_new_version = False
        self.active = ActiveVersion(version=store.installed)
        self.history = VersionHistory()

    @property
    def is_upgrading(self) -> bool:
        """Whether an upgrade of the daemon's own is under way."""
        return self._upgrade_process.is_running

    def request_upgrade_check(self) -> None:
        """Have the newest looked for if it is time; any thread may call."""
        self._is_check_requested = True

    def request_refresh(self) -> None:
        """Have all looked at with the next step: a command may have changed it."""
        self._next_check_at = 0.0

    def apply_selected(self) -> bool:
        """Give the pool the version that is to be used; returns whether it is another."""
        if not self._has_changed():
            return False
        before = self.history.tried
        self.active, self.history = (
            self._version_store.active(),
            self._version_store.history(),
        )
        if self.history.tried is not None and self.history.tried != before:
            _log_upgrade(self.history.tried)
        path = self.active.path
        used = None if path is None else (path, _fingerprint(path))
        if used == self._applied:
            return False
        self._applied = used
        self._pool.use_ytdlp(path)
        log.info("engine.taken_up", version=self.active.version, path=str(path or ""))
        return True

    def update_if_due(self, now: Now, mono: float) -> bool:
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
        self._is_check_due = self._is_check_due or self._is_check_requested
        self._is_check_requested, self._next_check_at = False, mono
        said = self._upgrade_process.poll(mono)
        if said is not None:
            log.debug("engine.upgrade_ended", said=said)
        self._retry_failed_version(mono)
        self._has_new_version = self.apply_selected() or self._has_new_version
        if self._rolled_back(now):
            self._has_new_version = self.apply_selected() or self._has_new_version
        if self._has_new_version:
            with self._ledger.write() as db:
                ytdlp_outcomes.make_outdated_due(db, now)
        self._is_outdated = self._failure_stats.is_outdated(self.active)
        self._upgrade_if_due(now, mono)
        self._next_check_at = (
            mono + CHECK_INTERVAL_S
        )  # only now: a step that failed stays due
        is_another, self._has_new_version = self._has_new_version, False
        return is_another

    def next_due(self) -> float:
        """Return the monotonic time of the next step."""
        return 0.0 if self._is_check_requested else self._next_check_at

    def stop(self) -> None:
        """End an upgrade under way; nothing is lost by it."""
        self._upgrade_process.stop()

    def problems(self) -> Iterator[ytdlp_problems.ProblemReport]:
        """Yield (code, message, hint) of what a person should know."""
        yield from ytdlp_problems.unusable_version_problems(
            self.active.fallback_reason or self._pool.ytdlp_fallback_reason
        )
        yield from ytdlp_problems.past_upgrade_problems(self.active, self.history)
        if self._is_outdated:
            yield ytdlp_problems.outdated_problem(
                self.active, is_automatic=self._is_automatic()
            )

    def _has_changed(self) -> bool:
        """Tell whether a command, or an upgrade of the program, changed something."""
        self._version_store.installed = installed_version()
        link, notes = (
            self._version_store.folder / CURRENT_LINK,
            self._version_store.folder / HISTORY_FILE,
        )
        seen = self._version_store.installed, _fingerprint(link), _fingerprint(notes)
        before, self._last_fingerprint = self._last_fingerprint, seen
        return seen != before or bool(self.active.fallback_reason)

    def _retry_failed_version(self, mono: float) -> None:
        """Give an engine that could not start another chance: perhaps memory was short."""
        if not self._pool.ytdlp_fallback_reason:
            self._retry_version_at = math.inf
        elif self._retry_version_at == math.inf:
            self._retry_version_at = mono + RETRY_VERSION_S
        elif mono >= self._retry_version_at:
            self._retry_version_at = math.inf
            self._pool.use_ytdlp(self.active.path)

    def _rolled_back(self, now: Now) -> bool:
        """Go back if the version in use is worse than the one before."""
        reason = self._failure_stats.rollback_reason(self.active, now.wall)
        if not reason:
            return False
        left = self.active.version
        try:
            chosen = roll_back(
                VersionWriter(self._version_store), reason, now.wall, blamed=left
            )
        except (
            YtDlpVersionError
        ) as error:  # an upgrade is under way; looked at again then
            log.warning("engine.not_rolled_back", version=left, error=error.message)
            return False
        log.warning(
            "engine.rolled_back", version=left, to=chosen.version, reason=reason
        )
        return True

    def _upgrade_if_due(self, now: Now, mono: float) -> None:
        """Start an upgrade if it is time, and the config and the user let us."""
        is_time, self._is_check_due = self._is_check_due, False
        tried = self.history.tried
        has_failed = tried is not None and tried.result == FAILED
        is_urgent = self._is_outdated or has_failed
        if not (is_time or self._is_outdated) or mono < self._next_upgrade_at:
            return
        if (
            not self._is_automatic()
            or self.active.activation.pinned
            or self.is_upgrading
        ):
            return
        last = None if tried is None else tried.at
        if upgrade_is_due(last, now.wall, outdated=is_urgent):
            # Should it die without a note, it is not started again at once.
            self._next_upgrade_at = mono + URGENT_CHECK_INTERVAL_S
            log.info("engine.upgrade_started", outdated=self._is_outdated)
            self._upgrade_process.start(self.settings, mono)

    def _is_automatic(self) -> bool:
        return self.settings.engine.auto_upgrade == "daily"


def _log_upgrade(tried: UpgradeResult) -> None:
    tell = log.warning if tried.result in {FAILED, REFUSED} else log.info
    tell(
        "engine.upgraded" if tried.result == UPGRADED else "engine.not_upgraded",
        version=tried.version,
        result=tried.result,
        message=tried.message,
        automatic=tried.automatic,
    )


def _fingerprint(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file or link is replaced, None when it is not there."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, 0 if path.is_dir() else found.st_ctime_ns
