"""Renames audio to its job's place in `downloads`, finds it there, and syncs it.

Touches files only; `completer` writes to the ledger. Failures are returned, not raised:
each is the end of an attempt.
"""

from dataclasses import dataclass

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout, published, publishing
from ytaudio_daemon.jobs.publish_failures import (
    WORK_REMOVED,
    lookup_failure,
    publish_failure,
)
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import Failure, Outcome, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A job's audio at its place, of a job that the ledger may not have as completed.

    Attributes:
        outcome: Carries the result.
        is_own: Whether this very attempt fetched it. Audio of an earlier attempt does
            not prove that YouTube responds now.
    """

    outcome: Outcome
    is_own: bool

    @property
    def result(self) -> Result:
        """The audio file and what is known of it."""
        return result_of(self.outcome)


def result_of(outcome: Outcome) -> Result:
    """Return the result of an outcome that must have one."""
    if outcome.result is None:
        msg = "only a result can be completed"
        raise ValueError(msg)
    return outcome.result


class Publisher:
    """Publishes the audio of attempts, and recognises audio published before.

    Args:
        layout: Where attempts work and where results go.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def publish(self, claim: Claim, outcome: Outcome) -> Publication | Failure:
        """Rename the attempt's finished audio to the job's place, synced.

        If an earlier attempt's audio is already there, that is the publication: it may
        be why this rename failed.
        """
        try:
            publishing.publish(
                self._layout, claim.session_uuid, claim.uuid, claim.attempt
            )
        except ITEM_ERRORS as error:
            found = self.find(claim)
            if isinstance(found, Publication):
                return found
            has_result = publishing.has_result(self._layout, claim.uuid)
            return publish_failure(error) if has_result else WORK_REMOVED
        return Publication(outcome=outcome, is_own=True)

    def find(self, claim: Claim) -> Publication | Failure | None:
        """Return the whole audio at the job's place, None if there is none.

        The ledger may not know of it: an older ledger was restored, or moved here
        together with the audio; or an attempt published and could not record it.

        Returns:
            A failure if the place cannot be examined: then nothing may be downloaded,
            for the audio may be there.
        """
        try:
            outcome = published.published_outcome(
                self._layout, claim.session_uuid, claim.uuid
            )
        except ITEM_ERRORS as error:
            return lookup_failure(error)
        return None if outcome is None else Publication(outcome=outcome, is_own=False)

    def find_renamed(self, claim: Claim) -> Publication | None:
        """Return the audio that this attempt renamed before a crash, None if it did not.

        Its rename may not be synced. The place may also hold other audio of the job:
        the hash decides.
        """
        if not claim.publishing or not self._has_claimed_audio(claim):
            return None
        outcome = publishing.read_result(self._layout, claim.uuid, claim.attempt)
        if outcome is None or result_of(outcome).sha256 != claim.sha256:
            return None
        return Publication(outcome=outcome, is_own=True)

    def find_finished(self, claim: Claim) -> Outcome | None:
        """Return the outcome of an attempt that finished and was not published."""
        return publishing.finished_outcome(self._layout, claim.uuid, claim.attempt)

    def sync(self, claim: Claim) -> Failure | None:
        """Make the rename to the job's place durable; return why it cannot be."""
        try:
            publishing.sync_published(self._layout, claim.session_uuid)
        except ITEM_ERRORS as error:
            return publish_failure(error)
        return None

    def _has_claimed_audio(self, claim: Claim) -> bool:
        """Return whether the place holds the audio that the ledger names."""
        if claim.output_path is None or claim.sha256 is None:
            return False
        name = claim.output_path.rpartition("/")[2]
        return published.is_published(
            self._layout, claim.session_uuid, claim.uuid, name, claim.sha256
        )
