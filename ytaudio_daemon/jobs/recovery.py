"""What becomes of an attempt that nobody runs any more."""

from ytaudio_daemon.folders import Layout, published, publishing
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import Result
from ytaudio_daemon.model.clock import Now


def recover(
    completer: AttemptCompleter, layout: Layout, claim: Claim, now: Now
) -> None:
    """Go on where a crash came between two steps of publishing, or before it.

    Raises:
        LedgerError: Nothing was decided; call again.
    """
    if claim.publishing and _is_published(layout, claim):
        left = publishing.read_result(layout, claim.uuid, claim.attempt)
        if (
            left is not None
            and left.result is not None
            and _is_same_audio(left.result, claim)
        ):
            completer.sync_and_complete(claim, left, now)
            return
    requeue_or_publish(completer, layout, claim, now, "crash")


def requeue_or_publish(
    completer: AttemptCompleter, layout: Layout, claim: Claim, now: Now, reason: str
) -> None:
    """Queue the job again, unless its result is finished already.

    Raises:
        LedgerError: Nothing was decided; call again.
    """
    outcome = publishing.finished_outcome(layout, claim.uuid, claim.attempt)
    if outcome is not None:
        completer.finish(claim, outcome, now)
    else:
        completer.requeue(claim, now, reason)


def _is_same_audio(result: Result, claim: Claim) -> bool:
    """Whether that is what was being published: it may have been what stood there."""
    return result.sha256 == claim.sha256


def _is_published(layout: Layout, claim: Claim) -> bool:
    if claim.output_path is None or claim.sha256 is None:
        return False
    name = claim.output_path.rpartition("/")[2]
    return published.is_published(
        layout, claim.session_uuid, claim.uuid, name, claim.sha256
    )
