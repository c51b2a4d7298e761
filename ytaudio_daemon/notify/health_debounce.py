"""Decides whether the daemon is degraded, ignoring states shorter than a minute. Pure."""

from collections.abc import Sequence

from ytaudio_daemon.views import DaemonProblem

#: A state is believed when it has lasted so long, in seconds.
STABLE_S = 60.0


class DegradedState:
    """Debounces "degraded", so that a disk that is full for a moment alarms nobody.

    Attributes:
        is_degraded: The believed state; None until a first one has lasted.
        problems: The causes, as of the last time the daemon was degraded.
    """

    def __init__(self, stable_s: float = STABLE_S) -> None:
        self._stable_s = stable_s
        self._seen: bool | None = None
        self._since = 0.0
        self.is_degraded: bool | None = None
        self.problems: Sequence[DaemonProblem] = ()

    def update_from_state(
        self, state: str, problems: Sequence[DaemonProblem], uptime_s: float
    ) -> None:
        """Record the daemon's state; starting and draining are ignored.

        Args:
            state: As in `DaemonSnapshot`.
            problems: The causes, if it is degraded.
            uptime_s: `Now.uptime_s`.
        """
        if state not in {"running", "degraded"}:
            return
        is_degraded = state == "degraded"
        if is_degraded:
            self.problems = problems
        self.update(is_degraded=is_degraded, uptime_s=uptime_s)

    def update(self, *, is_degraded: bool, uptime_s: float) -> None:
        """Record the state at a moment of `Now.uptime_s`; believe one that lasted."""
        if is_degraded != self._seen:
            self._seen, self._since = is_degraded, uptime_s
        if uptime_s - self._since >= self._stable_s:
            self.is_degraded = self._seen

    def due(self, uptime_s: float) -> float | None:
        """Return when the seen state will be believed; None when it is, or overdue.

        An overdue one waits for the next `update`: a draining daemon makes none.
        """
        due = self._since + self._stable_s
        is_pending = self._seen is not None and self._seen != self.is_degraded
        return due if is_pending and due > uptime_s else None
