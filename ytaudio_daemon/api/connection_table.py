"""Decides which connection is closed when there are too many; no I/O."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be.

    Attributes:
        total: From everybody together.
        per_peer: From one peer. Much less than `total`, but enough for a reverse
            proxy, from which all requests come.
    """

    total: int
    per_peer: int

    @classmethod
    def within(cls, descriptors: int) -> "ConnectionLimits":
        """Return the limits that leave enough descriptors for everything else.

        Args:
            descriptors: How many files this process may open (`RLIMIT_NOFILE`).
        """
        room = (descriptors - RESERVED_DESCRIPTORS) // DESCRIPTORS_PER_CONNECTION
        total = max(MIN_CONNECTIONS, min(MAX_CONNECTIONS, room))
        return cls(total=total, per_peer=total // 2)


#: Connections at once; 256 streams and some hundred clients fit into the half of it
#: that one peer may have.
MAX_CONNECTIONS = 1024
MIN_CONNECTIONS = 16
#: A connection's socket, and the audio that is sent through it.
DESCRIPTORS_PER_CONNECTION = 2
#: The ledger's, the log's, the event loop's, and those of connections being refused.
RESERVED_DESCRIPTORS = 128


@dataclass(frozen=True, slots=True)
class Admission:
    """The decision about a new connection.

    Attributes:
        is_admitted: Whether it may stay.
        evicted: The connection to close in its favour, or None.
    """

    is_admitted: bool
    evicted: Hashable | None = None


@dataclass(slots=True)
class ConnectionTable:
    """All open connections, and which of them have no whole request yet.

    When there is no room, the connection that has waited longest without a whole
    request is closed in favour of the new one. Honest clients send their request at
    once; a client that sends nothing, or half a request, only displaces connections of the
    same kind. Connections whose request is being handled stay.

    Args:
        limits: How many there may be.
    """

    limits: ConnectionLimits
    _peers: dict[Hashable, str] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    # Dictionaries as ordered sets: the one that has waited longest comes first.
    _waiting: dict[Hashable, None] = field(default_factory=dict)
    _waiting_by_peer: dict[str, dict[Hashable, None]] = field(default_factory=dict)

    def admit(self, connection: Hashable, peer: str) -> Admission:
        """Add a connection, which waits for its request, if there is room for it."""
        if self._counts[peer] >= self.limits.per_peer:
            candidates = self._waiting_by_peer.get(peer, {})
        elif len(self._peers) >= self.limits.total:
            candidates = self._waiting
        else:
            self._add(connection, peer)
            return Admission(is_admitted=True)
        evicted = next(iter(candidates), None)
        if evicted is None:
            return Admission(is_admitted=False)
        self.remove(evicted)
        self._add(connection, peer)
        return Admission(is_admitted=True, evicted=evicted)

    def set_waiting(self, connection: Hashable, *, is_waiting: bool) -> None:
        """Record whether a connection waits for a whole request.

        One that waits already does not go to the end of the queue.
        """
        peer = self._peers.get(connection)
        if peer is None or (connection in self._waiting) is is_waiting:
            return
        if is_waiting:
            self._waiting[connection] = None
            self._waiting_by_peer.setdefault(peer, {})[connection] = None
        else:
            self._stop_waiting(connection, peer)

    def remove(self, connection: Hashable) -> None:
        """Remove a connection; one that is not in the table is ignored."""
        peer = self._peers.pop(connection, None)
        if peer is None:
            return
        self._stop_waiting(connection, peer)
        self._counts[peer] -= 1
        if not self._counts[peer]:
            del self._counts[peer]

    def __len__(self) -> int:
        """Return the number of connections."""
        return len(self._peers)

    def _add(self, connection: Hashable, peer: str) -> None:
        self._peers[connection] = peer
        self._counts[peer] += 1
        self.set_waiting(connection, is_waiting=True)

    def _stop_waiting(self, connection: Hashable, peer: str) -> None:
        self._waiting.pop(connection, None)
        of_peer = self._waiting_by_peer.get(peer, {})
        of_peer.pop(connection, None)
        if not of_peer:
            self._waiting_by_peer.pop(peer, None)


def peer_of(address: str) -> str:
    """Return the peer of an address: itself, or its /64 network if it is IPv6.

    A host commonly has a whole /64 (RFC 6177), and can use an address for each connection.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:  # noqa: PLR2004 - IP's number
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
