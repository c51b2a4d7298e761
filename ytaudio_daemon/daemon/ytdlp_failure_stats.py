"""How often the yt-dlp version in use fails, by the ledger."""

from ytaudio_daemon.ledger import Ledger, outages, ytdlp_outcomes
from ytaudio_daemon.model import ytdlp_policy as judging
from ytaudio_daemon.model.outage import OutageState
from ytaudio_daemon.model.ytdlp_policy import EndedAttempt, count_failures
from ytaudio_daemon.ytdlp_versions.version_store import ActiveVersion


class YtDlpFailureStats:
    """Counts failures in the ledger and has `model.ytdlp_policy` judge them.

    Args:
        ledger: Only read.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def is_outdated(self, chosen: ActiveVersion) -> bool:
        """Return whether most videos fail because YouTube has changed.

        Raises:
            LedgerError: The ledger cannot be read now.
        """
        return judging.is_outdated(self._outcomes_with(chosen))

    def outage_since(self) -> float | None:
        """Return when an outage of YouTube was confirmed that lasts; None for none.

        Raises:
            LedgerError: The ledger cannot be read now.
        """
        with self._ledger.read() as db:
            outage = outages.find_outage(db)
        is_on = outage is not None and outage.state is OutageState.CONFIRMED
        return outage.changed_at if outage is not None and is_on else None

    def rollback_reason(self, chosen: ActiveVersion, wall: float) -> str:
        """Return why the version in use should be rolled back, or "" if it should not.

        Args:
            chosen: The version in use; only the daemon's own upgrades are watched.
            wall: The present, seconds since 1970.

        Raises:
            LedgerError: The ledger cannot be read now.
        """
        since = chosen.activation.at
        if not chosen.activation.watched:
            return ""
        new = count_failures(self._outcomes_with(chosen))
        if not judging.is_on_probation(new, since, wall):
            return ""
        if new.suspect < judging.MIN_SUSPECT_VIDEOS:
            return ""
        with self._ledger.read() as db:
            before = ytdlp_outcomes.ended_attempts_before(db, since)
        old = count_failures(
            e for engine, e in before if not _is_release_of(engine, chosen)
        )
        if not judging.is_significantly_worse(new, old):
            return ""
        return (
            f"it failed for {new.suspect} of {new.videos} videos, "
            f"the one before for {old.suspect} of {old.videos}"
        )

    def _outcomes_with(self, chosen: ActiveVersion) -> list[EndedAttempt]:
        with self._ledger.read() as db:
            found = ytdlp_outcomes.ended_attempts_since(db, chosen.activation.at)
        return [ending for engine, ending in found if _is_release_of(engine, chosen)]


def _is_release_of(engine: str, chosen: ActiveVersion) -> bool:
    return judging.release_numbers(engine) == judging.release_numbers(chosen.version)
