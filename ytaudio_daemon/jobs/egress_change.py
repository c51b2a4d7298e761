"""Forgets a pause that was meant for another proxy, or another network."""

from collections.abc import Callable
from hashlib import sha256

import structlog

from ytaudio_daemon.ledger import Ledger, gates, meta
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import GateName
from ytaudio_daemon.system.egress import local_network

log = structlog.get_logger()

#: Their causes lie between this machine and YouTube.
_GATES = (GateName.SITE, GateName.NETWORK)


def open_gates_of_old_egress(
    ledger: Ledger,
    proxy: str,
    now: Now,
    find_network: Callable[[], str | None] = local_network,
) -> bool:
    """Open the gates that closed for another proxy or network than the present one.

    A machine without any network has no other one yet: then nothing is changed.

    Args:
        ledger: Remembers the egress, as a hash: a proxy's URL may hold a password.
        proxy: `[download] proxy`.
        now: The moment.
        find_network: Returns the present network; None without one.

    Returns:
        Whether a gate was opened.

    Raises:
        LedgerError: Nothing was written; call again.
    """
    network = find_network()
    if network is None:
        return False
    present = sha256(f"{proxy}\0{network}".encode()).hexdigest()
    with ledger.read() as db:
        if meta.egress(db) == present:
            return False
    with ledger.write() as db:
        is_known = meta.egress(db) is not None
        meta.save_egress(db, present)
        closed = {gate.name for gate in gates.closed_gates(db)} & {*_GATES}
        if not is_known:
            return False
        for name in closed:
            gates.open_gate_and_hasten(db, name, now)
    if closed:
        log.info("gates.opened_for_new_egress", gates=sorted(closed))
    return bool(closed)
