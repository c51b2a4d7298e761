"""Opens the gates whose cause is gone, by what an attempt has shown."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from ytaudio_daemon.ledger import Connection, Ledger, gates
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.model import Progress
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.egress import EGRESS_GATES, gates_at
from ytaudio_daemon.model.gates import Gate, GateName

#: Not the outage: in one of them YouTube called all videos private, which proves nothing.
PROVEN_BY_END = EGRESS_GATES | {GateName.HOST}
#: The audio's bytes say nothing of ffmpeg, permissions or the space for a whole file.
PROVEN_BY_BYTES = EGRESS_GATES


class ByteProof:
    """Opens gates when the first bytes of an audio have come, not when it is converted.

    Args:
        ledger: Holds the gates.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        #: The attempts whose bytes have been judged.
        self._judged: frozenset[str] = frozenset()

    def open_gates(self, running: Iterable[tuple[Claim, Progress]], now: Now) -> bool:
        """Open the gates for the attempts whose first bytes have come since the last call.

        Returns:
            Whether a gate was opened.

        Raises:
            LedgerError: Nothing was written; call again.
        """
        arrived = {
            claim.name: claim for claim, seen in running if seen.downloaded_bytes
        }
        fresh = arrived.keys() - self._judged
        opened = [self._open_if_closed(arrived[name], now) for name in fresh]
        self._judged = frozenset(arrived)
        return any(opened)

    def _open_if_closed(self, claim: Claim, now: Now) -> bool:
        with self._ledger.read() as db:
            closed = gates_at(claim.egress, gates.closed_gates(db))
        if not any(
            _is_proven_over(gate, claim, now, PROVEN_BY_BYTES) for gate in closed
        ):
            return False
        with self._ledger.write() as db:
            open_proven_gates(db, claim, now, PROVEN_BY_BYTES)
        return True


def open_proven_gates(
    db: Connection,
    claim: Claim | ListingClaim,
    now: Now,
    names: AbstractSet[GateName] = PROVEN_BY_END,
) -> None:
    """Open the gates that this attempt, begun after they closed, shows to be over.

    A private video proves that the site responds; a success proves that everything
    works, by the attempt's egress.

    Args:
        db: A write transaction.
        claim: The attempt.
        now: The moment.
        names: The gates about which its end proves something.
    """
    for gate in gates_at(claim.egress, gates.closed_gates(db)):
        if _is_proven_over(gate, claim, now, names):
            gates.open_gate_and_make_due(db, gate.name, now, gate.egress)


def _is_proven_over(
    gate: Gate, claim: Claim | ListingClaim, now: Now, names: AbstractSet[GateName]
) -> bool:
    """Return True for a gate of those names that closed before the attempt began.

    A gate that was closed later than now was closed before the clock went back.
    """
    is_behind = gate.closed_at < claim.history.claimed_at
    return gate.name in names and (is_behind or now.wall < gate.closed_at)
