"""Whether the daemon is well, without its moods of a minute. Pure."""

from collections.abc import Sequence

from ytaudio_daemon.views import DaemonProblem

#: A state is believed when it has lasted so long, in seconds.
STABLE_S = 60.0


class DegradedState:
    """Debounces "degraded": a disk that is full for a moment wakes nobody up.

    Args:
        stable_s: Seconds that a state must last.
    """

    def __init__(self, stable_s: float = STABLE_S) -> None:
        self._stable_s = stable_s
        self._seen: bool | None = None
        self._since = 0.0
        #: Whether it is degraded; None until the first state has lasted.
        self.is_degraded: bool | None = None
        #: Why, when it was last seen so.
        self.problems: Sequence[DaemonProblem] = ()

    def update_from_state(
        self, state: str, problems: Sequence[DaemonProblem], uptime_s: float
    ) -> None:
        """Take in how the daemon is; its coming and going is no news.

        Args:
            state: As in `Live`.
            problems: Why it is degraded, if it is.
            uptime_s: `Now.lived`.
        """
        if state not in {"running", "degraded"}:
            return
        is_degraded = state == "degraded"
        if is_degraded:
            self.problems = problems
        self.update(is_degraded=is_degraded, uptime_s=uptime_s)

    def update(self, *, is_degraded: bool, uptime_s: float) -> None:
        """Take in how it looks now.

        Args:
            is_degraded: Work is held up by something a person should mend.
            uptime_s: `Now.lived`.
        """
        if is_degraded != self._seen:
            self._seen, self._since = is_degraded, uptime_s
        if uptime_s - self._since >= self._stable_s:
            self.is_degraded = self._seen

    def due(self, uptime_s: float) -> float | None:
        """Return when to look again, by `Now.lived`; None when nothing is pending.

        One that is past waits for a look, which none is taken while the daemon drains.
        """
        due = self._since + self._stable_s
        is_pending = self._seen is not None and self._seen != self.is_degraded
        return due if is_pending and due > uptime_s else None
