"""What becomes of an attempt that nobody runs any more."""

from ytaudio_daemon.folders import Layout, published, publishing
from ytaudio_daemon.jobs.completer import Settler
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import Result
from ytaudio_daemon.model.clock import Now


def recover(settler: Settler, layout: Layout, claim: Claim, now: Now) -> None:
    """Go on where a crash came between two steps of publishing, or before it.

    Raises:
        LedgerError: Nothing was decided; call again.
    """
    if claim.publishing and _is_published(layout, claim):
        left = publishing.left_result(layout, claim.uuid, claim.attempt)
        if left is not None and left.result is not None and _is_it(left.result, claim):
            settler.finish_published(claim, left, now)
            return
    give_back(settler, layout, claim, now, "crash")


def give_back(
    settler: Settler, layout: Layout, claim: Claim, now: Now, reason: str
) -> None:
    """Queue the job again, unless its result is finished already.

    Raises:
        LedgerError: Nothing was decided; call again.
    """
    outcome = publishing.finished_outcome(layout, claim.uuid, claim.attempt)
    if outcome is not None:
        settler.settle(claim, outcome, now)
    else:
        settler.requeue(claim, now, reason)


def _is_it(result: Result, claim: Claim) -> bool:
    """Whether that is what was being published: it may have been what stood there."""
    return result.sha256 == claim.sha256


def _is_published(layout: Layout, claim: Claim) -> bool:
    if claim.output_path is None or claim.sha256 is None:
        return False
    name = claim.output_path.rpartition("/")[2]
    return published.is_published(
        layout, claim.session_uuid, claim.uuid, name, claim.sha256
    )
