"""How the yt-dlp in use has fared, by the ledger."""

from ytaudio_daemon.ledger import Ledger, ytdlp_outcomes
from ytaudio_daemon.model import ytdlp_policy as judging
from ytaudio_daemon.model.ytdlp_policy import Ending, tally
from ytaudio_daemon.ytdlp_versions.version_store import Chosen


class EngineRecord:
    """Asks the ledger; decides nothing that `model.engines` does not.

    Args:
        ledger: Read only.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def is_outdated(self, chosen: Chosen) -> bool:
        """Return whether most videos fail because YouTube has changed.

        Raises:
            LedgerError: It cannot be read just now.
        """
        return judging.is_outdated(self._with(chosen))

    def blame(self, chosen: Chosen, wall: float) -> str:
        """Return why a version should be given up for the one before, or "".

        Args:
            chosen: The version in use; only one that was upgraded to is watched.
            wall: Now.

        Raises:
            LedgerError: It cannot be read just now.
        """
        since = chosen.stand.at
        if not chosen.stand.watched:
            return ""
        new = tally(self._with(chosen))
        if not judging.has_to_prove_itself(new, since, wall):
            return ""
        if new.suspect < judging.BLAMED_VIDEOS:
            return ""
        with self._ledger.read() as db:
            before = ytdlp_outcomes.endings_before(db, since)
        old = tally(e for engine, e in before if not _is_same(engine, chosen))
        if not judging.is_worse(new, old):
            return ""
        return (
            f"it failed for {new.suspect} of {new.videos} videos, "
            f"the one before for {old.suspect} of {old.videos}"
        )

    def _with(self, chosen: Chosen) -> list[Ending]:
        with self._ledger.read() as db:
            found = ytdlp_outcomes.endings_since(db, chosen.stand.at)
        return [ending for engine, ending in found if _is_same(engine, chosen)]


def _is_same(engine: str, chosen: Chosen) -> bool:
    return judging.release(engine) == judging.release(chosen.version)
