"""Counts in the ledger how often the yt-dlp version in use fails."""

from ytaudio_daemon.ledger import Ledger, outages, ytdlp_outcomes
from ytaudio_daemon.model import ytdlp_policy
from ytaudio_daemon.model.outage import OutageState
from ytaudio_daemon.model.ytdlp_policy import (
    EndedAttempt,
    count_failures,
    release_numbers,
)
from ytaudio_daemon.ytdlp_versions.version_store import ActiveVersion


class YtDlpFailureStats:
    """Counts failures in the ledger and has `model.ytdlp_policy` judge them.

    Args:
        ledger: Only read.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def is_outdated(self, active: ActiveVersion) -> bool:
        """Return whether most videos fail because YouTube has changed.

        Raises:
            LedgerError: The ledger cannot be read now.
        """
        return ytdlp_policy.is_outdated(self._attempts_with(active))

    def outage_since(self) -> float | None:
        """Return when the present outage of YouTube was confirmed; None without one.

        Raises:
            LedgerError: The ledger cannot be read now.
        """
        with self._ledger.read() as db:
            outage = outages.find_outage(db)
        is_on = outage is not None and outage.state is OutageState.CONFIRMED
        return outage.changed_at if outage is not None and is_on else None

    def rollback_reason(self, active: ActiveVersion, wall: float) -> str:
        """Return why the version in use should be rolled back, or "" if it should not.

        Args:
            active: The version in use; only the daemon's own upgrades are watched.
            wall: The present, seconds since 1970.

        Raises:
            LedgerError: The ledger cannot be read now.
        """
        since = active.activation.at
        if not active.activation.watched:
            return ""
        new = count_failures(self._attempts_with(active))
        if not ytdlp_policy.is_on_probation(new, since, wall):
            return ""
        if new.suspect < ytdlp_policy.MIN_SUSPECT_VIDEOS:
            return ""
        with self._ledger.read() as db:
            before = ytdlp_outcomes.ended_attempts_before(db, since)
        old = count_failures(
            attempt for version, attempt in before if not _is_same(version, active)
        )
        if not ytdlp_policy.is_significantly_worse(new, old):
            return ""
        return (
            f"it failed for {new.suspect} of {new.videos} videos, "
            f"the one before for {old.suspect} of {old.videos}"
        )

    def _attempts_with(self, active: ActiveVersion) -> list[EndedAttempt]:
        with self._ledger.read() as db:
            found = ytdlp_outcomes.ended_attempts_since(db, active.activation.at)
        return [attempt for version, attempt in found if _is_same(version, active)]


def _is_same(version: str, active: ActiveVersion) -> bool:
    """Return whether two spellings of a version mean one release."""
    return release_numbers(version) == release_numbers(active.version)
