"""The time as a value: read once in a tick of the loop, then passed down. Pure."""

from dataclasses import dataclass

#: What is due within so many seconds is done when the daemon is awake anyway: an idle one
#: wakes up for its status file alone, every ten seconds.
WAKEUP_SLACK_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """One reading of both clocks.

    Attributes:
        wall: Seconds since 1970 UTC; for people, retries and gates. It can jump.
        uptime_s: Seconds this ledger has been served by a running daemon. It only
            moves while the daemon does, by CLOCK_MONOTONIC, so neither a jump of the
            wall clock nor a night asleep or switched off can expire or delete anything.
    """

    wall: float
    uptime_s: float
