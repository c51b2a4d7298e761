"""Opens the gates that closed for another proxy, or another network."""

from collections.abc import Callable, Mapping, Sequence
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
    """Open the gates that closed for another network, or another proxy.

    A proxy of `[youtube] egress` is part of its gates' names, so another proxy has gates
    of its own. User and password are not part of them, so they are compared here, too.
    While the machine has no network nothing is changed.

    Args:
        ledger: Stores proxy and network as hashes: a proxy's URL may hold a password.
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
    proxies = _proxies(settings)
    present = [_digest(proxies[DEFAULT]), _digest(network), *_fingerprints(proxies)]
    with ledger.read() as db:
        if meta.network_identity(db) == present:
            return False
    with ledger.write() as db:
        known = meta.network_identity(db)
        meta.save_network_identity(db, present)
        stale = _stale_gates(gates.closed_gates(db), known, present, proxies)
        for gate in stale:
            gates.open_gate_and_make_due(db, gate.name, now, gate.egress)
    if stale:
        log.info("gates.forgotten", gates=sorted({gate.name for gate in stale}))
    return bool(stale)


def _stale_gates(
    closed: Sequence[Gate],
    known: Sequence[str] | None,
    present: Sequence[str],
    proxies: Mapping[str, str],
) -> list[Gate]:
    """Return the gates that closed for other proxies or another network. Pure."""
    if known is None:
        return []
    of_egresses = [gate for gate in closed if gate.name in EGRESS_GATES]
    if known[1] != present[1]:
        return of_egresses
    changed = {key for key, proxy in proxies.items() if _has_changed(key, proxy, known)}
    if known[0] != present[0]:
        changed.add(DEFAULT)
    return [gate for gate in of_egresses if gate.egress in changed]


def _has_changed(key: str, proxy: str, known: Sequence[str]) -> bool:
    """Return whether an egress had another user or password."""
    present = _fingerprint(key, proxy)
    name = present.partition(":")[0]
    return any(old != present for old in known[2:] if old.partition(":")[0] == name)


def _fingerprints(proxies: Mapping[str, str]) -> list[str]:
    named = (each for each in proxies.items() if each[0] != DEFAULT)
    return [_fingerprint(key, proxy) for key, proxy in named]


def _fingerprint(key: str, proxy: str) -> str:
    """Return an egress as it is stored: the hashes of its key and of its address."""
    return f"{_digest(key)}:{_digest(proxy)}"


def _proxies(settings: Settings) -> dict[str, str]:
    """Return the proxy of each egress by its key, that of the default one among them."""
    proxies = {egress.key: egress.proxy for egress in egresses(settings)}
    return proxies | {DEFAULT: proxies.get(DEFAULT) or settings.download.proxy or ""}


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
