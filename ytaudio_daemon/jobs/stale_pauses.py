"""Forgets a pause that was meant for another proxy, or another network."""

from collections.abc import Callable, Sequence
from hashlib import sha256

import structlog

from ytaudio_daemon.jobs.config_values import egresses
from ytaudio_daemon.ledger import Ledger, gates, meta
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.egress import DEFAULT, EGRESS_GATES
from ytaudio_daemon.model.gates import Gate
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.local_network import local_network

log = structlog.get_logger()


def open_stale_gates(
    ledger: Ledger,
    settings: Settings,
    now: Now,
    find_network: Callable[[], str | None] = local_network,
) -> bool:
    """Open the gates that closed for another network, or another default proxy.

    A proxy of `[youtube] egress` is part of its gates' names: another one has its own.
    A machine without any network has no other one yet: then nothing is changed.

    Args:
        ledger: Remembers proxy and network, as hashes: a proxy's URL may hold a password.
        settings: Sections download and youtube.
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
    present = [_digest(_default_proxy(settings)), _digest(network)]
    with ledger.read() as db:
        if meta.network_identity(db) == present:
            return False
    with ledger.write() as db:
        known = meta.network_identity(db)
        meta.save_network_identity(db, present)
        stale = _stale_gates(gates.closed_gates(db), known, present)
        for gate in stale:
            gates.open_gate_and_hasten(db, gate.name, now, gate.egress)
    if stale:
        log.info("gates.forgotten", gates=sorted({gate.name for gate in stale}))
    return bool(stale)


def _stale_gates(
    closed: Sequence[Gate], known: Sequence[str] | None, present: Sequence[str]
) -> list[Gate]:
    """Return the gates that say nothing of the present proxy or network. Pure."""
    if known is None:
        return []
    own = [gate for gate in closed if gate.name in EGRESS_GATES]
    has_other_network = known[1] != present[1]
    return [gate for gate in own if has_other_network or gate.egress == DEFAULT]


def _default_proxy(settings: Settings) -> str:
    ways = {way.key: way.proxy for way in egresses(settings)}
    return ways.get(DEFAULT) or settings.download.proxy or ""


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
