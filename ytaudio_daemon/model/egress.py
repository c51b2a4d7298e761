"""The egresses: the ways out to YouTube, each with gates and a pace of its own. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ytaudio_daemon.model.gates import Gate, GateName

#: The key of the only egress, or of "" among several: [download] proxy, else direct.
DEFAULT = ""
#: The name of that one for people.
DEFAULT_NAME = "default"
#: Gates of which each egress has its own; the others stop all egresses.
EGRESS_GATES = frozenset({GateName.SITE, GateName.NETWORK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """One egress.

    Attributes:
        key: Its name in the ledger, without user name and password.
        proxy: The proxy's address; "" for the default egress.
    """

    key: str = DEFAULT
    proxy: str = ""

    @property
    def name(self) -> str:
        """Its name for people; without secrets."""
        return self.key or DEFAULT_NAME


def egresses_of(proxies: Sequence[str]) -> tuple[Egress, ...]:
    """Return the egresses of `[youtube] egress`.

    A single one has the key "": its gates and pace are those of a ledger from before
    there were egresses. Of several users at one proxy, the second has "#2" in its key.
    """
    if len(proxies) <= 1:
        return (Egress(proxy="".join(proxies)),)
    found: dict[str, Egress] = {}
    for proxy in proxies:
        plain = key = _without_credentials(proxy)
        number = 1
        while key in found:
            number += 1
            key = f"{plain}#{number}"
        found[key] = Egress(key=key, proxy=proxy)
    return tuple(found.values())


def is_open(key: str, closed: Iterable[Gate], wall: float) -> bool:
    """Return whether an attempt may begin by an egress now, be it as a probe."""
    return all(gate.admits_job(wall) for gate in gates_at(key, closed))


def gates_at(key: str, closed: Iterable[Gate]) -> list[Gate]:
    """Return those of the closed gates that stop an egress."""
    return [g for g in closed if g.name not in EGRESS_GATES or g.egress == key]


def gates_for_all(keys: Iterable[str], closed: Iterable[Gate]) -> list[Gate]:
    """Return those of the closed gates for which nothing is started at all.

    Args:
        keys: Of all egresses; gates of one that is no longer configured do not count.
        closed: The closed gates.
    """
    known = frozenset(keys)
    found = [g for g in closed if g.name not in EGRESS_GATES or g.egress in known]
    stopped = {gate.egress for gate in found if gate.name in EGRESS_GATES}
    return [g for g in found if g.name not in EGRESS_GATES or stopped >= known]


def _without_credentials(address: str) -> str:
    if not address:
        return DEFAULT
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


class EgressTurns:
    """Spreads attempts: the egress with the fewest of them first, then the longest unused."""

    def __init__(self) -> None:
        self._count = 0
        self._last_use: dict[str, int] = {}

    def in_order(self, keys: Iterable[str], running: Iterable[str]) -> list[str]:
        """Return the egresses, the one whose turn it is first.

        Args:
            keys: Of the configured egresses.
            running: The egress of each attempt that runs.
        """
        busy = Counter(running)
        return sorted(keys, key=lambda key: (busy[key], self._last_use.get(key, 0)))

    def use(self, key: str) -> None:
        """Store that an attempt begins by an egress."""
        self._count += 1
        self._last_use[key] = self._count
