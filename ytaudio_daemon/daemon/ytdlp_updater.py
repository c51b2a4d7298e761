"""Keeps yt-dlp up to date: applies changes of commands, upgrades, and rolls back.

The decisions are in `model.ytdlp_policy`; an upgrade is the command `ytaudio engine
upgrade`, in a child process.
"""

from collections.abc import Iterator

import structlog

from ytaudio_daemon.daemon import ytdlp_problems
from ytaudio_daemon.daemon.problem_report import ProblemReport
from ytaudio_daemon.daemon.ytdlp_failure_stats import YtDlpFailureStats
from ytaudio_daemon.daemon.ytdlp_selection import YtDlpSelection
from ytaudio_daemon.daemon.ytdlp_upgrade_process import UpgradeProcess
from ytaudio_daemon.errors import YtDlpVersionError
from ytaudio_daemon.ledger import Ledger, gates, outages
from ytaudio_daemon.model import FailureKind
from ytaudio_daemon.model.clock import WAKEUP_SLACK_S, Now
from ytaudio_daemon.model.ytdlp_policy import (
    OUTAGE_CHECK_INTERVAL_S,
    URGENT_CHECK_INTERVAL_S,
    upgrade_is_due,
)
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.ytdlp_versions.history import VersionHistory
from ytaudio_daemon.ytdlp_versions.upgrade import FAILED
from ytaudio_daemon.ytdlp_versions.version_store import ActiveVersion, VersionStore
from ytaudio_daemon.ytdlp_versions.version_writer import VersionWriter

log = structlog.get_logger()

#: Everything is checked this often, in seconds, and when a command wakes the daemon.
CHECK_INTERVAL_S = 30.0


class YtDlpUpdater:
    """Updates yt-dlp without a restart. Every call is short.

    Args:
        store: The versions on disk.
        ledger: Shows how attempts ended with each version.
        pool: Gets the version to use.
        settings: Section engine.
    """

    def __init__(
        self, store: VersionStore, ledger: Ledger, pool: Pool, settings: Settings
    ) -> None:
        self._version_store = store
        self._ledger = ledger
        self._pool = pool
        self.settings = settings
        self._selection = YtDlpSelection(store, pool)
        self._failure_stats = YtDlpFailureStats(ledger)
        self._upgrade_process = UpgradeProcess()
        self._next_check_at = 0.0
        self._next_upgrade_at = 0.0
        #: The next call checks whether it is time for the newest version.
        self._is_check_requested = False
        self._is_check_due = False
        self._is_outdated = False
        #: When the present outage of YouTube was confirmed, or None.
        self._outage_since: float | None = None
        #: Another version is in use, and jobs that waited for it are not due yet.
        self._has_new_version = False

    @property
    def active(self) -> ActiveVersion:
        """The version in use."""
        return self._selection.active

    @property
    def history(self) -> VersionHistory:
        """The upgrades so far."""
        return self._selection.history

    @property
    def is_upgrading(self) -> bool:
        """Whether the daemon's own upgrade is running."""
        return self._upgrade_process.is_running

    def request_upgrade_check(self) -> None:
        """Have the next call check whether an upgrade is due; any thread may call."""
        self._is_check_requested = True

    def request_refresh(self) -> None:
        """Check everything at the next call: a command may have changed it."""
        self._next_check_at = 0.0

    def apply_selected(self) -> bool:
        """Give the pool the selected version; return whether it is another one."""
        return self._selection.apply()

    def update_if_due(self, now: Now, mono: float) -> bool:
        """Do what is due; a call that fails stays due.

        Args:
            now: The moment.
            mono: `time.monotonic()`.

        Returns:
            Whether another version is in use, so that jobs that waited for one are due.

        Raises:
            LedgerError: It cannot be read or written now.
            OSError: A folder cannot be read, or no process started.
        """
        if mono + WAKEUP_SLACK_S < self.next_due():
            return False
        self._is_check_due = self._is_check_due or self._is_check_requested
        self._is_check_requested, self._next_check_at = False, mono
        self._poll_upgrade(mono)
        self._selection.retry_failed(mono)
        self._has_new_version = self.apply_selected() or self._has_new_version
        if self._rolled_back(now):
            self._has_new_version = self.apply_selected() or self._has_new_version
        if self._has_new_version:
            with self._ledger.write() as db:
                gates.make_kinds_due(db, [FailureKind.OUTDATED], now)
                outages.probe_now(db, now)
        self._is_outdated = self._failure_stats.is_outdated(self.active)
        self._outage_since = self._failure_stats.outage_since()
        self._upgrade_if_due(now, mono)
        self._next_check_at = mono + CHECK_INTERVAL_S
        has_new_version, self._has_new_version = self._has_new_version, False
        return has_new_version

    def next_due(self) -> float:
        """Return the monotonic time at which `update_if_due` must be called.

        A call has something to do `WAKEUP_SLACK_S` earlier already.
        """
        return 0.0 if self._is_check_requested else self._next_check_at

    def stop(self) -> None:
        """Kill a running upgrade; a later one does what it was about to do."""
        self._upgrade_process.stop()

    def problems(self) -> Iterator[ProblemReport]:
        """Yield the present problems with yt-dlp."""
        yield from ytdlp_problems.unusable_version_problems(
            self.active.fallback_reason or self._pool.ytdlp_fallback_reason
        )
        yield from ytdlp_problems.past_upgrade_problems(self.active, self.history)
        if self._is_outdated:
            yield ytdlp_problems.outdated_problem(
                self.active, is_automatic=self._is_automatic()
            )

    def _poll_upgrade(self, mono: float) -> None:
        last_line = self._upgrade_process.poll(mono)
        if last_line is not None:
            log.debug("engine.upgrade_ended", said=last_line)

    def _rolled_back(self, now: Now) -> bool:
        """Go back to the version before if the one in use fails more often."""
        reason = self._failure_stats.rollback_reason(self.active, now.wall)
        if not reason:
            return False
        version = self.active.version
        writer = VersionWriter(self._version_store)
        try:
            restored = writer.roll_back(reason, now.wall, blamed=version)
        except YtDlpVersionError as error:  # an upgrade runs; checked again after it
            log.warning("engine.not_rolled_back", version=version, error=error.message)
            return False
        log.warning(
            "engine.rolled_back", version=version, to=restored.version, reason=reason
        )
        return True

    def _upgrade_if_due(self, now: Now, mono: float) -> None:
        """Start an upgrade if it is time, and config and pin allow it."""
        is_time, self._is_check_due = self._is_check_due, False
        is_urgent = self._is_outdated or self._outage_since is not None
        if not (is_time or is_urgent) or mono < self._next_upgrade_at:
            return
        if (
            not self._is_automatic()
            or self.active.activation.pinned
            or self.is_upgrading
        ):
            return
        result = self.history.last_upgrade
        has_failed = result is not None and result.result == FAILED
        last = None if result is None else result.at
        if upgrade_is_due(
            last,
            now.wall,
            outdated=self._is_outdated or has_failed,
            outage_since=self._outage_since,
        ):
            # Should it die without a trace, it is not started again at once.
            self._next_upgrade_at = mono + (
                URGENT_CHECK_INTERVAL_S
                if self._outage_since is None
                else OUTAGE_CHECK_INTERVAL_S
            )
            log.info("engine.upgrade_started", outdated=self._is_outdated)
            self._upgrade_process.start(self.settings, mono)

    def _is_automatic(self) -> bool:
        return self.settings.engine.auto_upgrade == "daily"
