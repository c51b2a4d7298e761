"""Gives the workers the yt-dlp version that commands and upgrades select on disk."""

import math
from pathlib import Path

import structlog

from ytaudio_daemon.pool import Pool
from ytaudio_daemon.system.distributions import installed_version
from ytaudio_daemon.ytdlp_versions.history import UpgradeResult, VersionHistory
from ytaudio_daemon.ytdlp_versions.upgrade import FAILED, REFUSED, UPGRADED
from ytaudio_daemon.ytdlp_versions.version_store import (
    CURRENT_LINK,
    HISTORY_FILE,
    ActiveVersion,
    VersionStore,
)

log = structlog.get_logger()

#: A version that could not start is tried again after so long, in seconds.
RETRY_VERSION_S = 600.0


class YtDlpSelection:
    """Reads the selected version from disk and gives it to the pool.

    Args:
        store: The versions on disk.
        pool: Its workers use the selected one.
    """

    def __init__(self, store: VersionStore, pool: Pool) -> None:
        self._store = store
        self._pool = pool
        self._fingerprint_read: object = None
        self._applied: object = None
        #: Monotonic seconds; infinite while the selected version works.
        self._retry_at = math.inf
        self.active = ActiveVersion(version=store.installed)
        self.history = VersionHistory()

    def apply(self) -> bool:
        """Give the pool the selected version; return whether it is another one."""
        if not self._has_changed():
            return False
        before = self.history.last_upgrade
        self.active, self.history = self._store.active(), self._store.history()
        latest = self.history.last_upgrade
        if latest is not None and latest != before:
            _log_upgrade(latest)
        path = self.active.path
        selected = None if path is None else (path, _fingerprint(path))
        if selected == self._applied:
            return False
        self._applied = selected
        self._pool.use_ytdlp(path)
        log.info("engine.taken_up", version=self.active.version, path=str(path or ""))
        return True

    def retry_failed(self, mono: float) -> None:
        """Try a version again that could not start: memory may have been short.

        Args:
            mono: `time.monotonic()`.
        """
        if not self._pool.ytdlp_fallback_reason:
            self._retry_at = math.inf
        elif self._retry_at == math.inf:
            self._retry_at = mono + RETRY_VERSION_S
        elif mono >= self._retry_at:
            self._retry_at = math.inf
            self._pool.use_ytdlp(self.active.path)

    def _has_changed(self) -> bool:
        """Return whether a command, or an upgrade of the program, changed something."""
        self._store.installed = installed_version("yt-dlp")
        link = _fingerprint(self._store.folder / CURRENT_LINK)
        history = _fingerprint(self._store.folder / HISTORY_FILE)
        fingerprint = self._store.installed, link, history
        before, self._fingerprint_read = self._fingerprint_read, fingerprint
        return fingerprint != before or bool(self.active.fallback_reason)


def _log_upgrade(upgrade: UpgradeResult) -> None:
    write = log.warning if upgrade.result in {FAILED, REFUSED} else log.info
    write(
        "engine.upgraded" if upgrade.result == UPGRADED else "engine.not_upgraded",
        version=upgrade.version,
        result=upgrade.result,
        message=upgrade.message,
        automatic=upgrade.automatic,
    )


def _fingerprint(path: Path) -> tuple[int, int] | None:
    """Return numbers that change when a file or link is replaced; None if it is absent."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, 0 if path.is_dir() else found.st_ctime_ns
